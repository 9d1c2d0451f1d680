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
    runtime,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litellm_contracts._merge import Merged, Row, Table

_LEGEND = f"`{CHANGES}` marks the first environment in which a row is not as before"
_BISECT = "`litellm-contracts bisect` finds the release"
_SEVERAL = "| SDK | runs on | contracts |"
_KINDS = (("probe", "What the SDK does"), ("contract", "Contracts"))

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
    yield from _environments(merged.tables)
    yield f"\n{_legend(merged.tables)}\n"
    for table in merged.tables:
        name = "" if len(merged.tables) == 1 else table.words.title
        for kind, title in _KINDS:
            rows = [row for row in table.rows if row.kind == kind]
            if rows:
                yield f"## {name}: {title[0].lower()}{title[1:]}\n" if name else f"## {title}\n"
                yield from _rows(rows, table.words.short)
                yield ""
    if merged.departing:
        yield f"{DEPARTS} departs: not as the history of the SDK has it.\n"


def _legend(tables: Sequence[Table]) -> str:
    sdks = [table.sdk for table in tables]
    if "python" not in sdks:
        return f"{_LEGEND}."
    return f"{_LEGEND}; {_BISECT}{' of the Python SDK' * ('node' in sdks)}."


def _environments(tables: Sequence[Table]) -> Iterator[str]:
    is_alone = len(tables) == 1
    sdk, runs_on = (
        (tables[0].words.short, tables[0].words.runtime) if is_alone else ("SDK", "runs on")
    )
    yield f"| {sdk} | {runs_on} | contracts |"
    yield "|---|---|---|"
    for table in tables:
        for (verdict, version), found in groupby(
            table.environments, key=lambda one: (one.verdict, one.runtime)
        ):
            some = list(found)
            name = label_range(some) if is_alone else f"{table.words.short} {label_range(some)}"
            count = f" ({len(some)} environments)" if len(some) > 1 else ""
            place = version if is_alone else runtime(some[0])
            yield f"| {_plain(name)}{count} | {_plain(place)} | {_plain(verdict)} |"


def _rows(rows: Sequence[Row], sdk: str) -> Iterator[str]:
    yield f"| | {sdk} | |"
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
