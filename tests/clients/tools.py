"""Having the fake call a tool of an agent."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from fake_litellm import Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalogue import Client

    from fake_litellm import RecordedRequest


def once(client: Client, values: Mapping[str, str]) -> Callable[[RecordedRequest], Reply | None]:
    """Call the client's tool in the answer to the first request that offers it."""
    tool = {name: Template(text).substitute(values) for name, text in (client.tool or {}).items()}
    due = [Reply(tool_calls=(ToolCall(**tool),))]

    def answer(recorded: RecordedRequest) -> Reply | None:
        offered = f'"{tool["name"]}"'.encode() in recorded.body
        return due.pop() if due and offered else None

    return answer
