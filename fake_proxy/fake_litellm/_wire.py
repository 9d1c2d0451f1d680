"""HTTP/1.1 on the socket: header lines kept as sent, keep-alive, and connections cut on purpose.

Werkzeug's own request handler folds header lines, drops names with `_`, closes each connection
after a 10 ms drain and writes without TCP_NODELAY; everything here is about not doing that.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication

HEADER_LINES = "fake_litellm.header_lines"
HEAD = "fake_litellm.head"

_NO_BODY = {204, 304}
_MALFORMED_BODY = b"Invalid HTTP request received."


class CutConnection(Exception):  # noqa: N818 - an instruction to the wire, not an error
    """Raised by the application or by a response body to end the connection unanswered.

    Args:
        reset: Send TCP RST; otherwise close in order (FIN).
        prefix: Bytes to send first, such as half a response head.
    """

    def __init__(self, *, reset: bool, prefix: bytes = b"") -> None:
        super().__init__("connection cut on purpose")
        self.reset = reset
        self.prefix = prefix


class MalformedRequestError(ValueError):
    """The bytes on the wire are not an HTTP/1.1 request; the text says why."""


def parse_head(head: list[bytes]) -> tuple[tuple[str, str, str], list[tuple[str, str]]]:
    """Split request line and header lines, keeping what was sent.

    Args:
        head: The lines as read, line ends included, without the empty line at the end.

    Returns:
        `(method, target, version)` and the header lines as `(name, value)` pairs.

    Raises:
        MalformedRequestError: as httptools, LiteLLM's parser, would refuse it.
    """
    words = head[0].decode("latin-1").rstrip("\r\n").split(" ")
    if len(words) != 3 or words[2] not in {"HTTP/1.0", "HTTP/1.1"}:  # noqa: PLR2004
        raise MalformedRequestError(f"bad request line {head[0]!r}")
    headers = []
    for line in head[1:]:
        name, colon, value = line.decode("latin-1").rstrip("\r\n").partition(":")
        if not colon or not name or name.split() != [name]:
            raise MalformedRequestError(f"bad header line {line!r}")
        if "\r" in value or "\0" in value:
            raise MalformedRequestError(f"control character in header line {line!r}")
        headers.append((name, value.strip(" \t")))
    if words[2] == "HTTP/1.1" and not any(name.lower() == "host" for name, _ in headers):
        raise MalformedRequestError("no Host header")
    return (words[0], words[1], words[2]), headers


class WireHandler(WSGIRequestHandler):
    """Serves one connection: many requests, each recorded as it was sent."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each small write waits 40 ms for an ACK
    wbufsize = 65536
    server: WireServer
    header_lines: list[tuple[str, str]]
    head: bytes

    def setup(self) -> None:
        """Remember the connection, so that stopping the server ends it."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def parse_request(self) -> bool:
        """Read the head of a request; answer 400 and close where it is not HTTP."""
        self.close_connection = True
        head = [self.raw_requestline]
        while (line := self.rfile.readline()) not in {b"\r\n", b"\n", b""}:
            head.append(line)
        self.head = b"".join([*head, line])
        try:
            request_line, self.header_lines = parse_head(head)
        except MalformedRequestError as error:
            self.server.record_malformed(self.head, str(error), self.client_address[1])
            self._write_malformed()
            return False
        self.command, self.path, self.request_version = request_line
        self.headers = Headers(self.header_lines)  # type: ignore[assignment]
        options = self.headers.get("connection", "").lower()
        keep = "close" not in options
        self.close_connection = not (
            keep if self.request_version == "HTTP/1.1" else "keep-alive" in options
        )
        return True

    def make_environ(self) -> dict[str, Any]:
        """Add the untouched header lines to Werkzeug's environ, which folds them."""
        environ: dict[str, Any] = super().make_environ()
        environ[HEADER_LINES] = self.header_lines
        environ[HEAD] = self.head
        return environ

    def run_wsgi(self) -> None:
        """Answer one request and leave the connection open for the next."""
        if self.headers.get("expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = environ = self.make_environ()
        try:
            self._answer(environ)
        except CutConnection as cut:
            self._cut(cut)
        except (ConnectionError, TimeoutError) as error:
            self.close_connection = True
            self.connection_dropped(error, environ)

    def _answer(self, environ: dict[str, Any]) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:  # noqa: ANN401
            started.append((status, headers))

        body = self.server.app(environ, start_response)
        try:
            self._write(*started[0], body)
        finally:
            if hasattr(body, "close"):
                body.close()

    def _write(self, status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> None:
        code = int(status.split(" ", 1)[0])
        bodiless = self.command == "HEAD" or code in _NO_BODY
        sized = any(name.lower() == "content-length" for name, _ in headers)
        chunked = not (sized or bodiless) and self.request_version == "HTTP/1.1"
        if not (sized or bodiless or chunked):
            self.close_connection = True
        head = self._head(status, headers, chunked=chunked)
        for data in () if bodiless else body:
            if data:
                framed = b"%x\r\n%b\r\n" % (len(data), data) if chunked else data
                self.wfile.write(head + framed)
                self.wfile.flush()
                head = b""
        self.wfile.write(head + (b"0\r\n\r\n" if chunked else b""))
        self.wfile.flush()

    def _head(self, status: str, headers: list[tuple[str, str]], *, chunked: bool) -> bytes:
        """Format the head as uvicorn does: lower-case names, `date` first, no `server`."""
        lines = [f"HTTP/1.1 {status}", f"date: {self.date_time_string()}"]
        lines += [f"{name.lower()}: {value}" for name, value in headers]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _write_malformed(self) -> None:
        self.wfile.write(
            b"HTTP/1.1 400 Bad Request\r\n"
            b"content-type: text/plain; charset=utf-8\r\n"
            b"Connection: close\r\n\r\n" + _MALFORMED_BODY
        )
        self.wfile.flush()

    def _cut(self, cut: CutConnection) -> None:
        self.close_connection = True
        self.wfile.write(cut.prefix)
        self.wfile.flush()
        if cut.reset:
            # With a zero linger time the kernel sends RST; detaching keeps socketserver from
            # sending FIN first.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.server.connections.discard(self.connection)
            os.close(self.connection.detach())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the journal holds every request."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing, as `log_request`."""


class WireServer(ThreadedWSGIServer):
    """Werkzeug's threaded server on a listening socket that is already bound.

    Args:
        listener: The listening socket; the server keeps a duplicate.
        app: The WSGI application.
        record_malformed: Called with the head, the reason and the client's port of each request
            that is not HTTP.
    """

    allow_reuse_address: ClassVar[bool] = True  # type: ignore[misc]

    def __init__(
        self,
        listener: socket.socket,
        app: WSGIApplication,
        record_malformed: Any,  # noqa: ANN401
    ) -> None:
        host, port = listener.getsockname()[:2]
        self.connections: set[socket.socket] = set()
        self.record_malformed = record_malformed
        super().__init__(host, port, app, WireHandler, fd=listener.fileno())

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Stay silent when the client left in mid-answer; the application keeps other errors."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """End every open connection, so that no thread outlives the server."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # the client left first
                connection.shutdown(socket.SHUT_RDWR)
