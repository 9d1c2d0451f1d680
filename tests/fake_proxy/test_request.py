from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING

import pytest

from fake_litellm._request import MalformedRequestError, lenient_headers, read_body, read_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n"
    b"Invalid HTTP request received."
)


def test_header_lines_stay_as_they_were_sent(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    wire.get(
        "/v1/models",
        "X-Zoo-Session-ID: first",
        "x-zoo-session-id: second",
        "session_id: under_score",
        "B: 2",
        "a: 1",
        "X-ZOO-SESSION-ID: third",
        "Empty:",
        "Accented: \xe9\xff",
        "Outer: \t both sides \t",
        "Inner: a \t b",
        "Odd!#$%&'*+-.^`|~: name",
    )
    assert fake_litellm.journal[0].headers == [
        ("Host", "proxy"),
        ("X-Zoo-Session-ID", "first"),
        ("x-zoo-session-id", "second"),
        ("session_id", "under_score"),
        ("B", "2"),
        ("a", "1"),
        ("X-ZOO-SESSION-ID", "third"),
        ("Empty", ""),
        ("Accented", "éÿ"),
        ("Outer", "both sides"),
        ("Inner", "a \t b"),
        ("Odd!#$%&'*+-.^`|~", "name"),
    ]
    assert fake_litellm.journal[0].header_values("X-Zoo-session-id") == ["first", "second", "third"]


def test_the_head_is_kept_byte_for_byte(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    head = b"GET /v1/models?a=%20b&c HTTP/1.1\r\nhOST:proxy\r\nX_y:  \xe9 \r\n\r\n"
    wire.send(head)
    wire.answer()
    assert fake_litellm.journal[0].head == head
    assert fake_litellm.journal[0].path == "/v1/models"
    assert fake_litellm.journal[0].query == "a=%20b&c"


def test_a_header_value_may_be_long(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    value = "v" * 70_000
    assert wire.get("/v1/models", f"X-Zoo-Session-ID: {value}").status == 200
    assert fake_litellm.journal[0].session.session_id == value


def test_a_target_may_be_long(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    assert wire.get("/v1/models?" + "q" * 70_000).status == 200
    assert len(fake_litellm.journal[0].query) == 70_000


HOST = b"Host: proxy\r\n"


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        pytest.param(b"hello\r\n", "bad request line", id="one word"),
        pytest.param(b"\r\n", "bad request line", id="empty line first"),
        pytest.param(b"GET /\r\n\r\n", "bad request line", id="no version"),
        pytest.param(b"GET / HTTP/2.0\r\n\r\n", "bad request line", id="version"),
        pytest.param(b"get / HTTP/1.1\r\n\r\n", "bad request line", id="method in lower case"),
        pytest.param(b"GET models HTTP/1.1\r\n\r\n", "bad request line", id="relative target"),
        pytest.param(b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", "bad request line", id="target not ASCII"),
        pytest.param(b"GET http://[::1/ HTTP/1.1\r\n\r\n", "bad request line", id="target no URL"),
        pytest.param(b"GET / HTTP/1.1\n\n", "bad request line", id="bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", "no Host header", id="no Host"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", "two Host headers", id="two Hosts"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n", "bad header line", id="space in name"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A(): b\r\n\r\n", "bad header line", id="name no token"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b": b\r\n\r\n", "bad header line", id="no name"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"A\r\n\r\n", "bad header line", id="no colon"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n", "bad header line", id="folded"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A: b\rc\r\n\r\n", "bad header line", id="CR in value"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A: b\nC: d\r\n\r\n",
            "bad header line",
            id="LF in value",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n", "bad header line", id="NUL in value"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"A: b\x1bc\r\n\r\n",
            "bad header line",
            id="ESC in value",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1x\r\n\r\n",
            "bad Content-Length",
            id="length no number",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
            "bad Content-Length",
            id="length negative",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "bad Content-Length",
            id="length twice",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
            "bad Transfer-Encoding",
            id="not chunked",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n"
            + HOST
            + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
            "bad Transfer-Encoding",
            id="chunked with a length",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "bad chunk size",
            id="chunk size",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
            "a chunk is longer",
            id="chunk too long",
        ),
    ],
)
def test_what_is_not_http_is_recorded_and_refused(
    wire: Wire, fake_litellm: FakeLiteLLM, head: bytes, reason: str
) -> None:
    wire.send(head)
    assert wire.rest() == REFUSAL
    (record,) = fake_litellm.journal
    assert (record.malformed or "").startswith(reason)
    assert head.startswith(record.head)
    assert (record.method, record.path, record.body, record.status) == ("", "", b"", 400)
    assert record.session.session_id is None


def test_the_server_lives_on_after_a_malformed_request(
    wire: Wire, fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire.send(b"\x16\x03\x01 TLS hello\r\n\r\n")
    wire.rest()
    assert connect(fake_litellm).chat().status == 200
    assert [record.status for record in fake_litellm.journal] == [400, 200]


def test_a_refusal_reaches_a_client_that_sent_much_more(wire: Wire) -> None:
    wire.send(b"bad\r\n" + b"x" * 300_000)
    assert wire.rest() == REFUSAL


def test_header_lines_of_a_malformed_request_can_be_looked_at(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    wire.request("GET / HTTP/1.1", "X-Zoo-Session-ID: task\nEvil: 1")
    wire.rest()
    assert fake_litellm.journal[0].headers == [
        ("Host", "proxy"),
        ("X-Zoo-Session-ID", "task"),
        ("Evil", "1"),
    ]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: p\r\n", "within the head", id="head"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nshort",
            "within the body",
            id="body",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "within the body",
            id="chunk",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
            "within the body",
            id="chunk size",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: x\r\n",
            "within the body",
            id="trailer",
        ),
    ],
)
def test_a_request_that_breaks_off_is_recorded_without_an_answer(
    wire: Wire, fake_litellm: FakeLiteLLM, sent: bytes, reason: str
) -> None:
    wire.send(sent)
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.rest() == b""
    assert reason in (fake_litellm.journal[0].malformed or "")
    assert fake_litellm.journal[0].status is None


def test_a_connection_without_a_request_leaves_no_record(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.rest() == b""
    assert list(fake_litellm.journal) == []


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(b"", b"", id="none"),
        pytest.param(b"Content-Length: 5\r\n", b"hello", id="length"),
        pytest.param(
            b"transfer-encoding: Chunked\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", id="chunked"
        ),
        pytest.param(
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            id="last is chunked",
        ),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n", b'5;a="b"\r\nhello\r\n0\r\n\r\n', id="extension"
        ),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n",
            b"5\r\nhello\r\n0\r\nTrailer: t\r\n\r\n",
            id="trailer",
        ),
    ],
)
def test_a_body_ends_where_it_says(framing: bytes, body: bytes) -> None:
    file = io.BytesIO(b"POST / HTTP/1.1\r\nHost: p\r\n" + framing + b"\r\n" + body + b"NEXT")
    head = read_head(file)
    assert head is not None
    assert read_body(file, head) in {b"", b"hello"}
    assert file.read() == b"NEXT"


def test_the_reason_of_a_refusal_comes_with_the_head() -> None:
    with pytest.raises(MalformedRequestError, match="bad header line b'nonsense") as caught:
        read_head(io.BytesIO(b"GET / HTTP/1.1\r\nnonsense\r\n\r\n"))
    assert caught.value.head == b"GET / HTTP/1.1\r\nnonsense\r\n\r\n"


def test_lenient_headers_take_any_line_end() -> None:
    assert lenient_headers(b"GET /\r\nA:b\nC : d \r\nnoise\r\n\r\n") == [
        ("A", "b"),
        ("C ", "d"),
        ("noise", ""),
    ]
