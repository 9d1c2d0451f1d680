"""HTTP/1.1 on the socket: header lines kept as sent, keep-alive, and connections cut on purpose.

Werkzeug's own request handler folds header lines, drops names with `_`, closes each connection
after a 10 ms drain and writes without TCP_NODELAY; everything here is about not doing that.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import ssl
import struct
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from fake_litellm._request import MalformedRequestError, read_body, read_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import WSGIApplication

    from fake_litellm._request import Head

HEADER_LINES = "fake_litellm.header_lines"
HEAD = "fake_litellm.head"

_PHRASES = {status.value: status.phrase for status in HTTPStatus}  # 529 has none: left empty
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


class Unhurried(bytes):
    """A piece of a response body that may wait for the next one before it is sent."""

    __slots__ = ()


def reset(connection: socket.socket) -> None:
    """End a connection with TCP RST.

    With a zero linger time the kernel sends RST; detaching keeps socketserver from sending FIN.
    """
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(connection.detach())


def _mentions(head: Head, name: str, option: str) -> bool:
    """Whether a header that lists options has this one."""
    listed = ",".join(head.values(name)).lower().split(",")
    return option in (word.strip() for word in listed)


class WireHandler(WSGIRequestHandler):
    """Serves one connection: many requests, each recorded as it was sent."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each small write waits 40 ms for an ACK
    wbufsize = 65536
    server: WireServer
    head: Head
    body: bytes

    def handle_one_request(self) -> None:
        """Read a request and answer it; answer 400 and close where it is not HTTP."""
        self.close_connection = True
        try:
            head = read_head(self.rfile)
            if head is not None:
                self._take(head)
        except MalformedRequestError as error:
            self._refuse(error)
            return
        if head is not None:
            self.run_wsgi()

    def _take(self, head: Head) -> None:
        """Set what Werkzeug reads of a request, and read the body."""
        self.head = head
        # LiteLLM's server takes a target of another form, such as a whole URL, for a path.
        path = head.target if head.target.startswith("/") else f"/{head.target}"
        self.command, self.path, self.request_version = head.method, path, head.version
        self.headers = Headers(head.headers)  # type: ignore[assignment]
        if _mentions(head, "expect", "100-continue"):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.body = read_body(self.rfile, head)
        # Like uvicorn, HTTP/1.0 is never kept alive.
        self.close_connection = head.version == "HTTP/1.0" or _mentions(head, "connection", "close")

    def make_environ(self) -> dict[str, Any]:
        """Add the untouched header lines, which Werkzeug folds, and the body, already read."""
        environ: dict[str, Any] = super().make_environ()
        environ[HEADER_LINES] = self.head.headers
        environ[HEAD] = self.head.raw
        environ["wsgi.input"] = io.BytesIO(self.body)
        environ["wsgi.input_terminated"] = True
        return environ

    def run_wsgi(self) -> None:
        """Answer one request and leave the connection open for the next."""
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
        head = self._response_head(code, headers, chunked=chunked)
        for data in () if bodiless else body:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if chunked and data else data
            self.wfile.write(head + framed)
            head = b""
            if not isinstance(data, Unhurried):
                self.wfile.flush()
            if not data:
                self._check_client()
        self.wfile.write(head + (b"0\r\n\r\n" if chunked else b""))
        self.wfile.flush()

    def _check_client(self) -> None:
        """Notice that the client left; a body that pauses asks for it with an empty piece.

        Who speaks TLS is not looked at: what could be read there need not be a request.
        """
        if isinstance(self.connection, ssl.SSLSocket):
            return
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError("the client left")

    def _response_head(self, code: int, headers: list[tuple[str, str]], *, chunked: bool) -> bytes:
        """Format the head as uvicorn does: lower-case names, `date` first, no `server`."""
        lines = [f"HTTP/1.1 {code} {_PHRASES.get(code, '')}", f"date: {self.date_time_string()}"]
        lines += [f"{name.lower()}: {value}" for name, value in headers]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def _refuse(self, error: MalformedRequestError) -> None:
        self.server.record_malformed(error, self.client_address[1])
        if error.client_left:
            return
        self.wfile.write(
            b"HTTP/1.1 400 Bad Request\r\n"
            b"content-type: text/plain; charset=utf-8\r\n"
            b"Connection: close\r\n\r\n" + _MALFORMED_BODY
        )
        self.wfile.flush()
        # To close with unread data would send RST, and the client could lose the answer.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1.0)
            while self.rfile.read1(65536):
                pass

    def _cut(self, cut: CutConnection) -> None:
        self.close_connection = True
        self.wfile.write(cut.prefix)
        self.wfile.flush()
        if cut.reset:
            reset(self.connection)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the journal holds every request."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing, as `log_request`."""


class WireServer(ThreadedWSGIServer):
    """Werkzeug's threaded server on a listening socket that is already bound.

    Args:
        listener: The listening socket; the server keeps a duplicate.
        app: The WSGI application.
        record_malformed: Called for each request that is not HTTP, with the error and the
            client's port.
        tls: What to speak TLS with, or `None`.
    """

    allow_reuse_address: ClassVar[bool] = True  # type: ignore[misc]

    def __init__(
        self,
        listener: socket.socket,
        app: WSGIApplication,
        record_malformed: Callable[[MalformedRequestError, int], None],
        tls: ssl.SSLContext | None,
    ) -> None:
        host, port = listener.getsockname()[:2]
        self.connections: set[socket.socket] = set()
        self.record_malformed = record_malformed
        self.resets_due = 0
        self._tls = tls
        super().__init__(host, port, app, WireHandler, fd=listener.fileno())

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401, ARG002
        """Reset the connection where that is due, before anything is read."""
        if self.resets_due == 0:
            return True
        self.resets_due -= 1
        reset(request)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Remember the connection, so that stopping the server ends it."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve the connection, by TLS where that is due.

        Its handshake belongs to the connection's thread: Werkzeug's would keep others waiting.
        """
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        self.connections.discard(request)  # whose file the next line takes over
        with self._tls.wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        ) as secured:
            self.connections.add(secured)
            try:
                secured.do_handshake()
                super().finish_request(secured, client_address)
            finally:
                self.connections.discard(secured)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        """Forget the connection."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Stay silent when the client left in mid-answer; the application keeps other errors."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def shutdown(self) -> None:
        """Stop listening, and wait until nothing is accepted any more."""
        # Wakes the loop at once on Linux; elsewhere it looks when its poll interval is over.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        super().shutdown()

    def close_connections(self) -> None:
        """End every open connection, so that no thread outlives the server."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # the client left first
                connection.shutdown(socket.SHUT_RDWR)
