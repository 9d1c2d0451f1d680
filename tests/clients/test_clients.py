"""Two turns of one conversation, by each client as its registry has it."""

from __future__ import annotations

import socket
from string import Template
from typing import TYPE_CHECKING

import catalogue
import conversation
import pytest
import tools

import results
from fake_litellm import FakeLiteLLM, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMPTS = ("What is the colour of a ripe lemon", "And what is the colour of a ripe plum")
REPLY = "Understood, said the fake."
SESSION = "conversation-20261123"
CLIENTS = catalogue.load()


@pytest.fixture
def fake() -> Iterator[FakeLiteLLM]:
    with FakeLiteLLM(reply=Reply(text=REPLY)) as server:
        yield server


def test_nothing_but_loopback_can_be_reached() -> None:
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 443), timeout=5)


@pytest.fixture
def values(fake: FakeLiteLLM, tmp_path: Path) -> dict[str, str]:
    """Return what the placeholders of `clients.toml` stand for."""
    first, second = PROMPTS
    return {
        "base_url": fake.base_url,
        "session": SESSION,
        "first": first,
        "second": second,
        "home": str(tmp_path / "home"),
    }


@pytest.mark.parametrize("client", [pytest.param(one, id=one.name) for one in CLIENTS])
def test_two_turns_of_one_conversation(
    client: catalogue.Client,
    fake: FakeLiteLLM,
    values: dict[str, str],
    rows: list[results.Row],
    not_installed: dict[str, str],
) -> None:
    assert client.name not in not_installed, not_installed[client.name]
    printed = conversation.hold(client, values)
    first, second = results.own_requests(fake.journal, client, PROMPTS)
    session = second.session.session_id
    row = results.row(client, fake.journal, (first, second))
    rows.append(row)

    assert "".join(printed).count(REPLY) >= 2, "a turn's answer is not shown"
    assert all(REPLY in one for one in printed)
    assert (first.status, second.status) == (200, 200)
    assert PROMPTS[0] in results.text(second), "the second turn forgot the first"
    told = [results.text(request).count(REPLY) for request in (first, second)]
    assert told[1] > told[0], "the second turn forgot the answer to the first"
    assert (first.session.source, second.session.source) == (client.source, client.source)
    assert (first.session.session_id, session is None) == (session, client.source is None)
    assert session is None or session in SESSION + printed[-1], "it is filed under what it named"
    # An agent that is done may leave before it asked for a title.
    expected = Template(client.side_calls).substitute(session=session)
    assert row.side_calls in ("none", expected)


@pytest.mark.parametrize(
    "client", [pytest.param(one, id=one.name) for one in CLIENTS if one.tool is not None]
)
def test_a_tool_that_the_fake_calls(
    client: catalogue.Client,
    fake: FakeLiteLLM,
    values: dict[str, str],
    not_installed: dict[str, str],
) -> None:
    assert client.name not in not_installed, not_installed[client.name]
    fake.answer_with(tools.once(client, values))
    printed = conversation.hold(client, values)
    first, second = results.own_requests(fake.journal, client, PROMPTS)
    assert all(REPLY in one for one in printed)
    assert conversation.NOTE in results.text(first), "the tool's result did not come back"
    assert conversation.NOTE in results.text(second), "the second turn forgot the tool's result"
    assert first.session.session_id == second.session.session_id
