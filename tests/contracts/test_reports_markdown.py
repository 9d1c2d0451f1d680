from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from litellm_contracts.reports._markdown import LIMIT, write_markdown

if TYPE_CHECKING:
    from litellm_contracts._model import Report

OURS = {
    "h2", "p", "strong", "code", "details", "summary", "pre", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "ol", "li",
}  # fmt: skip
HOSTILE = (
    "`tick` ``` | pipe </pre></details><script>alert(1)</script> <img src=x onerror=y> "
    "[link](http://e.org) ![i](x) www.e.org @mention #12 **bold** _it_ $x$ :tada: \n\n"
    "::error::owned\n# heading\n| a | b |\n\x1b[31m\u202egnp \udc80"
)


class Page(HTMLParser):
    """Collects the elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        self.feed(html.render(text))

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile(report: Report) -> Report:
    """Return a report in which everything a handler sends tries to be markup."""
    failed = report.results[1]
    finding = {**failed.evidence["findings"][0], "message": HOSTILE, "cause": HOSTILE}
    [request] = failed.evidence["requests"]
    request = {
        **request,
        "path": HOSTILE,
        "filed": HOSTILE,
        "headers": [["X-Zoo-Session-ID", HOSTILE], [HOSTILE, "b"]],
        "marked": [0],
    }
    evidence = {**failed.evidence, "findings": [finding], "requests": [request]}
    results = [replace(one, message=HOSTILE) for one in report.results]
    results[1] = replace(results[1], evidence=evidence)
    return replace(
        report, results=tuple(results), handler={**report.handler, "name": f"a:{HOSTILE}"}
    )


def test_the_verdict_stands_first(report: Report) -> None:
    lines = write_markdown(report).splitlines()
    assert lines[0] == "## litellm-contracts: error"
    assert "1 pass, 1 fail, 1 warn" in lines[2]


def test_what_is_broken_is_told_gravest_first_and_only_the_first_is_open(report: Report) -> None:
    text = write_markdown(report)
    summaries = [line for line in text.splitlines() if line.startswith("<details")]
    assert [(line.startswith("<details open"), line.split("group/")[-1][:4]) for line in summaries][
        :3
    ] == [(True, "erro"), (False, "fail"), (False, "warn")]
    assert len(summaries) == 4


def test_a_failure_shows_all_that_is_needed(report: Report) -> None:
    text = write_markdown(report)
    assert "\nIt must fail.\n" in text
    assert "<strong>  --&gt; X-Zoo-Session-ID: stale</strong>" in text
    assert "\n  LiteLLM files it under session 'stale' (from x-zoo-session-id)\n" in text
    assert "\n  likely:   the id is kept\n" in text
    assert "\n  again:    litellm-contracts check my:factory -k group/fail\n" in text


def test_every_contract_that_ran_is_in_the_table(report: Report) -> None:
    text = write_markdown(report)
    assert "<summary>All 6 contracts that ran</summary>" in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`group/" in line]
    assert [row.split("`")[1] for row in rows] == [
        result.id for result in report.results if result.status.value != "not-run"
    ]


def test_a_conformant_report_tells_no_story(report: Report) -> None:
    text = write_markdown(replace(report, results=report.results[:1]))
    assert "## litellm-contracts: conformant\n" in text
    assert text.count("<details") == 1


def test_nothing_a_handler_sends_becomes_markup(hostile: Report) -> None:
    page = Page(write_markdown(hostile))
    assert set(page.elements) <= OURS
    assert page.elements.count("details") == 4
    assert page.elements.count("h2") == 1
    assert page.elements.count("tr") == 7
    assert "<script>alert(1)</script>" in page.text
    assert "\\u001b[31m\\u202egnp \\udc80" in page.text


def test_nothing_a_handler_sends_becomes_a_mention_or_a_link(hostile: Report) -> None:
    text = write_markdown(hostile)
    outside_pre = "".join(part.split("</pre>")[-1] for part in text.split("<pre>"))
    for sign in ("@mention", "http://", "www.e", ":tada:", " #12", "$x$", "::error"):
        assert sign not in outside_pre


@pytest.mark.parametrize("limit", [LIMIT, 20_000, 9_000, 3_000, 1_200, 100, -5])
def test_it_stays_below_the_limit_and_says_what_it_left_out(hostile: Report, limit: int) -> None:
    many = replace(hostile, results=hostile.results + hostile.results[1:2] * 300)
    text = write_markdown(many, limit)
    assert len(text.encode(errors="backslashreplace")) <= max(limit, 0)
    assert text == "" or "> Left out here" in text or limit == LIMIT
    assert set(Page(text).elements) <= OURS


def test_what_was_left_out_is_counted(report: Report) -> None:
    many = replace(report, results=report.results[1:2] * 1_000)
    text = write_markdown(many, 200_000)
    told = text.count("<details") - 1
    assert f"the evidence of {1_000 - told} more contracts. " in text
    assert len(text.encode()) > 100_000
    assert "All 1000 contracts that ran" in text
    short = write_markdown(replace(report, results=report.results * 3), 1_500)
    assert "more contracts and the table of all contracts. " in short


def test_one_long_story_is_cut(report: Report) -> None:
    failed = report.results[1]
    finding = {**failed.evidence["findings"][0], "message": "x" * 50_000}
    long = replace(failed, evidence={**failed.evidence, "findings": [finding]})
    text = write_markdown(replace(report, results=(long,)))
    assert "\n(cut here; see --json)\n</pre>" in text
    assert len(text) < 25_000


def test_the_limit_is_in_bytes(report: Report) -> None:
    failed = report.results[1]
    finding = {**failed.evidence["findings"][0], "message": "€" * 9_000}
    wide = replace(failed, evidence={**failed.evidence, "findings": [finding]})
    assert len(write_markdown(replace(report, results=(wide,)), 20_000).encode()) < 20_000
