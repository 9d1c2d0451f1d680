"""What a request demands of its answer: a tool that must be called, a schema for the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fake_litellm._bodies import encode
from fake_litellm._replies import Reply, ToolCall
from fake_litellm._schema_example import example

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_FIELDS: Mapping[str, Any] = {}
ANY_OBJECT = {"type": "object"}


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool the model may call, and the JSON Schema of its arguments."""

    name: str
    schema: object

    def call(self) -> ToolCall:
        """Return a call with arguments that satisfy the schema."""
        return ToolCall(name=self.name, arguments=_json(example(self.schema)))


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What an answer must hold.

    Attributes:
        tool: The tool that must be called.
        schema: The JSON Schema that the text must satisfy.
    """

    tool: Tool | None = None
    schema: object = None

    def met_by(self, reply: Reply) -> Reply:
        """Return the reply, changed so that it meets the demand."""
        if self.tool is not None and not reply.tool_calls:
            return replace(reply, text="", pieces=None, tool_calls=(self.tool.call(),))
        if self.schema is not None and not reply.tool_calls:
            return replace(reply, text=_json(example(self.schema)), pieces=None)
        return reply


def fields(value: object, *path: str) -> Mapping[str, Any]:
    """Return the object at `path` within `value`; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else NO_FIELDS


def listed(value: object) -> Sequence[Any]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else ()


def tools(described: Iterable[object], *schemas: str) -> list[Tool]:
    """Read tools with a name; the first of the fields `schemas` that is there is the schema."""
    return [
        Tool(name=name, schema=next((tool[key] for key in schemas if key in tool), ANY_OBJECT))
        for tool in map(fields, described)
        if isinstance(name := tool.get("name"), str)
    ]


def chosen(offered: Sequence[Tool], name: object = None) -> Tool | None:
    """Return the tool called `name`, or the first where any will do."""
    return next((tool for tool in offered if name in (None, tool.name)), None)


def forced(offered: Sequence[Tool], choice: object, named: Mapping[str, Any]) -> Tool | None:
    """Return the tool that OpenAI's `tool_choice` forces: any, or the one that `named` names."""
    if choice == "required":
        return chosen(offered)
    return chosen(offered, named.get("name")) if named else None


def _json(value: object) -> str:
    return encode(value).decode()
