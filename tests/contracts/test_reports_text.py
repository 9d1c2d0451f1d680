from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts.reports._text import call_line, failure_lines, summary, write_text

if TYPE_CHECKING:
    from litellm_contracts._model import Report


def test_every_contract_that_ran_is_listed_once_under_its_group(report: Report) -> None:
    lines = write_text(report).splitlines()
    start = lines.index("group")
    assert lines[start + 1 : start + 7] == [
        "  pass     group/pass",
        "  FAIL     group/fail",
        "  warn     group/warn",
        "  waived   group/waived  (known)",
        "  n/a      group/not-applicable  (the handler declares that it has no complete_prompt)",
        "  ERROR    group/error",
    ]
    assert "1 contracts were not run; a verdict needs them all" in lines


def test_a_failure_shows_all_that_is_needed(report: Report) -> None:
    told = list(failure_lines(report.results[1]))
    assert told[:4] == [
        "FAIL group/fail (must)",
        "  required: It must fail.",
        "  seen:     request 2: wrong\\u001b[31m",
        "            and 1 more like it",
    ]
    assert "  request 2 of 3, answered 200:" in told
    assert "      POST /v1/chat/completions" in told
    assert "  --> X-Zoo-Session-ID: stale" in told
    assert [line for line in told if line.startswith("  -->")] == ["  --> X-Zoo-Session-ID: stale"]
    assert "  LiteLLM files it under session 'stale' (from x-zoo-session-id)" in told
    assert "    - x-other: is no session header" in told
    assert told[-3:] == [
        "  likely:   the id is kept",
        "  explain:  litellm-contracts explain group/fail",
        "  again:    litellm-contracts check my:factory -k group/fail",
    ]


def test_header_lines_that_matter_are_shown_also_unmarked(report: Report) -> None:
    assert "      Authorization: [redacted]" in list(failure_lines(report.results[1]))


def test_failures_warnings_and_errors_are_told_and_nothing_else(report: Report) -> None:
    text = write_text(report)
    for status in ("FAIL group/fail", "warn group/warn (should)", "ERROR group/error"):
        assert f"\n\n{status}" in text
    assert text.count("  required: ") == 3


def test_a_request_that_was_cut_off_is_told(report: Report) -> None:
    failed = report.results[1]
    request = {**failed.evidence["requests"][0], "status": None}
    cut = replace(failed, evidence={**failed.evidence, "requests": [request]})
    assert "  request 2 of 3, answered with a cut connection:" in list(failure_lines(cut))


def test_a_failure_without_a_request_is_told(report: Report) -> None:
    failed = report.results[1]
    finding = {"message": "never sent", "call": None, "request": None, "cause": ""}
    silent = replace(failed, evidence={**failed.evidence, "findings": [finding], "requests": []})
    told = "\n".join(failure_lines(silent))
    assert "  seen:     never sent\n  explain:" in told
    assert "likely" not in told


def test_a_call_that_departs_in_another_way_shows_its_last_request(report: Report) -> None:
    failed = report.results[1]
    finding = {"message": "returned nothing", "call": "ask", "request": None, "cause": ""}
    silent = replace(failed, evidence={**failed.evidence, "findings": [finding]})
    assert "  request 2 of 3, answered 200:" in list(failure_lines(silent))
    another = {**finding, "call": "before"}
    silent = replace(failed, evidence={**failed.evidence, "findings": [another]})
    assert not [line for line in failure_lines(silent) if "answered 200" in line]


def test_a_generated_failure_shows_the_smallest_call(report: Report) -> None:
    failed = report.results[1]
    example = [{"method": "complete_prompt", "prompt": "0"}]
    told = "\n".join(
        failure_lines(replace(failed, evidence={**failed.evidence, "example": example}))
    )
    assert "complete_prompt(" in told
    assert "prompt='0'" in told


