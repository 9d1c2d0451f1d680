"""How a streamed answer goes out: piece by piece, held back, or broken on purpose."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from fake_litellm._bodies import DONE_EVENT, event
from fake_litellm._wire import CutConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response

    from fake_litellm._replies import Reply

STALL_SECONDS = 60.0
_DONE_AFTER_ERROR_SINCE = Version("1.109.1")


def stream(reply: Reply, chunks: Iterator[dict[str, Any]], *, litellm: Version) -> Iterator[bytes]:
    """Yield the events of a reply, one per HTTP chunk, up to the end the reply asks for.

    The opening delta without content does not count as a piece.
    """
    for number, chunk in enumerate(chunks):
        if reply.ends != "done" and number > reply.ends_after:
            yield from _broken_end(reply, litellm)
            return
        if number:
            time.sleep(reply.piece_delay)
        yield event(chunk)
        if number == 1 and reply.hold_in_stream is not None:
            reply.hold_in_stream.pass_through()
    if reply.ends != "done":
        yield from _broken_end(reply, litellm)
        return
    yield DONE_EVENT


def cut_json(response: Response, reply: Reply) -> Response:
    """Break off a JSON answer in the middle of its body, where the reply asks for it."""
    if reply.ends not in {"drop", "reset"}:
        return response
    half = response.get_data()
    response.response = _half(half[: len(half) // 2], reset=reply.ends == "reset")
    return response


def cut_in_headers() -> CutConnection:
    """Return the exception that resets the connection within the response head."""
    return CutConnection(reset=True, prefix=b"HTTP/1.1 200 OK\r\ncontent-ty")


def _half(data: bytes, *, reset: bool) -> Iterator[bytes]:
    yield data
    raise CutConnection(reset=reset)


def _broken_end(reply: Reply, litellm: Version) -> Iterator[bytes]:
    match reply.ends:
        case "drop" | "reset":
            raise CutConnection(reset=reply.ends == "reset")
        case "error-event":
            yield from _error_event(litellm)
        case "malformed":
            yield b"data: {this is not JSON\n\n"
            yield DONE_EVENT
        case "stall":
            yield from _stall()


def _stall() -> Iterator[bytes]:
    """Send nothing, until the client has left or the time is over."""
    deadline = time.monotonic() + STALL_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.05)
        yield b""


def _error_event(litellm: Version) -> Iterator[bytes]:
    """Yield a failure in mid-stream: unlike the chunks, with spaces after colons and commas.

    1.106.2 gives the error no type and ends without `[DONE]`; 1.109.1 does both.
    """
    later = litellm >= _DONE_AFTER_ERROR_SINCE
    error = {
        "message": "litellm.APIConnectionError: APIConnectionError: OpenAIException - "
        "scripted failure in mid-stream",
        "type": "internal_server_error" if later else None,
        "param": None,
        "code": "500",
    }
    yield f"data: {json.dumps({'error': error})}\n\n".encode()
    if later:
        yield DONE_EVENT
