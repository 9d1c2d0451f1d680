"""How a stream ends, in good order or by a fault, on every route that streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Gate, Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Ending
    from tests.fake_proxy.conftest import Answer, Wire

PIECES = ("one", "two", "three")
CHAT: dict[str, Any] = {"model": "m", "messages": []}
TEXT: dict[str, Any] = {"model": "m", "prompt": "x"}
CHAT_TEXT = TEXT | {"model": "gpt-4o"}
RESPONSE: dict[str, Any] = {"model": "m", "input": "x"}
MESSAGE: dict[str, Any] = {"model": "m", "messages": [], "max_tokens": 9}
GEMINI: dict[str, Any] = {"contents": []}
STREAMS = {
    "chat": ("/v1/chat/completions", CHAT),
    "completions": ("/v1/completions", TEXT),
    "completions of a chat model": ("/v1/completions", CHAT_TEXT),
    "responses": ("/v1/responses", RESPONSE),
    "messages": ("/v1/messages", MESSAGE),
    "gemini": ("/v1beta/models/m:streamGenerateContent", GEMINI),
}
# What an API sends before the first piece, and what ends its streams.
OPENINGS = {
    "chat": 1,
    "completions": 0,
    "completions of a chat model": 1,
    "responses": 4,
    "messages": 2,
    "gemini": 0,
}
DONE = (b"data: [DONE]\n\n",)
DONES: dict[str, tuple[bytes, ...]] = {
    "chat": DONE,
    "completions": DONE,
    "completions of a chat model": DONE,
    "responses": DONE,
    "messages": (),
    "gemini": (),
}
LAST = {
    "chat": b'"finish_reason"',
    "completions": b'"finish_reason"',
    "completions of a chat model": b'"finish_reason"',
    "responses": b"response.completed",
    "messages": b"message_stop",
    "gemini": b'"STOP"',
}
NOT_JSON = b"data: {this is not JSON\n\n"
every_stream = pytest.mark.parametrize("api", STREAMS)


def stream_of(wire: Wire, api: str) -> Answer:
    path, body = STREAMS[api]
    return wire.call(path, body | {"stream": True})


def send(wire: Wire, path: str, body: dict[str, Any]) -> None:
    data = json.dumps({"stream": True} | body).encode()
    wire.request(f"POST {path} HTTP/1.1", body=data)


def ask_stream(wire: Wire, api: str) -> list[bytes]:
    """Return the first pieces of a stream that will be cut after two."""
    send(wire, *STREAMS[api])
    wire.read_head()
    return [wire.read_piece() for _ in range(OPENINGS[api] + 2)]


def broken(ends: Ending, ends_after: int = 2) -> Reply:
    return Reply(pieces=PIECES, ends=ends, ends_after=ends_after)


@every_stream
def test_a_stream_ends_in_good_order(wire: Wire, api: str) -> None:
    answer = stream_of(wire, api)
    events = answer.pieces[: len(answer.pieces) - len(DONES[api])]
    assert ("content-type", "text/event-stream; charset=utf-8") in answer.headers
    assert answer.pieces[len(events) :] == DONES[api]
    assert LAST[api] in events[-1]
    assert all(event.endswith(b"\n\n") and event.count(b"\n") < 4 for event in events)


@every_stream
@pytest.mark.parametrize("ends_after", [0, 1, 3])
def test_a_silent_end_says_nothing(
    wire: Wire, fake_litellm: FakeLiteLLM, api: str, ends_after: int
) -> None:
    fake_litellm.script(broken("silent", ends_after))
    answer = stream_of(wire, api)
    assert len(answer.pieces) == OPENINGS[api] + ends_after
    assert LAST[api] not in answer.body
    assert [text in answer.body.decode() for text in PIECES] == [n < ends_after for n in range(3)]


@every_stream
def test_a_late_end_lets_everything_out(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("silent", 99))
    assert LAST[api] in stream_of(wire, api).pieces[-1]


@every_stream
def test_a_malformed_event(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("malformed"))
    rest = stream_of(wire, api).pieces[OPENINGS[api] + 2 :]
    assert rest[0].endswith(NOT_JSON)
    assert rest[1:] == DONES[api]


@every_stream
def test_a_dropped_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("drop"))
    assert b"two" in ask_stream(wire, api)[-1]
    assert wire.rest() == b""


@every_stream
def test_a_reset_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("reset"))
    assert b"two" in ask_stream(wire, api)[-1]
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)


@every_stream
def test_a_stalled_stream(
    join_connections: Callable[[], bool], wire: Wire, fake_litellm: FakeLiteLLM, api: str
) -> None:
    fake_litellm.script(broken("stall"))
    assert b"two" in ask_stream(wire, api)[-1]
    wire.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1)
    wire.close()
    assert join_connections()


@every_stream
def test_a_held_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    gate = Gate()
    fake_litellm.script(Reply(pieces=PIECES, hold_in_stream=gate))
    send(wire, *STREAMS[api])
    assert gate.wait_until_reached()
    gate.open()
    body = wire.answer().body
    assert all(piece in body for piece in (b"one", b"two", b"three"))


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
def test_a_stream_is_cut_after_a_whole_tool_call(
    wire: Wire, fake_litellm: FakeLiteLLM, api: str
) -> None:
    calls = (ToolCall(name="read", arguments='{"path": "a"}', id="call_1"),)
    fake_litellm.script(Reply(tool_calls=calls, ends="silent", ends_after=3))
    answer = stream_of(wire, api)
    assert b"call_1" in answer.body
    assert LAST[api] not in answer.body
