"""What the fake's journal says of a conversation, and the table that tells it."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue import Client

    from fake_litellm import RecordedRequest


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table; `side_calls` are the requests beside the turns' own."""

    client: str
    version: str
    route: str
    requests: str
    side_calls: str
    session_header: str
    filed_under: str
    source: str


def own_requests(
    journal: Sequence[RecordedRequest], client: Client, prompts: tuple[str, str]
) -> tuple[RecordedRequest, RecordedRequest]:
    """Return the request of each turn: of those that hold its prompt and no later one, the longest.

    An agent asks for more than answers: a title, what to remember. Its own request is the longest,
    for it alone carries the system prompt, every tool and the whole history.
    """
    first, second = prompts
    asked = [record for record in journal if record.path == client.route]
    of_second = [record for record in asked if second in text(record)]
    of_first = [record for record in asked if first in text(record) and record not in of_second]
    counts = len(of_first), len(of_second)
    seen = [f"{record.method} {record.path} {record.status}" for record in journal]
    assert all(counts), f"{counts} requests of the turns reached {client.route}; all: {seen}"
    return _longest(of_first), _longest(of_second)


def _longest(records: Sequence[RecordedRequest]) -> RecordedRequest:
    return max(records, key=lambda record: len(record.body))


def text(record: RecordedRequest) -> str:
    """Return a request's body as text."""
    return record.body.decode()


def row(
    client: Client,
    journal: Sequence[RecordedRequest],
    own: tuple[RecordedRequest, RecordedRequest],
) -> Row:
    """Tell what was seen of a client."""
    last = own[1]
    source = last.session.source or ""
    sent = [name for name, _ in last.headers if name.lower() == source]
    return Row(
        client=client.name,
        version=client.version,
        route=client.route,
        requests=str(len(journal)),
        side_calls=_side_calls([one for one in journal if one not in own], last) or "none",
        session_header=", ".join(sent) or "none",
        filed_under=last.session.session_id or f"none: {client.why}",
        source=source,
    )


def _side_calls(records: Sequence[RecordedRequest], own: RecordedRequest) -> str:
    """Tell which requests came beside the turns, and where those with another session went."""
    told = []
    for record in records:
        session = record.session.session_id
        elsewhere = f" (filed under {session})" if session != own.session.session_id else ""
        refused = f" {record.status}" if (record.status or 200) >= 400 else ""
        told.append(f"{record.method} {record.path}{refused}{elsewhere}")
    return ", ".join(f"{count} x {one}" for one, count in Counter(told).items())


def table(rows: Sequence[Row]) -> str:
    """Write a Markdown table."""
    head = [field.name.replace("_", " ") for field in fields(Row)]
    lines = [head, ["---"] * len(head), *map(astuple, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
