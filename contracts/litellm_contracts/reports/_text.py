"""The report as text: every contract with its status, then each failure with its evidence."""

from __future__ import annotations

import re
from itertools import groupby
from textwrap import indent
from typing import TYPE_CHECKING, Any

from litellm_contracts._model import Status
from litellm_contracts._requirements import EVERYTHING
from litellm_contracts.reports._common import cause_line, common_causes, likely
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from litellm_contracts._model import Report, Result

_WORDS = {
    Status.PASS: "pass",
    Status.FAIL: "FAIL",
    Status.WARN: "warn",
    Status.WAIVED: "waived",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "not run",
    Status.ERROR: "ERROR",
}
_PLAIN = re.compile(
    r"(host|accept|accept-encoding|connection|content-type|content-length|user-agent|x-stainless-.*)$",
    re.IGNORECASE,
)
"""Header lines that every SDK sends and that tell nothing of a session."""
_BESIDE = {
    "during": "while {} is open",
    "together": "together with {}",
    "between": "between the chunks of {}",
}
_CALLS = 4
"""Calls that are shown of a contract: the one that departs, and those before it."""
_TOLD = {Status.FAIL, Status.WARN, Status.ERROR}


def write_text(report: Report) -> str:
    """Return the whole report as plain text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield headline(report)
    ran = [result for result in report.results if result.status is not Status.NOT_RUN]
    for group, results in groupby(ran, key=lambda result: result.id.partition("/")[0]):
        yield f"\n{group}"
        yield from (status_line(result) for result in results)
    if len(ran) < len(report.results):
        yield f"\n{len(report.results) - len(ran)} contracts were not run; a verdict needs them all"
    for result in report.results:
        if result.status in _TOLD:
            yield ""
            yield from failure_lines(result)
    yield from cause_lines(report)
    yield ""
    yield summary(report)


def cause_lines(report: Report) -> Iterator[str]:
    """Say which likely causes the failures have in common."""
    causes = common_causes(report)
    if causes:
        yield "\nlikely causes, the commonest first:"
    for cause, ids in causes:
        yield f"  {cause_line(cause, ids)}"


def headline(report: Report) -> str:
    """Say what was judged, with what."""
    handler, environment = report.handler, report.environment
    made_with = [handler.get("sdk"), handler.get("language")]
    if handler["door"] == "python":
        openai = environment.get("openai")
        made_with = [f"openai {openai}" if openai else "no openai SDK here"]
        made_with.append(f"Python {environment['python']}")
    facts = [handler["name"], *filter(None, made_with), f"as LiteLLM {environment['litellm']}"]
    facts.append(f"header {report.suite['header']}")
    if report.suite["requirements"] != EVERYTHING:
        facts.append(f"requirements {report.suite['requirements']} ({report.suite['digest']})")
    return f"litellm-contracts {report.suite['version']}: {', '.join(facts)}"


def status_line(result: Result) -> str:
    """One line per contract."""
    note = f"  ({_shown(result.message)})" if result.message and result.status not in _TOLD else ""
    return f"  {_WORDS[result.status]:<8} {result.id}{note}"


def summary(report: Report) -> str:
    """Counts, time and verdict in one line."""
    generated = sum(one.seconds for one in report.results if "examples" in one.evidence)
    work = sum(one.seconds for one in report.results)  # some of it at the same time
    share = f" (generated inputs: {generated / work:.0%} of the work)" if generated else ""
    return f"{report.verdict.value}: {counted(report)} in {report.seconds:.1f} s{share}"


def counted(report: Report) -> str:
    """Name each status that occurs, and how often."""
    counts = ", ".join(f"{count} {name}" for name, count in report.counts.items() if count)
    return counts or "nothing was judged"


def failure_lines(result: Result) -> Iterator[str]:
    """Tell one failure: requirement, what was seen, the calls and the header lines, what to run."""
    yield f"{_WORDS[result.status]} {result.id} ({result.level.value})"
    yield f"  required: {result.requirement}"
    evidence = result.evidence
    findings = evidence.get("findings", [])
    if findings:
        yield from _finding_lines(evidence, findings)
    else:
        yield f"  seen:     {_shown(result.message)}"
    for line in evidence.get("trace", []):
        yield f"      {_shown(line)}"
    yield f"  explain:  litellm-contracts explain {result.id}"
    if "reproduce" in evidence:
        yield f"  again:    {evidence['reproduce']}"


def _finding_lines(
    evidence: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    yield f"  seen:     {_shown(findings[0]['message'])}"
    others = len(findings) - 1
    if others:
        yield f"            and {others} more like it"
    if "example" in evidence:
        yield f"  smallest {'call' if len(evidence['example']) == 1 else 'calls'} to show it:"
        yield from (indent(call_text(call), "    ") for call in evidence["example"])
    else:
        yield from _call_lines(evidence, findings[0]["call"])
    if evidence.get("conditions"):
        needed = ", ".join(f"{name}: {level}" for name, level in evidence["conditions"].items())
        yield f"  only with {needed}"
    request = _request(evidence, findings[0])
    if request is not None:
        yield from _request_lines(request)
    if findings[0]["cause"]:
        yield f"  likely:   {_shown(likely(findings[0]))}"


def _call_lines(evidence: Mapping[str, Any], name: str | None) -> Iterator[str]:
    """Show the calls before the one that departs, and that one last."""
    names = [call["name"] for call in evidence["calls"]]
    if name not in names:
        return
    end = names.index(name) + 1
    begin = max(0, end - _CALLS)
    width = max(map(len, names[begin:end]))
    yield f"  calls:{f'    (after {begin} others)' if begin else ''}"
    for call in evidence["calls"][begin:end]:
        yield f"      {call['name']:<{width}}  {_shown(call_line(call))}"


def call_line(call: Mapping[str, Any]) -> str:
    """Tell a call in a few words."""
    told = [call["method"]]
    if "metadata" in call:
        metadata = call["metadata"]
        task_id = metadata.get("task_id") if isinstance(metadata, dict) else None
        told.append(f"task id {task_id!r}" if task_id else "no task id")
    if "given" in call:
        told.append(f"given {call['given']}")
    if call["handler"] != "handler":
        told.append(f"by the {call['handler']} handler")
    told += [text.format(call[key]) for key, text in _BESIDE.items() if key in call]
    if "answers" in call:
        told.append(f"answered: {', then '.join(call['answers'])}")
    return ", ".join(told)


def _shown(text: str) -> str:
    """Keep what a handler sent or said in its place: another line of it is no line of ours."""
    return visible(text).replace("\n", "\n            ")


def _request(evidence: Mapping[str, Any], finding: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the request that departs; of a call that departs in another way its last one."""
    requests = evidence.get("requests", [])
    if finding["request"] is not None:
        return next((one for one in requests if one["number"] == finding["request"]), None)
    sent = [one for one in requests if one["call"] == finding["call"] is not None]
    return sent[-1] if sent else None


