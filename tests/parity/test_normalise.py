from __future__ import annotations

import gzip
from typing import Any

import pytest

from parity._normalise import normalised, session_of
from parity._wire import Answer

UUID = "11111111-2222-4333-8444-555555555555"


def answer(*pieces: bytes, headers: list[tuple[str, str]] | None = None, **fields: Any) -> Answer:  # noqa: ANN401
    lines = [("content-type", "application/json")] if headers is None else headers
    return Answer(status="HTTP/1.1 200 OK", headers=lines, pieces=list(pieces), **fields)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(("date", "Mon, 23 Nov 2026 07:37:15 GMT"), ["date: <date>"], id="date"),
        pytest.param(("llm_provider-server", "x"), [], id="the upstream's own"),
        pytest.param(
            ("x-litellm-call-id", UUID), ["x-litellm-call-id: <uuid>"], id="minted call id"
        ),
        pytest.param(
            ("x-litellm-call-id", "mine"), ["x-litellm-call-id: mine"], id="the client's call id"
        ),
        pytest.param(
            ("x-litellm-response-cost-input", "2.5e-05"),
            ["x-litellm-response-cost-input: <number>"],
            id="cost",
        ),
        pytest.param(
            ("x-litellm-timeout", "6000.0"), ["x-litellm-timeout: 6000.0"], id="not measured"
        ),
        pytest.param(("content-length", "2"), ["content-length: <length>"], id="length"),
        pytest.param(("content-length", "3"), ["content-length: 3"], id="wrong length"),
    ],
)
def test_header_lines(line: tuple[str, str], expected: list[str]) -> None:
    assert normalised(answer(b"OK", headers=[line]), b"")["headers"] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"id":"chatcmpl-1"}', {"id": "<chatcmpl id>"}, id="id"),
        pytest.param(b'{"id":"call_1"}', {"id": "call_1"}, id="scripted id"),
        pytest.param(b'{"created":1795440511}', {"created": "<time>"}, id="time"),
        pytest.param(b'{"created":1677610602}', {"created": 1677610602}, id="constant time"),
        pytest.param(f'{{"a":"{UUID}"}}'.encode(), {"a": "<uuid>"}, id="minted uuid"),
        pytest.param(b'{"a":"http://127.0.0.1:4/v1"}', {"a": "http://<address>/v1"}, id="address"),
    ],
)
def test_json(body: bytes, expected: dict[str, Any]) -> None:
    assert normalised(answer(body), b"")["json"] == expected


def test_a_uuid_of_the_request_stays() -> None:
    body = f'{{"a":"{UUID}"}}'.encode()

    assert normalised(answer(body), body)["json"] == {"a": UUID}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"a":"\xc3\xa9"}', "compact", id="compact"),
        pytest.param(b'{"a": 1}', "spaced", id="spaced"),
        pytest.param(b'{"a":"\\u00e9"}', "compact, ASCII", id="escaped"),
        pytest.param(b'{"a":1}\n', "otherwise", id="trailing newline"),
    ],
)
def test_how_json_is_written(body: bytes, expected: str) -> None:
    assert normalised(answer(body), b"")["written"] == expected


def test_events_and_their_framing() -> None:
    kind = [("content-type", "text/event-stream; charset=utf-8")]
    pieces = (b'data: {"a":1}\n\ndata: [DONE]\n\n', b'event: x\ndata: {"a": 1}\n\n')

    shown = normalised(answer(*pieces, headers=kind, end="cut"), b"")

    assert shown["events"] == [
        {"data": {"a": 1}, "written": "compact"},
        {"data": "[DONE]"},
        {"event": "x", "data": {"a": 1}, "written": "spaced"},
    ]
    assert shown["framing"] == [2, 1]
    assert shown["end"] == "cut"


def test_a_compressed_body_is_unpacked() -> None:
    packed = gzip.compress(b'{"a":1}')
    lines = [("content-encoding", "gzip"), ("content-length", str(len(packed)))]

    shown = normalised(answer(packed, headers=lines), b"")

    assert shown["json"] == {"a": 1}
    assert shown["headers"] == ["content-encoding: gzip", "content-length: <length>"]


def test_a_minted_session_is_none_and_a_sent_one_is_kept() -> None:
    assert session_of(UUID, "x", b"") == {"session_id": None, "trace_id": "x"}
    assert session_of(UUID, None, UUID.encode()) == {"session_id": UUID, "trace_id": None}


def test_a_long_session_is_recorded_short() -> None:
    assert session_of("a" * 70000, None, b"")["session_id"] == {"repeat": "a", "times": 70000}
