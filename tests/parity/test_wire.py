from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from parity._wire import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[[bytes], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a call that answers one connection with the bytes given, and closes it."""
    threads: list[threading.Thread] = []

    def start(answer: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with listener, listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "pieces", "end"),
    [
        pytest.param(b"Content-Length: 2\r\n\r\nOKmore", [b"OK"], "complete", id="length"),
        pytest.param(b"Content-Length: 3\r\n\r\nOK", [b"OK"], "cut", id="length too great"),
        pytest.param(b"\r\nOK", [b"OK"], "complete", id="until the end"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
            [b"a", b"bc"],
            "complete",
            id="chunks",
        ),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", [b"a"], "cut", id="no last chunk"
        ),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\na", [], "cut", id="half a chunk"),
        pytest.param(b"Content-Le", [], "cut", id="half a head"),
    ],
)
def test_reads_the_body(serve: Serve, answer: bytes, pieces: list[bytes], end: str) -> None:
    port = serve(b"HTTP/1.1 200 OK\r\n" + answer)

    read = exchange(port, b"GET / HTTP/1.1\r\n\r\n")

    assert (read.pieces, read.end) == (pieces, end)


def test_keeps_header_lines_as_they_are(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 529 \r\nX-B:  1\r\nx-b: \xe9\r\nContent-Length: 0\r\n\r\n")

    read = exchange(port, b"GET / HTTP/1.1\r\n\r\n")

    assert read.status == "HTTP/1.1 529 "
    assert read.headers == [("X-B", "1"), ("x-b", "\xe9"), ("Content-Length", "0")]


def test_passes_over_100_continue(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    assert exchange(port, b"GET / HTTP/1.1\r\n\r\n").code == 204