def _request_lines(request: Mapping[str, Any]) -> Iterator[str]:
    """Show the request as it was on the wire, faulty lines marked with an arrow."""
    yield (
        f"  request {request['number']} of {request['of']}, answered "
        f"{request['status'] or 'with a cut connection'}:"
    )
    yield f"      {request['method']} {request['path']}"
    telling = telling_lines(request)
    for index in telling:
        name, value = request["headers"][index]
        yield f"  {'-->' if index in request['marked'] else '   '} {_shown(f'{name}: {value}')}"
    others = len(request["headers"]) - len(telling)
    yield f"      (and {others} lines of the HTTP client, see --json)"
    yield f"  LiteLLM files it {request['filed']}"
    for miss in request["near_misses"]:
        yield f"    - {miss}"


def telling_lines(request: Mapping[str, Any]) -> list[int]:
    """Return the places of the header lines that are worth a look, in order."""
    return [
        index
        for index, (name, _) in enumerate(request["headers"])
        if index in request["marked"] or not _PLAIN.match(name)
    ]


def call_text(example: Mapping[str, Any]) -> str:
    """Return a generated call as Python would make it."""
    arguments = [f"{name}={value!r}" for name, value in example.items() if name != "method"]
    return f"{example['method']}(\n  " + ",\n  ".join(arguments) + ",\n)"
