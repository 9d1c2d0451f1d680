"""The merged matrix as text: the verdict, what is wrong, and the rows that change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts.reports._merged_words import cell, headline, range_text, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._merge import Merged, Table


def write_merged_text(merged: Merged) -> str:
    """Return the text."""
    return "\n".join(_lines(merged)) + "\n"


def _lines(merged: Merged) -> Iterator[str]:
    yield headline(merged)
    for table in merged.tables:
        if len(merged.tables) > 1:
            yield f"\n== {table.words.title}"
        yield from _rows(table)
    if merged.problems:
        yield ""
        yield from (f"PROBLEM {problem}" for problem in merged.problems)
    yield f"\n{merged.verdict.value}: {summary(merged)}"


def _rows(table: Table) -> Iterator[str]:
    told = [row for row in table.rows if row.changes or row.departs]
    for row in told:
        yield f"\n{row.id}"
        width = max(len(range_text(one)) for one in row.segments)
        for segment in row.segments:
            yield f"  {range_text(segment):<{width}}  {cell(row, segment)}"
    same = len(table.rows) - len(told)
    if same:
        yield f"\nrows that do not change: {same}"
