from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_litellm import resolve_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire


def test_the_journal_as_json(wire: Wire) -> None:
    wire.chat("X-Zoo-Session-ID: short", "X-Name: \xe9", model="m")
    answer = wire.get("/_fake/journal")
    assert ("content-type", "application/json") in answer.headers
    (record,) = answer.json["requests"]
    headers = record.pop("headers")
    assert headers[:3] == [["Host", "proxy"], ["X-Zoo-Session-ID", "short"], ["X-Name", "é"]]
    assert record == {
        "method": "POST",
        "path": "/v1/chat/completions",
        "json": {"model": "m", "messages": [{"role": "user", "content": "Hello"}]},
        "status": 200,
        "session_id": None,
        "trace_id": None,
        "source": None,
        "near_misses": list(resolve_session([("X-Zoo-Session-ID", "short")]).near_misses),
    }


def test_the_journal_names_session_and_source(wire: Wire) -> None:
    wire.chat("X-Zoo-Session-ID: task-0001")
    (record,) = wire.get("/_fake/journal").json["requests"]
    assert (record["session_id"], record["source"]) == ("task-0001", "x-zoo-session-id")


def test_requests_to_the_journal_are_not_in_it(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    assert wire.get("/_fake/journal").json == {"requests": []}
    assert wire.get("/_fake/").status == 200
    assert list(fake_litellm.journal) == []


def test_delete_empties_the_journal(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    wire.chat()
    wire.request("DELETE /_fake/journal HTTP/1.1")
    answer = wire.answer()
    assert (answer.status, answer.body) == (204, b"")
    assert list(fake_litellm.journal) == []
    assert wire.get("/_fake/journal").json == {"requests": []}


def test_the_journal_says_what_it_dropped(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire = connect(serve(journal_requests=2))
    for _ in range(3):
        wire.chat()
    journal = wire.get("/_fake/journal").json
    assert (len(journal["requests"]), journal["dropped"]) == (2, 1)


def test_a_malformed_request_is_in_the_journal(
    wire: Wire, connect: Callable[[FakeLiteLLM], Wire], fake_litellm: FakeLiteLLM
) -> None:
    wire.send(b"nonsense\r\n")
    wire.rest()
    (record,) = connect(fake_litellm).get("/_fake/journal").json["requests"]
    assert (record["method"], record["status"], record["session_id"]) == ("", 400, None)


@pytest.mark.parametrize("path", ["/_fake", "/_fake/"])
def test_the_page(wire: Wire, path: str) -> None:
    answer = wire.get(path)
    assert ("content-type", "text/html; charset=utf-8") in answer.headers
    assert answer.body.startswith(b"<!doctype html>")
    assert b'const journal = "/_fake/journal"' in answer.body


@pytest.mark.parametrize("line", ["POST /_fake/journal", "GET /_fake/else", "DELETE /_fake/"])
def test_anything_else_is_told_what_there_is(wire: Wire, line: str) -> None:
    wire.request(f"{line} HTTP/1.1")
    answer = wire.answer()
    assert answer.status == 404
    assert answer.body == b"expected GET or DELETE /_fake/journal, or GET /_fake/\n"
