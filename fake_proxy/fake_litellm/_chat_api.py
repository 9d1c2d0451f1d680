"""`/v1/chat/completions`: bodies and chunks as LiteLLM writes them.

Measured on LiteLLM 1.106.2 and 1.109.1 with an upstream; each function names what is particular.
Null fields are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.version import Version

from fake_litellm._bodies import event, halves
from fake_litellm._demand import ANY_OBJECT, Demand, fields, forced, listed, tools
from fake_litellm._stream import Ending, Event, error_events
from fake_litellm._turn import Api, ErrorLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fake_litellm._replies import ToolCall, Usage
    from fake_litellm._turn import Turn

_EMPTY_USAGE_CHOICES_SINCE = Version("1.109.1")


def _answer(turn: Turn) -> dict[str, Any]:
    reply = turn.reply
    message: dict[str, Any] = {"content": reply.text, "role": "assistant"}
    if reply.tool_calls:
        # LiteLLM keeps `"content": null` here, and puts it last.
        calls = [_tool_call(call) for call in reply.tool_calls]
        message = {"role": "assistant", "tool_calls": calls, "content": None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    return {
        "id": f"chatcmpl-{turn.id}",
        "created": turn.created,
        "model": turn.model,
        "object": "chat.completion",
        "choices": [{"finish_reason": reply.finish_reason, "index": 0, "message": message}],
        "usage": usage(reply.usage),
    }


def usage(counts: Usage) -> dict[str, Any]:
    """Build the usage object; the details appear only where something was counted."""
    built: dict[str, Any] = {
        "completion_tokens": counts.completion_tokens,
        "prompt_tokens": counts.prompt_tokens,
        "total_tokens": counts.completion_tokens + counts.prompt_tokens,
    }
    if counts.reasoning_tokens:
        built["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning_tokens}
    if counts.cached_tokens or counts.cache_creation_tokens:
        built["prompt_tokens_details"] = {"cached_tokens": counts.cached_tokens}
        built["cache_read_input_tokens"] = counts.cached_tokens
        built["cache_creation_input_tokens"] = counts.cache_creation_tokens
    return built


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the chunks, the usage chunk last.

    `finish_reason` is absent, not null, until the last delta; 1.106.2 gives the usage chunk a
    choice with an empty delta, 1.109.1 an empty list.
    """
    base = {
        "id": f"chatcmpl-{turn.id}",
        "created": turn.created,
        "model": turn.model,
        "object": "chat.completion.chunk",
    }
    opening = {"index": 0, "delta": {"content": "", "role": "assistant"}}
    yield Event(event(base | {"choices": [opening]}))
    for delta in _deltas(turn):
        yield Event(event(base | {"choices": [{"index": 0, "delta": delta}]}), piece=True)
    last = {"finish_reason": turn.reply.finish_reason, "index": 0, "delta": {}}
    yield Event(event(base | {"choices": [last]}), piece=True)
    if turn.wants_usage:
        empty = turn.litellm >= _EMPTY_USAGE_CHOICES_SINCE
        choices: list[Any] = [] if empty else [{"index": 0, "delta": {}}]
        counts = {"choices": choices, "usage": usage(turn.reply.usage)}
        yield Event(event(base | counts), piece=True)


def _deltas(turn: Turn) -> Iterator[dict[str, Any]]:
    if turn.reply.reasoning:
        yield {"reasoning_content": turn.reply.reasoning}
    for piece in turn.pieces:
        yield {"content": piece}
    for index, call in enumerate(turn.reply.tool_calls):
        opening = _tool_call(call)
        opening["function"]["arguments"] = ""
        yield {"tool_calls": [opening | {"index": index}]}
        for part in halves(call.arguments):
            # Unlike OpenAI, LiteLLM repeats the type on every argument delta.
            delta = {"function": {"arguments": part}, "type": "function", "index": index}
            yield {"tool_calls": [delta]}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "function": {"arguments": call.arguments, "name": call.name},
        "type": "function",
    }


def _demand(body: dict[str, Any]) -> Demand:
    functions = [fields(tool, "function") for tool in listed(body.get("tools"))]
    offered = tools([*functions, *listed(body.get("functions"))], "parameters")
    named = fields(body, "tool_choice", "function") or fields(body, "function_call")
    tool = forced(offered, body.get("tool_choice"), named)
    return Demand(tool=tool, schema=_schema(fields(body, "response_format")))


def _schema(wanted: Mapping[str, Any]) -> object:
    if wanted.get("type") == "json_object":
        return ANY_OBJECT
    return fields(wanted, "json_schema").get("schema")


chat_completions = Api(
    route="/chat/completions",
    filled=("messages",),
    demand=_demand,
    answer=_answer,
    events=_events,
    ending=lambda turn: Ending(failure=lambda _: error_events(turn.litellm)),
    error_lines=ErrorLines(
        checked="response-cost key-spend",
        unknown_model="response-cost key-spend",
        upstream="response-cost key-spend timeout",
    ),
)
