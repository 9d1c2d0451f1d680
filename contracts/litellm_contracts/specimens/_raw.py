"""The correct handler over a bare socket: no SDK, and every byte of the request in its own hand."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litellm_contracts.specimens._base import SyncHandler
from litellm_contracts.specimens._sdk import certificates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from litellm_contracts.specimens._base import Turn

TIMEOUT = 30.0


class StatusError(Exception):
    """The proxy answered with an error.

    Args:
        response: The answer; its body is read.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        super().__init__(f"HTTP {response.status}: {response.read().decode()}")
        self.status_code = response.status
        self.response = response


class RawHandler(SyncHandler):
    """Writes HTTP by itself; a fault overrides `lines` or `head`."""

    def new_client(self, **_: Any) -> Any:  # noqa: ANN401
        """Build nothing: each request opens a connection of its own."""
        return None

    def lines(self, turn: Turn) -> list[tuple[str, str]]:
        """Return the header lines of a request, but for its length."""
        return [
            ("Host", urlsplit(self.base_url).netloc),
            ("Authorization", f"Bearer {self.api_key}"),
            ("Content-Type", "application/json"),
            ("Connection", "close"),
            *self.headers(turn).items(),
        ]

    def head(self, turn: Turn, body: bytes) -> bytes:
        """Return the request's head, byte for byte."""
        lines = [*self.lines(turn), ("Content-Length", str(len(body)))]
        first = f"POST {urlsplit(self.base_url).path}{self.path}/chat/completions HTTP/1.1"
        told = [first, *(f"{name}: {value}" for name, value in lines), "", ""]
        return "\r\n".join(told).encode("latin-1")

    def encoded(self, turn: Turn) -> bytes:
        """Return the body as it is sent."""
        return json.dumps(self.body(turn)).encode()

    def tail(self) -> bytes:
        """Return what follows the body."""
        return b""

    def ask(self, turn: Turn) -> http.client.HTTPResponse:
        """Send one request and return the response, its body unread."""
        place = urlsplit(self.base_url)
        address = (place.hostname, place.port)
        with (
            socket.create_connection(address, timeout=TIMEOUT) as plain,
            self.secured(plain) as connection,
        ):
            body = self.encoded(turn)
            connection.sendall(self.head(turn, body) + body + self.tail())
            response = http.client.HTTPResponse(connection)
            response.begin()  # the response keeps the socket open for its body
        if response.status >= 400:  # noqa: PLR2004
            raise StatusError(response)
        return response

    def secured(self, connection: socket.socket) -> socket.socket:
        """Return the connection, with TLS where the proxy speaks it."""
        place = urlsplit(self.base_url)
        if place.scheme != "https":
            return connection
        context = certificates(self.base_url)
        return context.wrap_socket(connection, server_hostname=place.hostname)

    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        """Send the request, again where that helps; return what it is answered with."""
        while True:
            try:
                response = self.ask(turn)
            except (OSError, http.client.HTTPException, StatusError) as error:
                if not self.is_retried(turn, error):
                    raise
                turn.attempt, turn.failure = turn.attempt + 1, error
            else:
                return json.load(response) if turn.is_prompt else self.events(response)

    def events(self, response: http.client.HTTPResponse) -> Iterator[Mapping[str, Any]]:
        """Yield the events of a stream."""
        with response:
            for line in response:
                if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                    yield self.read(json.loads(line.removeprefix(b"data: ")))

    def read(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an event of the stream.

        Raises:
            RuntimeError: where the proxy reports a failure in mid-stream.
        """
        if "error" in event:
            raise RuntimeError(event["error"]["message"])
        return event

    def text(self, answer: Any) -> str:  # noqa: ANN401
        """Return the text of a completion."""
        return answer["choices"][0]["message"]["content"] or ""

    def close(self) -> None:
        """Close nothing: no connection outlives its request."""
