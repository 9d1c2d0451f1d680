"""Requests at the edge of what is sent: very large, very slow, half-closed, wrongly measured."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

MIB = 1024 * 1024
HELLO = b'{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'
LARGE = HELLO.replace(b"Hello", b"x" * (32 * MIB - len(HELLO) + 5))
POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nX-Zoo-Session-ID: task-0001\r\n"
REFUSED = b"HTTP/1.1 400 Bad Request\r\n"


def sized(body: bytes, length: int) -> bytes:
    return POST + b"Content-Length: %d\r\n\r\n" % length + body


def chunked(body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(sized(LARGE, 32 * MIB), id="sized"),
        pytest.param(chunked(LARGE, 65536), id="chunked"),
        pytest.param(chunked(LARGE, 32 * MIB), id="one chunk"),
    ],
)
def test_a_body_of_32_mib(wire: Wire, fake_litellm: FakeLiteLLM, request_: bytes) -> None:
    wire.send(request_)
    assert wire.answer().status == 200
    assert fake_litellm.journal[0].body == LARGE
    assert fake_litellm.journal[0].session.session_id == "task-0001"
    assert wire.chat().status == 200


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(sized(HELLO, len(HELLO)), id="sized"),
        pytest.param(chunked(HELLO, 10), id="chunked"),
    ],
)
def test_a_client_that_sends_a_byte_at_a_time(
    wire: Wire, fake_litellm: FakeLiteLLM, request_: bytes
) -> None:
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in request_:
        wire.send(bytes([byte]))
    assert wire.answer().status == 200
    assert fake_litellm.journal[0].body == HELLO
    assert fake_litellm.journal[0].session.session_id == "task-0001"


@pytest.mark.parametrize("stream", [pytest.param(v, id=str(v)) for v in (True, False)])
def test_a_half_closed_connection_is_answered_and_closed(
    join_connections: Callable[[], bool],
    wire: Wire,
    stream: bool,  # noqa: FBT001
) -> None:
    wire.ask(stream=stream)
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.answer().status == 200
    assert wire.rest() == b""
    assert join_connections()


def test_a_length_that_is_too_short_leaves_a_bad_request_behind(
    wire: Wire, fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire.send(sized(HELLO, len(HELLO) - 2))
    assert wire.answer().error["param"] == "request_body"
    wire.send(b"\r\n")
    assert wire.rest().startswith(REFUSED)
    assert connect(fake_litellm).chat().status == 200
    assert [record.status for record in fake_litellm.journal] == [400, 400, 200]


def test_a_length_that_is_too_long_waits_for_the_rest(
    wire: Wire, fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire.send(sized(HELLO, len(HELLO) + 2))
    assert connect(fake_litellm).chat().status == 200
    wire.send(b"\n\n")
    assert wire.answer().status == 200
    assert json.loads(fake_litellm.journal[1].body)["model"] == "m"


def test_many_large_header_lines(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    lines = [f"X-Large-{number}: {'v' * 70_000}" for number in range(16)]
    assert wire.chat(*lines).status == 200
    assert fake_litellm.journal[0].header_values("x-large-15") == ["v" * 70_000]
