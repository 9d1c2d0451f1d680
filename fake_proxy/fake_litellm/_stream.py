"""How a streamed answer goes out: piece by piece, held back, or broken on purpose."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from fake_litellm._bodies import DONE_EVENT, spaced_event
from fake_litellm._wire import CutConnection, Unhurried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from werkzeug.wrappers import Response

    from fake_litellm._replies import Reply
    from fake_litellm._stopping import Stopping

STALL_SECONDS = 60.0
SPLIT_PAUSE = 0.05
_CONTINUED = {bytes([byte]) for byte in range(0x80, 0xC0)}
"""The bytes of UTF-8 that go on with a character."""
MALFORMED = b"data: {this is not JSON\n\n"
SCRIPTED_FAILURE = "scripted failure in mid-stream"
_DONE_AFTER_ERROR_SINCE = Version("1.109.1")


class Event(NamedTuple):
    """One server-sent event; `piece` where it counts for `Reply.ends_after`."""

    data: bytes
    piece: bool = False


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How one API ends a stream.

    Attributes:
        failure: Builds what tells a failure in mid-stream, from the number of events before it.
        done: What ends a stream in good order.
        malformed: An event that is not JSON, where the API's clients look for one.
    """

    failure: Callable[[int], tuple[bytes, ...]]
    done: tuple[bytes, ...] = (DONE_EVENT,)
    malformed: bytes = MALFORMED


def stream(
    reply: Reply, events: Iterable[Event], ending: Ending, stopping: Stopping
) -> Iterator[bytes]:
    """Yield the events of a reply, one per HTTP chunk, up to the end the reply asks for."""
    pieces = _pieces(reply, events, ending, stopping)
    return _split(pieces, reply.split_every, stopping) if reply.split_every else pieces


def _pieces(
    reply: Reply, events: Iterable[Event], ending: Ending, stopping: Stopping
) -> Iterator[bytes]:
    """Yield the events of a reply, up to the end it asks for.

    The opening events do not count as pieces, and once the last piece is out none follows. A
    stream that nothing holds up goes out in one go.
    """
    sent = pieces = 0
    is_held_up = reply.ends != "done" or reply.piece_delay or reply.hold_in_stream
    for data, piece in events:
        if reply.ends != "done" and (pieces or piece) and pieces >= reply.ends_after:
            break
        if piece:
            stopping.sleep(reply.piece_delay)
        yield data if is_held_up else Unhurried(data)
        sent += 1
        pieces += piece
        if piece and pieces == 1 and reply.hold_in_stream is not None:
            reply.hold_in_stream.pass_through(stopping)
    yield from _end(reply, ending, sent, stopping)


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


def cut_in_stream() -> Iterator[bytes]:
    """Return a response body that resets the connection once the headers are out."""
    yield b""
    raise CutConnection(reset=True)


def error_events(litellm: Version, prefix: str = "") -> tuple[bytes, ...]:
    """Frame a failure in mid-stream as OpenAI's APIs do: unlike the chunks, with spaces.

    1.106.2 gives the error no type and ends without `[DONE]`; 1.109.1 does both.
    """
    later = litellm >= _DONE_AFTER_ERROR_SINCE
    error = {
        "message": f"{prefix}litellm.APIConnectionError: APIConnectionError: OpenAIException - "
        f"{SCRIPTED_FAILURE}",
        "type": "internal_server_error" if later else None,
        "param": None,
        "code": "500",
    }
    frame = spaced_event({"error": error})
    return (frame, DONE_EVENT) if later else (frame,)


def _split(pieces: Iterable[bytes], size: int, stopping: Stopping) -> Iterator[bytes]:
    """Cut events into HTTP chunks of `size` bytes, each sent by itself.

    Within a character there is a pause, so that a client reads its parts one after the other.
    """
    for piece in pieces:
        for start in range(0, len(piece) or 1, size):
            yield piece[start : start + size]
            if piece[start + size : start + size + 1] in _CONTINUED:
                stopping.sleep(SPLIT_PAUSE)


def _half(data: bytes, *, reset: bool) -> Iterator[bytes]:
    yield data
    raise CutConnection(reset=reset)


def _end(reply: Reply, ending: Ending, sent: int, stopping: Stopping) -> Iterator[bytes]:
    match reply.ends:
        case "done":
            yield from map(Unhurried, ending.done)
        case "drop" | "reset":
            yield b""  # sends the headers, where nothing else did
            raise CutConnection(reset=reply.ends == "reset")
        case "error-event":
            yield from ending.failure(sent)
        case "malformed":
            yield ending.malformed
            yield from ending.done
        case "stall":
            yield from _stall(stopping)


def _stall(stopping: Stopping) -> Iterator[bytes]:
    """Send nothing, until the client has left or the time is over."""
    deadline = time.monotonic() + STALL_SECONDS
    while time.monotonic() < deadline:
        stopping.sleep(0.05)
        yield b""