def test_a_handler_that_was_stopped_can_be_run_again(report: Report) -> None:
    stopped = replace(report.results[1], message="stopped", evidence={"reproduce": "run it again"})
    told = list(failure_lines(stopped))
    explain = "  explain:  litellm-contracts explain group/fail"
    assert told[2:] == ["  seen:     stopped", explain, "  again:    run it again"]


def test_the_end_of_a_traceback_is_shown(report: Report) -> None:
    shown = {"reproduce": "run it again", "trace": ["Traceback", "  File a\x1b.py"]}
    told = list(failure_lines(replace(report.results[6], evidence=shown)))
    assert told[3:5] == ["      Traceback", "        File a\\u001b.py"]


def test_the_call_that_departs_is_shown_after_those_before_it(report: Report) -> None:
    told = list(failure_lines(report.results[1]))
    begin = told.index("  calls:")
    assert told[begin + 1 : begin + 3] == [
        "      before  create_message, task id 'stale'",
        "      ask     create_message, task id 'task-0001'",
    ]


def test_of_many_calls_the_last_before_it_are_shown(report: Report) -> None:
    failed = report.results[1]
    many = [{**failed.evidence["calls"][0], "name": f"call-{number}"} for number in range(9)]
    calls = [*many, failed.evidence["calls"][1]]
    told = list(failure_lines(replace(failed, evidence={**failed.evidence, "calls": calls})))
    begin = told.index("  calls:    (after 6 others)")
    assert [line.split()[-5] for line in told[begin + 1 : begin + 4]] == [
        "call-6",
        "call-7",
        "call-8",
    ]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param({"method": "complete_prompt"}, "complete_prompt", id="prompt"),
        pytest.param(
            {"method": "create_message", "metadata": "(not passed)"},
            "create_message, no task id",
            id="no metadata",
        ),
        pytest.param(
            {"method": "complete_prompt", "handler": "second", "during": "one"},
            "complete_prompt, by the second handler, while one is open",
            id="beside",
        ),
        pytest.param(
            {"method": "create_message", "metadata": {}, "given": "metadata by name"},
            "create_message, no task id, given metadata by name",
            id="by name",
        ),
        pytest.param(
            {"method": "complete_prompt", "answers": ["HTTP 429", "a web page"]},
            "complete_prompt, answered: HTTP 429, then a web page",
            id="answered",
        ),
    ],
)
def test_a_call_is_told_in_a_few_words(call: dict[str, Any], told: str) -> None:
    assert call_line({"name": "call", "handler": "handler", **call}) == told


def test_what_a_handler_says_forges_no_line(report: Report) -> None:
    failed = report.results[1]
    finding = {**failed.evidence["findings"][0], "message": "bad\nFAIL forged/thing (must)"}
    forged = replace(failed, evidence={**failed.evidence, "findings": [finding]})
    told = "\n".join(failure_lines(forged))
    assert "\n            FAIL forged/thing (must)" in told
    assert "\nFAIL" not in told


def test_the_first_line_says_what_was_judged(report: Report) -> None:
    assert write_text(report).splitlines()[0] == (
        "litellm-contracts 1.2.3: my:factory, openai 1.0.0, Python 3.11.7, as LiteLLM 1.106.2, "
        "header X-Zoo-Session-ID"
    )
    frozen = replace(report, suite={**report.suite, "requirements": "2026-11"})
    assert write_text(frozen).splitlines()[0].endswith(", requirements 2026-11 (0123456789abcdef)")
    bare = replace(report, environment={**report.environment, "openai": None})
    assert "no openai SDK here" in write_text(bare).splitlines()[0]


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        pytest.param(slice(0, 1), "conformant: 1 pass in 1.8 s", id="conformant"),
        pytest.param(slice(0, 2), "broken: 1 pass, 1 fail in 1.8 s", id="broken"),
        pytest.param(slice(0, 0), "incomplete: nothing was judged in 1.8 s", id="nothing"),
    ],
)
def test_the_last_line_is_the_verdict(report: Report, kept: slice, told: str) -> None:
    part = replace(report, results=report.results[kept])
    assert summary(part) == told
    assert write_text(part).splitlines()[-1] == told
