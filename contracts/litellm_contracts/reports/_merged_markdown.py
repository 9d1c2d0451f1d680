"""The merged matrix as Markdown: what the SDK does since when, and which contract is kept where."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from litellm_contracts._merge import label_range
from litellm_contracts.reports import _markdown
from litellm_contracts.reports._merged_words import (
    CHANGES,
    DEPARTS,
    cell,
    headline,
    range_text,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litellm_contracts._merge import Environment, Merged, Row

_LEGEND = (
    f"`{CHANGES}` marks the first environment in which a row is not as before; "
    "`litellm-contracts bisect` finds the release."
)


_HARMLESS = {f"&#{ord(one[0])};{one[1:]}": one for one in (*"✓○…‼◆✗\N{EN DASH}", ": ")}


def write_merged_markdown(merged: Merged) -> str:
    """Return the Markdown, a page of its own."""
    return "\n".join(_lines(merged)) + "\n"


def _lines(merged: Merged) -> Iterator[str]:
    yield "# Compatibility\n"
    yield "<!-- written by litellm-contracts matrix merge; do not edit -->\n"
    yield f"**{merged.verdict.value}** on {merged.date}: {_plain(summary(merged))}.\n"
    yield f"{_code(headline(merged))}\n"
    if merged.problems:
        yield "## Problems\n"
        yield from (f"- {_plain(problem)}" for problem in merged.problems)
        yield ""
    yield "## Environments\n"
    yield from _environments(merged.environments)
    yield f"\n{_LEGEND}\n"
    for kind, title in (("probe", "What the SDK does"), ("contract", "Contracts")):
        rows = [row for row in merged.rows if row.kind == kind]
        if rows:
            yield f"## {title}\n"
            yield from _rows(rows)
            yield ""
    if merged.departing:
        yield f"{DEPARTS} departs: not as the history of the SDK has it.\n"


def _environments(environments: Sequence[Environment]) -> Iterator[str]:
    yield "| openai | Python | contracts |"
    yield "|---|---|---|"

    def same(one: Environment) -> tuple[str, str]:
        return one.verdict, one.python

    for (verdict, python), found in groupby(environments, key=same):
        some = list(found)
        count = f" ({len(some)} environments)" if len(some) > 1 else ""
        yield f"| {_plain(label_range(some))}{count} | {_plain(python)} | {_plain(verdict)} |"


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    yield "| | openai | |"
    yield "|---|---|---|"
    for row in rows:
        first, *rest = row.segments
        name = f"`{row.id}`<br>{_plain(row.requirement)}"
        yield f"| {name} | {_plain(range_text(first))} | {_plain(cell(row, first))} |"
        for one in rest:
            yield f"| | {_plain(range_text(one))} | {_plain(cell(row, one))} |"


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Return a text in which Markdown finds nothing to do, and which people can read as it is."""
    told = _markdown.plain(text)
    for escaped, character in _HARMLESS.items():
        told = told.replace(escaped, character)
    return told
