"""Reading one HTTP/1.1 request from a connection, as strict as httptools, LiteLLM's parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from io import BufferedIOBase

_REQUEST_LINE = re.compile(r"([A-Z][A-Z-]*) ((?:/|\*|https?://)[!-~]*) (HTTP/1\.[01])\r\n")
_HEADER_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)\r\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t]*;[^\r\n]*)?\r\n")


class MalformedRequestError(ValueError):
    """The bytes on the wire are not an HTTP/1.1 request; the text says why.

    Args:
        reason: What is wrong.
        head: What was read of request line and header lines.
        client_left: Whether the connection ended within the request, so that nobody waits for
            an answer.
    """

    def __init__(self, reason: str, head: bytes, *, client_left: bool = False) -> None:
        super().__init__(reason)
        self.head = head
        self.client_left = client_left


@dataclass(frozen=True, kw_only=True)
class Head:
    """Request line and header lines; `raw` is both, byte for byte, with the empty line."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    raw: bytes

    def values(self, name: str) -> list[str]:
        """Return the values of every header line called `name`, in any letter case."""
        return [value for key, value in self.headers if key.lower() == name]


def read_head(file: BufferedIOBase) -> Head | None:
    """Read up to the empty line; `None` where the client is done.

    Raises:
        MalformedRequestError: as LiteLLM would refuse it. A bad request line is refused at once:
            what sent it may wait for the answer before it sends more.
    """
    line = file.readline()
    if not line:
        return None
    first = _REQUEST_LINE.fullmatch(line.decode("latin-1"))
    if first is None or not _is_url(first[2]):
        raise MalformedRequestError(f"bad request line {line!r}", line)
    lines = [line]
    while (line := file.readline()) not in {b"\r\n", b"\n", b""}:
        lines.append(line)
    raw = b"".join([*lines, line])
    if not line:
        raise MalformedRequestError("the connection ended within the head", raw, client_left=True)
    headers = [_header(line, raw) for line in lines[1:]]
    head = Head(method=first[1], target=first[2], version=first[3], headers=headers, raw=raw)
    hosts = len(head.values("host"))
    if hosts > 1 or (head.version == "HTTP/1.1" and not hosts):
        raise MalformedRequestError("two Host headers" if hosts else "no Host header", raw)
    return head


def read_body(file: BufferedIOBase, head: Head) -> bytes:
    """Read the body that the header lines announce; a chunked one arrives joined.

    Raises:
        MalformedRequestError: its length is not announced properly, or it ends too early.
    """
    lengths, codings = head.values("content-length"), head.values("transfer-encoding")
    if codings:
        if lengths or codings[-1].lower().split(",")[-1].strip() != "chunked":
            raise MalformedRequestError("bad Transfer-Encoding", head.raw)
        return b"".join(_chunks(file, head))
    if not lengths:
        return b""
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
        raise MalformedRequestError("bad Content-Length", head.raw)
    return _exactly(file, int(lengths[0]), head)


def lenient_headers(head: bytes) -> list[tuple[str, str]]:
    """Split the header lines of a malformed head as well as can be, for whoever looks at them."""
    lines = head.decode("latin-1").splitlines()[1:]
    pairs = (line.partition(":") for line in lines if line)
    return [(name, value.strip(" \t")) for name, _, value in pairs]


def _is_url(target: str) -> bool:
    try:
        urlsplit(target)
    except ValueError:
        return False
    return True


def _header(line: bytes, raw: bytes) -> tuple[str, str]:
    found = _HEADER_LINE.fullmatch(line.decode("latin-1"))
    if found is None:
        raise MalformedRequestError(f"bad header line {line!r}", raw)
    return found[1], found[2].strip(" \t")


def _chunks(file: BufferedIOBase, head: Head) -> list[bytes]:
    chunks = []
    while size := _chunk_size(file, head):
        chunks.append(_exactly(file, size, head))
        if _exactly(file, 2, head) != b"\r\n":
            raise MalformedRequestError("a chunk is longer than announced", head.raw)
    while (line := file.readline()) not in {b"\r\n", b"\n"}:  # trailer lines
        if not line:
            raise _ended(head)
    return chunks


def _chunk_size(file: BufferedIOBase, head: Head) -> int:
    line = file.readline()
    found = _CHUNK_SIZE.fullmatch(line)
    if found is None:
        raise MalformedRequestError(f"bad chunk size {line!r}", head.raw) if line else _ended(head)
    return int(found[1], 16)


def _exactly(file: BufferedIOBase, size: int, head: Head) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise _ended(head)
    return data


def _ended(head: Head) -> MalformedRequestError:
    return MalformedRequestError("the connection ended within the body", head.raw, client_left=True)
