"""What the fake's journal says of a conversation, and the table that tells it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue import Client
    from fake_litellm import RecordedRequest


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table; `side_calls` are the requests beside one for each turn."""

    client: str
    version: str
    route: str
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
    assert all(counts), f"{counts} requests of the turns reached {client.route}; seen: {journal!r}"
    return _longest(of_first), _longest(of_second)


def _longest(records: Sequence[RecordedRequest]) -> RecordedRequest:
    return max(records, key=lambda record: len(record.body))


def text(record: RecordedRequest) -> str:
    """Return a request's body as text."""
    return record.body.decode()


def row(client: Client, journal: Sequence[RecordedRequest], last: RecordedRequest) -> Row:
    """Tell what was seen of a client."""
    source = last.session.source or ""
    sent = [name for name, _ in last.headers if name.lower() == source]
    posts = [record for record in journal if record.method == "POST"]
    return Row(
        client=client.name,
        version=client.version,
        route=client.route,
        side_calls=str(len(posts) - 2),
        session_header=", ".join(sent) or "none",
        filed_under=last.session.session_id or f"none: {client.why}",
        source=source,
    )


def table(rows: Sequence[Row]) -> str:
    """Write a Markdown table."""
    head = [field.name.replace("_", " ") for field in fields(Row)]
    lines = [head, ["---"] * len(head), *map(astuple, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
