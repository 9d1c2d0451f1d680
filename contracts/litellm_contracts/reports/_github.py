"""The report as GitHub annotations: workflow commands, one line each.

Escaping as in `actions/toolkit`, `packages/core/src/command.ts`. A step shows ten errors and ten
warnings and drops the others without a word; here there are ten at most, and the last one counts.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from litellm_contracts._model import Status, Verdict
from litellm_contracts.reports._common import likely
from litellm_contracts.reports._text import summary
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litellm_contracts._model import Report, Result

MOST = 10
_KINDS = {Status.ERROR: "error", Status.FAIL: "error", Status.WARN: "warning"}
_LONGEST = 2_000


def write_github(report: Report) -> str:
    """Return the commands, the gravest first; nothing where there is nothing to say."""
    return "".join(f"{line}\n" for line in _lines(report))


def fenced(text: str) -> str:
    """Return a text in which GitHub looks for no commands: header values come from a handler."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def _lines(report: Report) -> Iterator[str]:
    told = [one for status in _KINDS for one in report.results if one.status is status]
    shown = told if len(told) <= MOST else told[: MOST - 1]
    for result in shown:
        yield _command(_KINDS[result.status], result.id, _story(result))
    if rest := told[len(shown) :]:
        yield _command(_KINDS[rest[0].status], "litellm-contracts", _rest(rest, report))
    if report.verdict is Verdict.INCOMPLETE:
        yield _command("error", "litellm-contracts", summary(report))


def _story(result: Result) -> str:
    evidence = result.evidence
    finding = next(iter(evidence.get("findings", ())), {"cause": ""})
    parts = (
        ("required", result.requirement),
        ("seen", result.message),
        ("likely", likely(finding)),
        ("again", evidence.get("reproduce", "")),
    )
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _rest(rest: Sequence[Result], report: Report) -> str:
    ids = ", ".join(result.id for result in rest)
    return f"and {len(rest)} more: {ids}\n{summary(report)}"


def _command(kind: str, title: str, message: str) -> str:
    short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return f"::{kind} title={_property(title)}::{_data(visible(short))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
