"""The merged matrix as one HTML page: ranges of releases, each cell opens its evidence."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from litellm_contracts._merge import MISSING, label_range
from litellm_contracts._model import Status, Verdict
from litellm_contracts.reports._merged_words import (
    CHANGES,
    DEPARTS,
    cell,
    headline,
    releases,
    runtime,
    summary,
)
from litellm_contracts.reports._page import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litellm_contracts._merge import Environment, Merged, Row, Segment, Table

_MARKS = {Verdict.CONFORMANT: "✓", Verdict.BROKEN: "✗", Verdict.ERROR: "✗"}


def write_merged_html(merged: Merged) -> str:
    """Return the page."""
    return render(
        "merged.html.jinja",
        str(merged.demands.get("header", "session header")),
        styles=["page.css", "merged.css"],
        script="merged.js",
        merged=merged,
        groups=_groups,
        numbered={id(row): number for number, row in enumerate(merged.rows)},
        headline=headline(merged),
        summary=summary(merged),
        mark=_MARKS.get(merged.verdict, "?"),
        marks=_MARKS,
        changes=CHANGES,
        departs=DEPARTS,
        missing=MISSING,
        cell=cell,
        kind=_kind,
        releases=releases,
        runtime=runtime,
        span=_span,
        label_range=label_range,
        number=id,
    )


def _groups(table: Table) -> list[tuple[str, list[Row]]]:
    """Return an SDK's rows below their headings."""
    return [(name, list(rows)) for name, rows in groupby(table.rows, key=lambda row: row.group)]


def _kind(row: Row, segment: Segment) -> str:
    """Return the class of a cell."""
    if segment.value == MISSING or segment.departs:
        return "unknown" if segment.value == MISSING else Status.FAIL.value
    return segment.value if row.kind == "contract" else "seen"


def _span(segment: Segment, columns: Sequence[Sequence[Environment]]) -> int:
    """Count the columns that a segment takes."""
    names = {environment.name for environment in segment.environments}
    return sum(column[0].name in names for column in columns)
