"""The words of the merged matrix: what stands in a cell, and its one-sentence summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts._merge import MISSING, SDKS, label_range
from litellm_contracts._model import Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litellm_contracts._merge import Environment, Merged, Row, Segment, Table

SYMBOLS = {
    Status.PASS: "✓",
    Status.FAIL: "✗",
    Status.WARN: "!",
    Status.WAIVED: "~",
    Status.NOT_APPLICABLE: "○",
    Status.NOT_RUN: "…",
    Status.ERROR: "✗",
    MISSING: "?",
}
_NAMED = 4
CHANGES = "◆"
DEPARTS = "‼"


def cell(row: Row, segment: Segment) -> str:
    """Return what a segment says: symbol and word of a contract, or what a probe saw."""
    value = segment.value.replace("-", " ") if row.kind == "contract" else segment.value
    if row.kind == "contract" or segment.value == MISSING:
        return f"{SYMBOLS[segment.value]} {value}"
    return f"{DEPARTS} departs: {value}" if segment.departs else value


def range_text(segment: Segment) -> str:
    """Return a segment's range, marked where the row changes."""
    return f"{CHANGES} {segment.range}" if segment.changes else segment.range


def headline(merged: Merged) -> str:
    """Say what was judged, with what."""
    demands = merged.demands
    if not demands:
        return "nothing was judged"
    handlers = [table for table in merged.tables if table.handler]
    several = len(handlers) > 1
    names = (f"{one.handler} ({one.words.runtime})" if several else one.handler for one in handlers)
    return (
        f"litellm-contracts {demands['suite version']}: {', '.join(names)}, as LiteLLM "
        f"{demands['litellm']}, header {demands['header']}"
    )


def summary(merged: Merged) -> str:
    """Say how many environments there are, from which SDK to which, and what became of them."""
    count = len(merged.environments)
    parts = [", ".join([f"{count} environment{'s' * (count != 1)}", *map(releases, merged.tables)])]
    if merged.broken:
        parts.append(f"broken in {len(merged.broken)}: {_labels(merged.broken)}")
    if merged.problems:
        parts.append(f"{len(merged.problems)} problem{'s' * (len(merged.problems) != 1)}")
    for table in merged.tables:
        names = ", ".join(row.id for row in table.rows if row.departs)
        if names:
            sdk = "the SDK" if len(merged.tables) == 1 else table.words.title
            parts.append(f"{sdk} departs from its history: {names}")
    return "; ".join(parts)


def releases(table: Table) -> str:
    """Return the range of an SDK's releases."""
    return f"{table.words.short} {label_range(table.environments)}"


def runtime(environment: Environment) -> str:
    """Return what an environment's SDK runs on, with its version; empty where it is not known."""
    words = SDKS[environment.sdk]
    return f"{words.runtime} {environment.runtime}" if environment.runtime else ""


def _labels(environments: Sequence[Environment]) -> str:
    labels = [f"npm {one.label}" if one.sdk == "node" else one.label for one in environments]
    return ", ".join(labels if len(labels) <= _NAMED else [*labels[:_NAMED], "..."])


def badge_words(merged: Merged) -> tuple[str, str]:
    """Return the badge's message and colour."""
    broken = f"broken with {len(merged.broken)} of {len(merged.environments)}"
    if merged.verdict is Verdict.INCOMPLETE:
        return (f"incomplete, {broken}" if merged.broken else "incomplete"), "lightgrey"
    if merged.verdict is Verdict.CONFORMANT:
        return ", ".join(map(releases, merged.tables)), "brightgreen"
    return broken, "red"
