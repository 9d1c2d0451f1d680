"""The provider behind the real proxy: a small OpenAI-compatible server that reads from the script.

Its bodies are those of a plain OpenAI-compatible server, without OpenAI's own extras such as
`system_fingerprint` and `service_tier`, since the fake has none either.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from fake_litellm import Failure, Reply
from parity._scripts import upstream_answer
from parity._upstream_bodies import BODIES, STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

BEFORE_FAULT = 0.4  # the proxy must have passed on what came before, or a race decides the answer


# Events before the first piece of text.
_OPENING = {"/chat/completions": 1, "/completions": 0, "/responses": 4}

# LiteLLM names the failure by this type first, by the status second.
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    422: "unprocessable_entity_error",
    429: "rate_limit_error",
}


class Upstream:
    """Serves on a free port of 127.0.0.1 while it is entered."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The API's root, as `api_base` wants it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing where the proxy closes a connection early."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = upstream_answer(body)
        path = self.path.partition("?")[0].removeprefix("/v1")
        if path not in BODIES:
            self._send_json(404, _error(Failure(status=404)))
        elif isinstance(answer, Failure):
            self._send_json(answer.status, _error(answer))
        elif body.get("stream") is True:
            self._send_stream(answer, STREAMS[path](answer, body), _OPENING[path])
        else:
            self._send_json(200, BODIES[path](answer, body))

    def _send_json(self, status: int, value: Any) -> None:  # noqa: ANN401
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_stream(self, reply: Reply, events: Iterator[bytes], opening: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(events):
            if reply.ends != "done" and number >= opening + reply.ends_after:
                time.sleep(BEFORE_FAULT)
                if not self._send_fault(reply.ends):
                    return
                break
            self._send_piece(event)
        self.wfile.write(b"0\r\n\r\n")

    def _send_fault(self, kind: str) -> bool:
        """Break the stream; whether the HTTP message is to be ended in order all the same."""
        if kind == "drop":
            self.close_connection = True
            return False
        if kind == "error-event":
            error = {"message": "scripted failure in mid-stream", "type": "server_error"}
            self._send_piece(f"data: {json.dumps({'error': error})}\n\n".encode())
        if kind == "malformed":
            self._send_piece(b"data: {this is not JSON\n\n")
        return True

    def _send_piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Say nothing."""


def _error(failure: Failure) -> dict[str, Any]:
    kind = _ERROR_TYPES.get(failure.status, "server_error")
    error = {"message": "scripted failure", "type": kind, "param": failure.param, "code": None}
    return {"error": error}
