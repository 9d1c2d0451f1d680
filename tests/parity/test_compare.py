from __future__ import annotations

from typing import Any

import pytest

from parity._compare import ABSENT, compare

EXCHANGE: dict[str, Any] = {
    "status": "HTTP/1.1 200 OK",
    "headers": ["date: <date>", "vary: Origin", "allow: GET"],
    "json": {"id": "<id>", "choices": [{"index": 0, "text": "a"}]},
    "written": "compact",
    "session": {"session_id": "task-1", "trace_id": "task-1"},
}


def places(real: dict[str, Any], fake: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(item.place, item.real, item.fake) for item in compare("c", real, fake)]


def test_equal_exchanges_have_no_difference() -> None:
    assert places(EXCHANGE, dict(EXCHANGE)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"status": "404"}, [("status", "HTTP/1.1 200 OK", "404")], id="status"),
        pytest.param(
            {"headers": ["date: <date>", "vary: Origin"]},
            [("headers/allow", "GET", ABSENT)],
            id="header missing",
        ),
        pytest.param(
            {"headers": [*EXCHANGE["headers"], "server: x"]},
            [("headers/server", ABSENT, "x")],
            id="header too many",
        ),
        pytest.param(
            {"headers": ["date: <date>", "vary: *", "allow: GET"]},
            [("headers/vary", "Origin", "*")],
            id="header value",
        ),
        pytest.param(
            {"headers": ["Date: <date>", "vary: Origin", "allow: GET"]},
            [("headers/date", "<date>", ABSENT), ("headers/Date", ABSENT, "<date>")],
            id="header letter case",
        ),
        pytest.param(
            {"headers": ["vary: Origin", "date: <date>", "allow: GET"]},
            [("headers#order", ["date", "vary", "allow"], ["vary", "date", "allow"])],
            id="header order",
        ),
        pytest.param({"written": "spaced"}, [("written", "compact", "spaced")], id="spaces"),
        pytest.param({"end": "cut"}, [("end", ABSENT, "cut")], id="end"),
        pytest.param(
            {"json": {"id": "<id>", "choices": []}}, [("json/choices#length", 1, 0)], id="length"
        ),
        pytest.param(
            {"json": {"id": "<id>", "choices": [{"text": "a", "index": 0}]}},
            [("json/choices/0#order", ["index", "text"], ["text", "index"])],
            id="key order",
        ),
        pytest.param(
            {"json": {"id": "<id>", "choices": [{"index": False, "text": "a"}]}},
            [("json/choices/0/index", 0, False)],
            id="JSON type",
        ),
        pytest.param(
            {"json": {"id": "<id>", "choices": [{"index": 0, "text": "a", "x": None}]}},
            [("json/choices/0/x", ABSENT, None)],
            id="null is not absent",
        ),
        pytest.param(
            {"session": {"session_id": None, "trace_id": "task-1"}},
            [("session/session_id", "task-1", None)],
            id="session",
        ),
    ],
)
def test_names_the_place(changes: dict[str, Any], expected: list[tuple[str, Any, Any]]) -> None:
    assert places(EXCHANGE, EXCHANGE | changes) == expected


def test_a_wrong_session_is_found_behind_a_wrong_status() -> None:
    fake = EXCHANGE | {"status": "404", "session": {"session_id": "x", "trace_id": "task-1"}}

    assert [place for place, _, _ in places(EXCHANGE, fake)] == ["session/session_id", "status"]


def test_an_exchange_without_headers_is_held_by_status_and_session_only() -> None:
    real = {"status": EXCHANGE["status"], "session": EXCHANGE["session"]}

    assert places(real, EXCHANGE) == []
