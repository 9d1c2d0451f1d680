"""Sends one request as bytes and reads its answer, HTTP chunk by HTTP chunk."""

from __future__ import annotations

import gzip
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_SECONDS = 60.0
_NO_BODY = {"101", "204", "304"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response as it was on the wire.

    Attributes:
        status: The status line.
        headers: `(name, value)` of each line, in order.
        pieces: The body; one piece per HTTP chunk where it is chunked.
        end: `complete`, or how the connection ended before that: `cut`, `reset`, `silence`.
    """

    status: str
    headers: list[tuple[str, str]]
    pieces: list[bytes]
    end: str = "complete"

    @property
    def code(self) -> int:
        """The status code; 0 where no answer came."""
        return int(self.status.split(" ")[1]) if self.status else 0

    @property
    def body(self) -> bytes:
        """The whole body, as it was sent."""
        return b"".join(self.pieces)

    @property
    def content(self) -> bytes:
        """The whole body, unpacked."""
        packed = self.header("content-encoding") == "gzip"
        return gzip.decompress(self.body) if packed else self.body

    def header(self, name: str) -> str | None:
        """Return the value of the first header line called `name`."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class _EndedError(Exception):
    """The server ended the connection within an answer."""


def exchange(port: int, request: bytes) -> Answer:
    """Send `request` on a connection of its own and return the answer to it."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        with connection.makefile("rb") as file:
            return _read(file, bodiless=request.startswith(b"HEAD "))


def _read(file: BinaryIO, *, bodiless: bool) -> Answer:
    status, end = "", "complete"
    headers: list[tuple[str, str]] = []
    pieces: list[bytes] = []
    try:
        status, headers = _head(file)
        while status.startswith("HTTP/1.1 100"):
            status, headers = _head(file)
        if not bodiless and status.split(" ")[1] not in _NO_BODY:
            _body(file, {name.lower(): value for name, value in headers}, pieces)
    except ConnectionResetError:
        end = "reset"
    except TimeoutError:
        end = "silence"
    except _EndedError:
        end = "cut"
    return Answer(status=status, headers=headers, pieces=pieces, end=end)


def _head(file: BinaryIO) -> tuple[str, list[tuple[str, str]]]:
    lines: list[str] = []
    while (line := file.readline()) != b"\r\n":
        if not line.endswith(b"\r\n"):
            raise _EndedError
        lines.append(line[:-2].decode("latin-1"))
    fields = [line.partition(":") for line in lines[1:]]
    return lines[0], [(name, value.strip()) for name, _, value in fields]


def _body(file: BinaryIO, fields: dict[str, str], pieces: list[bytes]) -> None:
    if fields.get("transfer-encoding") == "chunked":
        while piece := _chunk(file):
            pieces.append(piece)
    elif "content-length" in fields:
        size = int(fields["content-length"])
        pieces.append(file.read(size))
        if len(pieces[0]) < size:
            raise _EndedError
    else:
        pieces.append(file.read())


def _chunk(file: BinaryIO) -> bytes:
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise _EndedError
    data = file.read(int(line, 16) + 2)
    if not data.endswith(b"\r\n"):
        raise _EndedError
    return data[:-2]
