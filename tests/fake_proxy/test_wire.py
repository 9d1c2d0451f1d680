from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from werkzeug import Response

from fake_litellm import Cut, Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

CHUNKED_CHAT = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'10\r\n{"model": "one",\r\n'
    b'f\r\n "messages": []\r\n'
    b"1\r\n}\r\n"
    b"0\r\n\r\n"
)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("POST /v1/chat/completions", id="error"),
        pytest.param("GET /v1/models", id="JSON"),
        pytest.param("GET /nowhere", id="404"),
        pytest.param("PUT /v1/models", id="405"),
        pytest.param("GET /v1/models/", id="redirect"),
        pytest.param("GET /expected", id="expect_request"),
        pytest.param("GET /streamed", id="expect_request, streamed"),
        pytest.param("GET /empty", id="204"),
        pytest.param("DELETE /_fake/journal", id="journal"),
        pytest.param("GET /_fake/", id="page"),
    ],
)
def test_a_connection_stays_open_after_any_answer(
    wire: Wire, fake_litellm: FakeLiteLLM, first: str
) -> None:
    fake_litellm.expect_request("/expected").respond_with_data("here")
    fake_litellm.expect_request("/empty").respond_with_data(status=204)
    fake_litellm.expect_request("/streamed").respond_with_handler(
        lambda _: Response(iter([b"one", b"two"]))
    )
    wire.request(f"{first} HTTP/1.1")
    wire.answer()
    assert wire.chat().status == 200


def test_a_connection_stays_open_after_a_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    answers = [wire.chat(stream=True), wire.chat(stream=True), wire.chat()]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({record.connection for record in fake_litellm.journal}) == 1


def test_connections_are_told_apart(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wires = [connect(fake_litellm), connect(fake_litellm)]
    assert [wire.chat().status for wire in wires] == [200, 200]
    ports = [wire.socket.getsockname()[1] for wire in wires]
    assert [record.connection for record in fake_litellm.journal] == ports


def test_pipelined_requests_are_answered_in_order(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    for model in ("one", "two", "three"):
        wire.ask(model=model, stream=model == "two")
    answers = [wire.answer() for _ in range(3)]
    assert [answer.json["model"] for answer in answers[::2]] == ["one", "three"]
    assert answers[1].events[0]["model"] == "two"
    assert [record.json["model"] for record in fake_litellm.journal] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("version", "connection"),
    [
        pytest.param("HTTP/1.1", "Connection: close", id="close"),
        pytest.param("HTTP/1.1", "connection: TE, Close", id="close among others"),
        pytest.param("HTTP/1.0", "Accept: */*", id="1.0"),
        pytest.param("HTTP/1.0", "Connection: keep-alive", id="1.0 keep-alive"),
    ],
)
def test_a_connection_is_closed_where_it_has_to(wire: Wire, version: str, connection: str) -> None:
    wire.request(f"GET /v1/models {version}", connection)
    answer = wire.answer()
    assert answer.headers[-1] == ("Connection", "close")
    assert answer.json["object"] == "list"
    assert wire.rest() == b""


def test_a_stream_to_http_1_0_ends_with_the_connection(wire: Wire) -> None:
    body = b'{"model": "m", "messages": [], "stream": true}'
    wire.request("POST /v1/chat/completions HTTP/1.0", body=body)
    answer = wire.answer()
    assert "Transfer-Encoding" not in answer.names
    assert answer.body.startswith(b"data: {")
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_a_chunked_request_body_arrives_joined(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    wire.send(CHUNKED_CHAT)
    assert wire.answer().status == 200
    assert fake_litellm.journal[0].body == b'{"model": "one", "messages": []}'
    assert fake_litellm.journal[0].json == {"model": "one", "messages": []}
    assert wire.chat().status == 200


def test_a_body_is_waited_for_with_100_continue(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nExpect: 100-Continue\r\n"
    wire.send(f"{head}Content-Length: 29\r\n\r\n".encode())
    assert wire.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert list(fake_litellm.journal) == []
    wire.send(b'{"model": "m", "messages":[]}')
    assert wire.answer().status == 200


def test_small_writes_do_not_wait(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    wire.chat()
    (connection,) = fake_litellm.server.connections
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_head_has_the_headers_and_no_body(wire: Wire) -> None:
    wire.request("HEAD /v1/models HTTP/1.1")
    answer = wire.answer(bodiless=True)
    assert ("content-length", "31") in answer.headers
    assert wire.get("/v1/models").status == 200


def test_the_head_comes_as_from_uvicorn(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_request("/x").respond_with_data("here", 299, {"X-Mixed-Case": "Kept"})
    answer = wire.get("/x")
    assert answer.status_line == "HTTP/1.1 299 "
    assert answer.names[0] == "date"
    assert ("x-mixed-case", "Kept") in answer.headers
    assert "server" not in answer.names


def test_a_header_that_is_not_latin_1_does_not_break_the_answer(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.expect_request("/x").respond_with_data("here", headers={"X-Name": "né ✓"})
    assert ("x-name", "né ?") in wire.get("/x").headers


def test_each_event_is_a_chunk_sent_at_once(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    gate = Gate()
    fake_litellm.script(Reply(pieces=("Hel", "lo"), hold_in_stream=gate))
    wire.ask(stream=True)
    wire.read_head()
    assert b'"role":"assistant"' in wire.read_piece()
    assert b'"content":"Hel"' in wire.read_piece()
    gate.open()
    assert b'"content":"lo"' in wire.read_piece()


@pytest.mark.parametrize(
    ("cut", "received"),
    [
        pytest.param(Cut(), b"", id="before-headers"),
        pytest.param(Cut(at="in-headers"), b"HTTP/1.1 200 OK\r\ncontent-ty", id="in-headers"),
    ],
)
def test_a_cut_resets_the_connection(
    wire: Wire, fake_litellm: FakeLiteLLM, cut: Cut, received: bytes
) -> None:
    fake_litellm.script(cut)
    wire.ask()
    assert wire.file.read(len(received)) == received
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)
    assert fake_litellm.journal[0].status is None


def test_a_cut_after_the_headers_lets_them_out(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Cut(at="after-headers"))
    wire.ask()
    assert wire.read_head().startswith(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)
    assert fake_litellm.journal[0].status == 200


def test_the_server_lives_on_after_a_cut(
    wire: Wire, fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    fake_litellm.script(Cut())
    wire.ask()
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)
    assert connect(fake_litellm).chat().status == 200


def test_a_client_that_leaves_ends_a_stalled_stream(
    join_connections: Callable[[], bool],
    wire: Wire,
    fake_litellm: FakeLiteLLM,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_litellm.script(Reply(ends="stall"))
    wire.ask(stream=True)
    wire.read_head()
    wire.close()
    assert join_connections()
    assert capfd.readouterr().err == ""
