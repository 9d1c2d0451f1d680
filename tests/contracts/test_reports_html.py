from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from litellm_contracts.reports._html import write_html
from litellm_contracts.reports._page import _hash

if TYPE_CHECKING:
    from litellm_contracts._model import Report

VOID = {"meta", "input", "br"}
HOSTILE = (
    "</code></style><script>alert(1)</script><img src=x onerror=y>\" onload='z' {{ 7*7 }} \x1b"
)


class Page(HTMLParser):
    """Collects elements and text, and holds that what is opened is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag == "br" else ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.text += data

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        """Return the attributes of every element with this tag and class."""
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and class_ in ["", *(attributes.get("class") or "").split()]
        ]

    @property
    def words(self) -> str:
        """The text, its white space evened out."""
        return " ".join(self.text.split())


@pytest.fixture
def page(report: Report) -> Page:
    """Return the page of a report with everything in it."""
    return Page(write_html(report))


def test_every_contract_can_be_opened(page: Page, report: Report) -> None:
    assert len(page.all("details", "contract")) == len(report.results)
    for result in report.results:
        assert result.id in page.text
        assert result.requirement in page.text


def test_the_first_broken_contract_is_open_and_no_other(page: Page) -> None:
    is_open = ["open" in one for one in page.all("details", "contract")]
    assert is_open == [True, False, False, False, False, False, False]
    assert [one["id"] for one in page.all("section") if "id" in one] == [
        "broken", "warnings", "waived", "kept", "not-judged",
    ]  # fmt: skip


def test_the_fault_is_marked_with_a_word(page: Page) -> None:
    assert "✗ fault → session X-Zoo-Session-ID: stale" in page.words
    assert len(page.all("li", "marked")) == 2


def test_the_exchange_is_told_in_words(page: Page) -> None:
    told = page.words
    assert 'caller to handler: create_message (ask) task_id "task-0001"' in told
    assert "handler to LiteLLM: request 2 POST /v1/chat/completions ✗ fault X-Zoo-Se" in told
    assert "LiteLLM to handler: 200, files it under session 'stale' (from x-zoo-ses" in told
    assert "handler to caller: text “Hello.” (ask)" in told
    assert "1 of 3 requests are shown." in told
    assert "x-other: is no session header" in told


def test_what_to_do_is_told(page: Page) -> None:
    told = page.words
    assert "Likely: the id is kept" in told
    assert "Again: litellm-contracts check my:factory -k group/fail" in told
    assert "Why, and the fix: litellm-contracts explain group/fail" in told


def test_the_page_says_what_it_is(page: Page, report: Report) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert "error: my:factory, litellm-contracts" in page.text
    assert f"{report.suite['version']}" in page.text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )


def test_the_page_asks_for_nothing(report: Report) -> None:
    html = write_html(report)
    page = Page(html)
    assert not [one for _, one in page.elements if {"src", "srcset", "style"} & one.keys()]
    assert {one["href"] for one in page.all("a")} <= {
        "#broken", "#warnings", "#waived", "#kept", "#not-judged",
    }  # fmt: skip
    assert not re.search(r"url\(|@import|https?:", html)


def test_only_the_page_s_own_style_and_script_may_run(report: Report) -> None:
    html = write_html(report)
    [policy] = [one["content"] for one in Page(html).all("meta") if "http-equiv" in one]
    for kind, tag in (("style-src", "style"), ("script-src", "script")):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert f"{kind} '{_hash(inside)}'" in str(policy)
    assert str(policy).startswith("default-src 'none'; ")


def test_nothing_a_handler_sends_becomes_markup(report: Report) -> None:
    failed = report.results[1]
    [request] = failed.evidence["requests"]
    call = {**failed.evidence["calls"][0], "metadata": {"task_id": HOSTILE}, "answers": [HOSTILE]}
    evidence = {
        "calls": [call | {"returned": HOSTILE}, call | {"name": "b", "error": HOSTILE}],
        "requests": [
            request
            | {"path": HOSTILE, "headers": [[HOSTILE, HOSTILE]], "marked": [0], "call": HOSTILE}
            | {"filed": HOSTILE, "near_misses": [HOSTILE], "source": HOSTILE}
        ],
        "findings": [{"message": HOSTILE, "cause": HOSTILE, "call": None, "request": 2}],
        "reproduce": HOSTILE,
        "example": [{"method": HOSTILE, "prompt": HOSTILE}],
        "conditions": {HOSTILE: HOSTILE},
        "examples": 1,
    }
    hostile = replace(failed, id=HOSTILE, requirement=HOSTILE, evidence=evidence)
    name = {"name": HOSTILE, "sdk": HOSTILE}
    html = write_html(
        replace(
            report,
            results=(hostile, replace(hostile, message=HOSTILE, evidence={})),
            handler=report.handler | name,
        )
    )
    page = Page(html)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert not [one for _, one in page.elements if "onload" in one]
    assert "\x1b" not in html
    assert page.text.count("<script>alert(1)</script>") > 15
    assert page.text.count("{{ 7*7 }} \\u001b") > 15


def test_a_generated_failure_shows_the_smallest_calls(report: Report) -> None:
    failed = report.results[1]
    shown = {
        "example": [{"method": "complete_prompt", "prompt": "0"}],
        "conditions": {"task id": "absent"},
        "examples": 12,
    }
    generated = replace(failed, evidence={**failed.evidence, **shown})
    told = Page(write_html(replace(report, results=(generated,)))).words
    assert "The smallest call to show it complete_prompt( prompt='0', )" in told
    assert "Only with task id: absent." in told
    assert "12 generated calls were made; the last one is shown." in told


def test_a_waived_contract_says_why_and_what_was_seen(report: Report) -> None:
    failed, waived = report.results[1], report.results[3]
    both = replace(waived, evidence=failed.evidence, message="waived: until the rewrite")
    told = Page(write_html(replace(report, results=(both,)))).words
    assert told.count("waived: until the rewrite") == 1
    assert "What was seen request 2: wrong" in told


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        pytest.param(slice(0, 1), "litellm-contracts: ✓ conformant 1 pass in 1.8 s", id="good"),
        pytest.param(slice(0, 0), "litellm-contracts: ✗ incomplete nothing was judged", id="none"),
    ],
)
def test_the_verdict_is_the_heading(report: Report, kept: slice, told: str) -> None:
    page = Page(write_html(replace(report, results=report.results[kept])))
    assert told in page.words


def test_a_request_that_was_cut_off_is_told(report: Report) -> None:
    failed = report.results[1]
    request = {**failed.evidence["requests"][0], "status": None, "call": None, "marked": []}
    evidence = {**failed.evidence, "requests": [{**request, "headers": []}]}
    told = Page(write_html(replace(report, results=(replace(failed, evidence=evidence),)))).words
    assert "Request 2 of 3, answered with a cut connection" in told
    assert "belongs to no call no X-Zoo-Session-ID" in told
    assert "LiteLLM to handler: connection cut, files it" in told
