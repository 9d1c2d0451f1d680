"""The report for a terminal: a screen when all is well, then what is not, in colour."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from litellm_contracts._model import Status, Verdict
from litellm_contracts.reports._text import (
    cause_lines,
    failure_lines,
    headline,
    status_line,
    summary,
)
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType
    from rich.text import Text

    from litellm_contracts._model import Report, Result

_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.WARN: "yellow",
    Status.WAIVED: "yellow",
    Status.NOT_APPLICABLE: "dim",
    Status.NOT_RUN: "dim",
    Status.ERROR: "bold red",
}
_TOLD = {Status.FAIL, Status.WARN, Status.ERROR}


def print_console(report: Report, console: Console) -> None:
    """Print the report; a line is broken by the terminal alone, so that it can be copied whole."""
    for part in _parts(report):
        console.print(part, soft_wrap=True, highlight=False)


def _parts(report: Report) -> Iterator[RenderableType]:
    yield _text(headline(report), "bold")
    yield ""
    ran = [result for result in report.results if result.status is not Status.NOT_RUN]
    for group, results in groupby(ran, key=lambda result: result.id.partition("/")[0]):
        yield _group(group, list(results))
    for result in ran:
        if result.status in _TOLD or result.status is Status.WAIVED:
            yield _text(status_line(result), _STYLES[result.status])
    yield from _reasons(report)
    for result in ran:
        if result.status in _TOLD:
            yield ""
            yield from _story(result)
    for line in cause_lines(report):
        yield _text(line, "" if line.startswith(" ") else "bold")
    yield ""
    is_good = report.verdict is Verdict.CONFORMANT
    yield _text(summary(report), "bold green" if is_good else "bold red")


def _group(name: str, results: list[Result]) -> Text:
    """Return a line: what became of the contracts of a group."""
    line = _text(f"{name:<18}")
    for status in Status:
        count = sum(result.status is status for result in results)
        if count:
            line.append(f"{count:>3} {status.value:<6}", _STYLES[status])
    return line


def _reasons(report: Report) -> Iterator[Text]:
    """Say once why contracts were not judged, however many they are."""
    for status, word in (
        (Status.NOT_APPLICABLE, "not applicable"),
        (Status.NOT_RUN, "not run; a verdict needs them all"),
    ):
        results = [result for result in report.results if result.status is status]
        for reason in dict.fromkeys(result.message for result in results):
            count = sum(result.message == reason for result in results)
            told = f": {reason}" if status is Status.NOT_APPLICABLE else ""
            yield _text(f"{count} {word}{told}", _STYLES[status])


def _story(result: Result) -> Iterator[Text]:
    first, *lines = failure_lines(result)
    yield _text(first, _STYLES[result.status])
    for line in lines:
        label, colon, _ = line.partition(":")
        is_labelled = bool(colon) and label.strip() in {"required", "seen", "likely", "explain"}
        text = _text(line, "bold red" if line.startswith("  --> ") else "")
        if is_labelled or label.strip() == "again":
            text.stylize("dim", 0, len(label) + 1)
        yield text


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(visible(text), style)
