"""A raw HTTP client: what is sent and what comes back, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openai
import pytest

from fake_litellm import FakeLiteLLM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response; `pieces` are its HTTP chunks where it is chunked."""

    head: bytes
    body: bytes
    pieces: tuple[bytes, ...] = ()

    @property
    def status_line(self) -> str:
        return self.head.decode("latin-1").split("\r\n")[0]

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ")[1])

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return dict(self.json["error"])

    @property
    def events(self) -> list[Any]:
        """The data of each server-sent event, parsed, without `[DONE]`."""
        texts = self.body.decode().removesuffix("data: [DONE]\n\n").split("\n\n")[:-1]
        return [json.loads(text.partition("data: ")[2]) for text in texts]


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, line: str, *headers: str, body: bytes = b"") -> None:
        """Send a request; header lines are latin-1 text, a body brings its content-length."""
        sized = [f"Content-Length: {len(body)}"] if body else []
        text = "\r\n".join([line, "Host: proxy", *headers, *sized, "", ""])
        self.send(text.encode("latin-1") + body)

    def get(self, target: str, *headers: str) -> Answer:
        self.request(f"GET {target} HTTP/1.1", *headers)
        return self.answer()

    def post(self, body: bytes, *headers: str) -> Answer:
        self.request("POST /v1/chat/completions HTTP/1.1", *headers, body=body)
        return self.answer()

    def call(self, path: str, body: Any, *headers: str) -> Answer:  # noqa: ANN401
        """Post JSON to a path and return the answer."""
        self.request(f"POST {path} HTTP/1.1", *headers, body=json.dumps(body).encode())
        return self.answer()

    def ask(self, *headers: str, **changes: Any) -> None:  # noqa: ANN401
        """Send a chat request; `changes` are keys of its body."""
        body = json.dumps(HELLO | changes).encode()
        self.request("POST /v1/chat/completions HTTP/1.1", *headers, body=body)

    def chat(self, *headers: str, **changes: Any) -> Answer:  # noqa: ANN401
        self.ask(*headers, **changes)
        return self.answer()

    def read_head(self) -> bytes:
        lines = [self.file.readline()]
        while lines[-1] != b"\r\n":
            if not lines[-1]:
                raise EOFError("the server ended the connection")
            lines.append(self.file.readline())
        return b"".join(lines)

    def read_piece(self) -> bytes:
        """Read one HTTP chunk; empty at the end of the body."""
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        assert self.file.read(2) == b"\r\n"
        return data

    def answer(self, *, bodiless: bool = False) -> Answer:
        head = self.read_head()
        fields = dict(Answer(head=head, body=b"").headers)
        if bodiless or fields.get("content-length") == "0" or head.startswith(b"HTTP/1.1 204"):
            return Answer(head=head, body=b"")
        if "content-length" in fields:
            return Answer(head=head, body=self.file.read(int(fields["content-length"])))
        if "Transfer-Encoding" in fields:
            pieces = tuple(iter(self.read_piece, b""))
            return Answer(head=head, body=b"".join(pieces), pieces=pieces)
        return Answer(head=head, body=self.file.read())

    def rest(self) -> bytes:
        """Read until the server ends the connection."""
        return self.file.read()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def connect() -> Iterator[Callable[[FakeLiteLLM], Wire]]:
    """Return a call that opens a connection to a server."""
    wires: list[Wire] = []

    def open_wire(server: FakeLiteLLM) -> Wire:
        wires.append(Wire(server.port))
        return wires[-1]

    yield open_wire
    for wire in wires:
        wire.close()


@pytest.fixture
def wire(fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]) -> Wire:
    """Return a connection to `fake_litellm`."""
    return connect(fake_litellm)


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeLiteLLM]]:
    """Return a call that starts a server with other settings."""
    servers: list[FakeLiteLLM] = []

    def start(**settings: Any) -> FakeLiteLLM:  # noqa: ANN401
        servers.append(FakeLiteLLM(**settings))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        if server.is_running():
            server.stop()


@pytest.fixture
def guarded(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> Callable[..., Wire]:
    """Return a call that connects to a server which wants a key, a session and a known model."""
    strict = {"api_key": "sk-master-1234", "missing_session_id": "reject", "models": ["gpt-4o"]}
    return lambda **settings: connect(serve(**{**strict, **settings}))


@pytest.fixture
def client(fake_litellm: FakeLiteLLM) -> Iterator[openai.OpenAI]:
    """Return the real SDK, pointed at `fake_litellm`, without retries."""
    url = f"{fake_litellm.base_url}/v1"
    with openai.OpenAI(base_url=url, api_key="sk-test", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def join_connections() -> Callable[[], bool]:
    """Return a call that waits until no thread serves a connection of this test any more.

    To be asked for before the server, so that threads of earlier tests do not count.
    """
    before = set(threading.enumerate())

    def join() -> bool:
        threads = [
            thread
            for thread in set(threading.enumerate()) - before
            if "process_request_thread" in thread.name
        ]
        for thread in threads:
            thread.join(10)
        return not any(thread.is_alive() for thread in threads)

    return join
