"""The report as one HTML page: no other file, no network, no need of JavaScript."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from litellm_contracts._model import Status
from litellm_contracts.reports._common import common_causes
from litellm_contracts.reports._page import render
from litellm_contracts.reports._text import counted, headline

if TYPE_CHECKING:
    from litellm_contracts._model import Report, Result

_SECTIONS = (
    ("broken", "What is broken", {Status.ERROR, Status.FAIL}),
    ("warnings", "Warnings", {Status.WARN}),
    ("waived", "Waived", {Status.WAIVED}),
    ("kept", "Kept", {Status.PASS}),
    ("not-judged", "Not judged", {Status.NOT_APPLICABLE, Status.NOT_RUN}),
)
WORDS = {
    Status.PASS: "✓ pass",
    Status.FAIL: "✗ fail",
    Status.WARN: "! warn",
    Status.WAIVED: "~ waived",
    Status.NOT_APPLICABLE: "○ not applicable",
    Status.NOT_RUN: "… not run",
    Status.ERROR: "✗ error",
}


def write_html(report: Report) -> str:
    """Return the page."""
    return render(
        "page.html.jinja",
        str(report.suite["header"]),
        styles=["page.css"],
        script="page.js",
        report=report,
        counted=counted(report),
        headline=headline(report),
        sections=_sections(report),
        causes=common_causes(report),
        words=WORDS,
    )


def _sections(report: Report) -> list[tuple[str, str, list[tuple[str, list[Result]]]]]:
    """Return the page's sections that hold a contract, each with its groups."""
    sections = []
    for name, title, statuses in _SECTIONS:
        results = [one for one in report.results if one.status in statuses]
        grouped = groupby(results, key=lambda one: one.id.partition("/")[0])
        if results:
            sections.append((name, title, [(group, list(some)) for group, some in grouped]))
    return sections
