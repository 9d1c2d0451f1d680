"""The merged matrix as text: the verdict, what is wrong, and the rows that change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts.reports._merged_words import cell, headline, range_text, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._merge import Merged


def write_merged_text(merged: Merged) -> str:
    """Return the text."""
    return "\n".join(_lines(merged)) + "\n"


def _lines(merged: Merged) -> Iterator[str]:
    yield headline(merged)
    told = [row for row in merged.rows if row.changes or row.departs]
    for row in told:
        yield f"\n{row.id}"
        width = max(len(range_text(one)) for one in row.segments)
        for segment in row.segments:
            yield f"  {range_text(segment):<{width}}  {cell(row, segment)}"
    same = len(merged.rows) - len(told)
    if same:
        yield f"\nrows that do not change: {same}"
    if merged.problems:
        yield ""
        yield from (f"PROBLEM {problem}" for problem in merged.problems)
    yield f"\n{merged.verdict.value}: {summary(merged)}"
