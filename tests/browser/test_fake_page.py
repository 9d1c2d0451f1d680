"""The fake's page, `/_fake/`, while requests come in."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from seen import OPEN_ALL, PHONE, WIDTH, faint_texts

from fake_litellm import Failure, FakeLiteLLM, Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from seen import Open

LONG = "task-" + "0123456789abcdef" * 12
EMPTY = "Nothing has arrived yet"


@pytest.fixture
def fake() -> Iterator[FakeLiteLLM]:
    """Serve a fake proxy."""
    with FakeLiteLLM() as fake:
        yield fake


def ask(fake: FakeLiteLLM, **headers: str) -> int:
    """Send a chat request and return the status of its answer."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "<b>Hello.</b>"}]}
    request = urllib.request.Request(  # noqa: S310 - http, to this computer
        f"{fake.base_url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": "Bearer sk-secret", **headers},
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def summaries(page: Page) -> list[str]:
    """Return the line of each request."""
    return [" ".join(text.split()) for text in page.locator("summary").all_inner_texts()]


def page_of(fake: FakeLiteLLM) -> str:
    return f"{fake.base_url}/_fake/"


def test_requests_show_up_as_they_come(open_tab: Open, fake: FakeLiteLLM) -> None:
    tab = open_tab(page_of(fake))
    expect(tab.page.get_by_text(EMPTY)).to_be_visible()
    ask(fake, **{"X-Zoo-Session-ID": "task-0001"})
    expect(tab.page.get_by_role("status")).to_have_text("1 request")
    expect(tab.page.get_by_text(EMPTY)).to_be_hidden()
    ask(fake)
    expect(tab.page.get_by_role("status")).to_have_text("2 requests")
    assert summaries(tab.page) == [
        f"{line} 200 LiteLLM files it {where}"
        for line, where in (
            ("1. POST /v1/chat/completions", "under session task-0001 (from x-zoo-session-id)"),
            ("2. POST /v1/chat/completions", "alone: no session of the client's"),
        )
    ]
    assert tab.complaints == []
    assert {url.removeprefix(fake.base_url) for url in tab.asked} == {"/_fake/", "/_fake/journal"}


def test_a_near_miss_is_told_and_explained(open_tab: Open, fake: FakeLiteLLM) -> None:
    ask(fake, **{"X-Zoo-SessionID": "task-0001"})
    page = open_tab(page_of(fake)).page
    page.locator("summary").click()
    assert "! 1 near miss" in summaries(page)[0]
    expect(page.locator("li li")).to_contain_text("did you mean `x-zoo-session-id`?")


def test_a_request_shows_its_lines_without_the_key(open_tab: Open, fake: FakeLiteLLM) -> None:
    ask(fake, **{"X-Zoo-Session-ID": "task-0001", "X-Other": "<b>&"})
    page = open_tab(page_of(fake)).page
    page.locator("summary").click()
    lines = page.locator("pre").first.inner_text()
    assert "Authorization: [redacted]" in lines
    assert "sk-secret" not in page.content()
    assert "X-Other: <b>&" in lines
    expect(page.locator("mark")).to_have_text("→ X-Zoo-Session-Id: task-0001")
    expect(page.locator("pre").last).to_contain_text("<b>Hello.</b>")


def test_the_status_follows_when_the_request_is_finished(open_tab: Open, fake: FakeLiteLLM) -> None:
    gate = Gate(30)
    fake.script(Reply(hold=gate))
    sender = threading.Thread(target=ask, args=(fake,))
    sender.start()
    page = open_tab(page_of(fake)).page
    expect(page.locator("summary")).to_contain_text("not answered yet")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    gate.open()
    expect(page.locator("summary")).to_contain_text("200")
    sender.join()
    expect(page.locator("details")).to_have_attribute("open", "")
    expect(page.locator("summary")).to_be_focused()


def test_the_journal_can_be_emptied(open_tab: Open, fake: FakeLiteLLM) -> None:
    ask(fake)
    page = open_tab(page_of(fake)).page
    expect(page.get_by_role("status")).to_have_text("1 request")
    page.get_by_role("button", name="Empty the journal").click()
    expect(page.get_by_role("status")).to_have_text("0 requests")
    expect(page.get_by_text(EMPTY)).to_be_visible()
    assert len(fake.journal) == 0
    fake.script(Failure(status=429))
    ask(fake)
    expect(page.locator("summary")).to_contain_text("429")


def test_a_server_that_stops_is_told(open_tab: Open) -> None:
    with FakeLiteLLM() as fake:
        page = open_tab(page_of(fake)).page
        expect(page.get_by_role("status")).to_have_text("0 requests")
    expect(page.get_by_role("status")).to_have_text("the server has stopped")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_phone(open_tab: Open, fake: FakeLiteLLM, scheme: str) -> None:
    ask(fake, **{"X-Zoo-Session-ID": LONG, "X-Zoo-SessionID": LONG})
    ask(fake)
    page = open_tab(page_of(fake), width=PHONE, color_scheme=scheme).page
    expect(page.get_by_role("status")).to_have_text("2 requests")
    page.evaluate(OPEN_ALL)
    assert page.evaluate(WIDTH) == PHONE
    assert faint_texts(page) == []


def test_without_script_the_journal_is_linked(open_tab: Open, fake: FakeLiteLLM) -> None:
    page = open_tab(page_of(fake), script=False).page
    page.get_by_role("link", name="the journal as JSON").click()
    assert page.url == f"{fake.base_url}/_fake/journal"


def test_what_was_dropped_is_told(open_tab: Open) -> None:
    with FakeLiteLLM(journal_requests=2) as fake:
        for _ in range(5):
            ask(fake)
        tab = open_tab(page_of(fake))
        expect(tab.page.locator("#count")).to_have_text("2 requests, 3 older dropped")
