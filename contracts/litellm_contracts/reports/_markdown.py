"""The report as Markdown, for a step summary: below GitHub's limit, and safe whatever was sent.

What a handler sent stands in `<pre>` with its HTML escaped, or in `<code>` with the characters
that Markdown knows as numbers, so that none of it is read as markup, a mention or an emoji.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from litellm_contracts._model import Status
from litellm_contracts.reports._common import cause_line, common_causes
from litellm_contracts.reports._text import counted, failure_lines, headline
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litellm_contracts._model import Report, Result

LIMIT = 1_000_000
"""Bytes; GitHub drops a step's summary of more than 1 MiB whole."""

_CAUSES = 10
_LONGEST = 500
_LONGEST_STORY = 20_000
_MARKUP = re.compile(r"[^\w\s.,;()/='?+-]|_|(?<=www)\.", re.IGNORECASE)
_MARKS = {
    Status.PASS: "✅ pass",
    Status.FAIL: "❌ fail",
    Status.WARN: "⚠️ warn",
    Status.WAIVED: "🔕 waived",
    Status.NOT_APPLICABLE: "⚪ not applicable",
    Status.NOT_RUN: "⏸️ not run",
    Status.ERROR: "💥 error",
}
_TOLD = (Status.ERROR, Status.FAIL, Status.WARN)


def write_markdown(report: Report, limit: int = LIMIT) -> str:
    """Return the Markdown, at most `limit` bytes of UTF-8; it says what was left out."""
    told = [one for status in _TOLD for one in report.results if one.status is status]
    head, table = "\n".join(_head(report)), "\n".join(_table(report.results))
    word = _left_out(len(told), with_table=False)
    room = limit - _size(head) - _size(word)
    if room < 0:
        return ""
    with_table = _size(table) <= (room // 2 if told else room)
    room -= _size(table) if with_table else 0
    stories = []
    for story in ("\n".join(_story(one, is_open=one is told[0])) for one in told):
        if _size(story) > room:
            break
        room -= _size(story)
        stories.append(story)
    missing = len(told) - len(stories)
    is_whole = with_table and not missing
    last = "" if is_whole else _left_out(missing, with_table=with_table)
    return "".join((head, *stories, last, table if with_table else ""))


def _head(report: Report) -> Iterator[str]:
    yield f"## litellm-contracts: {report.verdict.value}\n"
    yield f"**{counted(report)}** in {report.seconds:.1f} s\n"
    yield f"{code(headline(report))}\n"
    missing = report.counts["not-run"]
    if missing:
        yield f"{missing} contracts were not run; a verdict needs them all.\n\n"
    causes = common_causes(report)
    if causes:
        yield "Likely causes, the commonest first:\n"
        yield from (f"1. {plain(cause_line(*one))}" for one in causes[:_CAUSES])
        yield "\n"


def _story(result: Result, *, is_open: bool) -> Iterator[str]:
    """Tell one failure, folded: what is demanded above, what was seen line by line."""
    name = f"<code>{escape(result.id)}</code> ({result.level.value})"
    yield f"<details{' open' if is_open else ''}><summary>{_MARKS[result.status]} {name}</summary>"
    yield f"\n{plain(result.requirement)}\n"
    told = visible("\n".join(list(failure_lines(result))[2:]))
    if len(told) > _LONGEST_STORY:
        told = f"{told[:_LONGEST_STORY]}\n(cut here; see --json)"
    lines = "\n".join(map(_line, told.splitlines()))
    yield f"<pre>\n{lines}\n</pre>\n</details>\n"


def _line(line: str) -> str:
    shown = escape(line, quote=False)
    return f"<strong>{shown}</strong>" if line.startswith("  --> ") else shown


def _table(results: Sequence[Result]) -> Iterator[str]:
    ran = [one for one in results if one.status is not Status.NOT_RUN]
    yield f"<details><summary>All {len(ran)} contracts that ran</summary>\n"
    yield "| | contract | level | |"
    yield "|---|---|---|---|"
    for one in ran:
        note = code(one.message) if one.message else ""
        yield f"| {_MARKS[one.status]} | `{one.id}` | {one.level.value} | {note} |"
    yield "\n</details>\n"


def _left_out(stories: int, *, with_table: bool) -> str:
    parts = [f"the evidence of {stories} more contracts"] if stories else []
    parts += [] if with_table else ["the table of all contracts"]
    return (
        f"\n> Left out here, because a step summary holds no more: {' and '.join(parts)}. "
        "`--html` and `--json` hold everything.\n\n"
    )


def code(text: str) -> str:
    """Return a text as code: what looks like a mention or a link in it stays a text."""
    return f"<code>{plain(text)}</code>"


def plain(text: str) -> str:
    """Return a text on one line, in which Markdown finds nothing to do."""
    short = visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", " ".join(short.split()))


def _size(text: str) -> int:
    return len(text.encode(errors="backslashreplace"))
