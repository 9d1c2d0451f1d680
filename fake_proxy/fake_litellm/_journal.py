"""What reached the fake proxy: one record per request, in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from fake_litellm._errors import JournalBoundsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_litellm._session import Session

MOST_REQUESTS = 100_000
MOST_BYTES = 256 * 1024 * 1024


@dataclass(kw_only=True)
class RecordedRequest:
    """One request as it was on the wire.

    Attributes:
        method: The request method, as sent.
        path: The raw path of the request target, without the query.
        query: The raw query string, without the question mark.
        headers: `(name, value)` pairs in wire order; letter case, duplicates and underscores
            kept, bytes decoded as latin-1, optional whitespace around a value stripped
            (RFC 9110, 5.5).
        body: The decoded body (a chunked body arrives joined).
        json: The body parsed as JSON, or `None` where it is not JSON.
        received_at: Seconds since the epoch.
        status: The status the fake answered with; `None` until then, and where a scripted fault
            cut the connection before a status was sent.
        session: Under which session LiteLLM would file the request, and why.
        head: Request line and header lines, byte for byte.
        connection: The client's port: requests with the same number shared a connection.
        malformed: Why the request could not be understood as HTTP, or `None`. Such a request has
            no method, path and body; its header lines are split as well as can be.
    """

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    json: Any
    received_at: float
    status: int | None
    session: Session
    head: bytes = b""
    connection: int = 0
    malformed: str | None = None

    def header_values(self, name: str) -> list[str]:
        """Return the values of every header line called `name`, in any letter case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def size(self) -> int:
        """Bytes of its head and body."""
        return len(self.head) + len(self.body)

    def to_dict(self) -> dict[str, Any]:
        """Return the record in the shape of `GET /_fake/journal`."""
        return {
            "method": self.method,
            "path": self.path,
            "headers": [list(pair) for pair in self.headers],
            "json": self.json,
            "status": self.status,
            "session_id": self.session.session_id,
            "trace_id": self.session.trace_id,
            "source": self.session.source,
            "near_misses": list(self.session.near_misses),
        }


class Journal(Sequence[RecordedRequest]):
    """The recorded requests in order of arrival; safe to read while the server records.

    Beyond its bounds it drops the oldest, and counts them.

    Args:
        most_requests: How many requests to keep.
        most_bytes: How many bytes of heads and bodies to keep; the newest request is kept
            whatever its size.

    Attributes:
        dropped: How many requests arrived and are no longer here.
    """

    def __init__(self, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        if most_requests < 1 or most_bytes < 1:
            raise JournalBoundsError(
                "a journal keeps at least 1 request and 1 byte, "
                f"not {most_requests} requests and {most_bytes} bytes"
            )
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._records: deque[RecordedRequest] = deque()
        self._bytes = 0
        self._changed = threading.Condition(threading.RLock())
        self.dropped = 0

    def append(self, record: RecordedRequest) -> None:
        """Add a record and wake whoever waits for it."""
        with self._changed:
            self._records.append(record)
            self._bytes += record.size
            while len(self._records) > 1 and (
                len(self._records) > self._most_requests or self._bytes > self._most_bytes
            ):
                self._bytes -= self._records.popleft().size
                self.dropped += 1
            self._changed.notify_all()

    def note_status(self, record: RecordedRequest, status: int) -> None:
        """Complete a record with the status of its answer, and wake whoever waits for it."""
        with self._changed:
            record.status = status
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget every record."""
        with self._changed:
            self._records.clear()
            self._bytes = self.dropped = 0

    def wait_for(self, wanted: int | Callable[[Journal], bool], seconds: float = 5.0) -> bool:
        """Wait until `wanted` requests arrived, or until `wanted(journal)` is true.

        Those that were dropped count as well.

        Returns:
            Whether it came true within `seconds`.
        """

        def reached() -> bool:
            if isinstance(wanted, int):
                return len(self) + self.dropped >= wanted
            return wanted(self)

        with self._changed:
            return self._changed.wait_for(reached, seconds)

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        with self._changed:
            records = self._records
            return list(records)[index] if isinstance(index, slice) else records[index]

    def __iter__(self) -> Iterator[RecordedRequest]:
        """Iterate over what is there now."""
        with self._changed:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"Journal({list(self)!r})"
