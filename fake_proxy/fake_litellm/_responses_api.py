"""`/v1/responses`: OpenAI's Responses API, as LiteLLM 1.106.2 passes it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from fake_litellm._bodies import DONE_EVENT, encode, event
from fake_litellm._demand import ANY_OBJECT, Demand, fields, forced, listed, tools
from fake_litellm._stream import SCRIPTED_FAILURE, Ending, Event
from fake_litellm._turn import Api, ErrorLines

if TYPE_CHECKING:
    from fake_litellm._turn import Turn

_Item: TypeAlias = dict[str, Any]
_Events: TypeAlias = Iterator[_Item]

# What OpenAI repeats from the request, and what it says where the request is silent.
_ECHOED: _Item = {
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "max_output_tokens": None,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}},
    "truncation": "disabled",
    "user": None,
    "store": True,
    "background": False,
}
_ORDER = (
    *("id", "created_at", "error", "incomplete_details", "instructions", "metadata", "model"),
    *("object", "output", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p"),
    *("max_output_tokens", "previous_response_id", "reasoning", "status", "text", "truncation"),
    *("usage", "user", "store", "background"),
)


# The keys that LiteLLM writes in a JSON answer, in its order; null where OpenAI has none. In events
# it passes on what comes.
_WRITTEN = {
    "message": ("id", "content", "role", "status", "type", "phase"),
    "output_text": ("annotations", "text", "type", "logprobs"),
    "function_call": (
        *("arguments", "call_id", "name", "type", "id", "caller", "namespace", "status"),
    ),
    "reasoning": ("id", "summary", "type", "content", "encrypted_content", "status"),
    "summary_text": ("text", "type"),
    "function": (
        *("name", "parameters", "strict", "type", "allowed_callers", "defer_loading"),
        *("description", "output_schema"),
    ),
}


def _answer(turn: Turn) -> _Item:
    response = _response(turn, "completed", _output(turn)) | {"usage": _usage(turn)}
    return response | {name: _written(response[name]) for name in ("output", "tools")}


def _written(value: Any) -> Any:  # noqa: ANN401
    """Give each object of a known type in a list its keys, down to the lists within it."""
    if not isinstance(value, list):
        return value
    return [_with_keys(item) if fields(item).get("type") in _WRITTEN else item for item in value]


def _with_keys(item: _Item) -> _Item:
    return {name: _written(item.get(name)) for name in _WRITTEN[item["type"]]}


def _response(turn: Turn, status: str, output: list[_Item]) -> _Item:
    asked = {name: turn.body.get(name) for name in _ECHOED}
    echoed = {name: _ECHOED[name] if asked[name] is None else asked[name] for name in _ECHOED}
    told = {
        "id": f"resp_{turn.id}",
        "created_at": turn.created,
        "model": turn.model,
        "object": "response",
        "output": output,
        "status": status,
    }
    return {name: (told | echoed).get(name) for name in _ORDER}


def _usage(turn: Turn) -> _Item:
    counts = turn.reply.usage
    return {
        "input_tokens": counts.prompt_tokens,
        "input_tokens_details": {
            "audio_tokens": None,
            "cached_tokens": counts.cached_tokens,
            **dict.fromkeys(("cached_tokens_details", "image_tokens", "text_tokens")),
            "video_tokens": None,
        },
        "output_tokens": counts.completion_tokens,
        "output_tokens_details": {
            "audio_tokens": None,
            "reasoning_tokens": counts.reasoning_tokens,
            "text_tokens": None,
        },
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
        "cost": None,
    }


def _output(turn: Turn) -> list[_Item]:
    calls = [_call(turn, index) for index in range(len(turn.reply.tool_calls))]
    reasoning = [_reasoning(turn)] if turn.reply.reasoning else []
    return [*reasoning, *([_message(turn)] if turn.text else []), *calls]


def _reasoning(turn: Turn) -> _Item:
    summary = [{"type": "summary_text", "text": turn.reply.reasoning}]
    return {"id": f"rs_{turn.id}", "type": "reasoning", "summary": summary}


def _message(turn: Turn) -> _Item:
    text = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}
    item = {"id": f"msg_{turn.id}", "type": "message", "status": "completed"}
    return item | {"content": [text], "role": "assistant"}


def _call(turn: Turn, index: int) -> _Item:
    call = turn.reply.tool_calls[index]
    return {
        "id": f"fc_{turn.id}-{index}",
        "type": "function_call",
        "status": "completed",
        "arguments": call.arguments,
        "call_id": call.id,
        "name": call.name,
    }


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the events: numbered, without an `event:` line, each with the model's alias."""
    for number, values in enumerate(_unnumbered(turn)):
        numbered = values | {"sequence_number": number, "model": turn.model}
        yield Event(event(numbered), piece="delta" in values or _names_tool(values))


def _names_tool(values: _Item) -> bool:
    if values["type"] != "response.output_item.added":
        return False
    return bool(values["item"]["type"] == "function_call")


def _unnumbered(turn: Turn) -> _Events:
    for kind in ("created", "in_progress"):
        started = _without_nulls(_response(turn, "in_progress", []))
        yield {"type": f"response.{kind}", "response": started, "sequence_number": 0}
    items = _output(turn)
    calls = iter(turn.reply.tool_calls)
    for index, item in enumerate(items):
        opened, events = _STREAMED[item["type"]]
        added = {"output_index": index, "item": item | opened}
        yield {"type": "response.output_item.added", **added, "sequence_number": 0}
        is_call = item["type"] == "function_call"
        pieces = next(calls).streamed_arguments() if is_call else turn.pieces
        yield from events(item, {"item_id": item["id"], "output_index": index}, pieces)
        done = {"output_index": index, "sequence_number": 0, "item": item}
        yield {"type": "response.output_item.done", **done}
    counts = _without_nulls(_usage(turn))
    for name in ("input_tokens_details", "output_tokens_details"):
        counts[name] = _without_nulls(counts[name])
    output = [_without_nulls(item) for item in _written(items)]
    ended = _without_nulls(_response(turn, "completed", output) | {"usage": counts})
    yield {"type": "response.completed", "response": ended, "sequence_number": 0}


def _message_events(item: _Item, place: _Item, pieces: tuple[str, ...]) -> _Events:
    name, at = "response.content_part", place | {"content_index": 0}
    (content,) = item["content"]
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    tail = {"sequence_number": 0, "logprobs": []}
    yield {"type": f"{name}.added", **at, "part": part}
    for piece in pieces:
        yield {"type": "response.output_text.delta", **at, "delta": piece, **tail}
    yield {"type": "response.output_text.done", **at, "text": content["text"], **tail}
    yield {"type": f"{name}.done", **at, "part": part | {"text": content["text"]}}


def _call_events(item: _Item, place: _Item, pieces: tuple[str, ...]) -> _Events:
    name = "response.function_call_arguments"
    for part in pieces:
        yield {"type": f"{name}.delta", **place, "delta": part}
    yield {"type": f"{name}.done", **place, "arguments": item["arguments"]}


def _reasoning_events(item: _Item, place: _Item, _pieces: tuple[str, ...]) -> _Events:
    name, at = "response.reasoning_summary", {"sequence_number": 0, **place, "summary_index": 0}
    (summary,) = item["summary"]
    part, text = {"type": "summary_text", "text": ""}, summary["text"]
    yield {"type": f"{name}_part.added", **at, "part": part}
    yield {"type": f"{name}_text.delta", **at, "delta": text}
    yield {"type": f"{name}_text.done", **at, "text": text}
    yield {"type": f"{name}_part.done", **at, "part": part | {"text": text}}


# By type of item: what it lacks when it is announced, and the events that fill it.
_STREAMED: dict[str, tuple[_Item, Callable[[_Item, _Item, tuple[str, ...]], _Events]]] = {
    "message": ({"status": "in_progress", "content": []}, _message_events),
    "function_call": ({"status": "in_progress", "arguments": ""}, _call_events),
    "reasoning": ({"summary": []}, _reasoning_events),
}


def _failure(turn: Turn, sent: int) -> tuple[bytes, ...]:
    """Frame a failure in mid-stream: the only event with an `event:` line."""
    error = {"code": "server_error", "message": SCRIPTED_FAILURE}
    response = _response(turn, "failed", []) | {"error": error}
    shown = ("id", "created_at", "error", "model", "object", "output", "status")
    failed = {
        "type": "response.failed",
        "response": {name: response[name] for name in shown},
        "sequence_number": sent,
    }
    return (b"event: response.failed\ndata: " + encode(failed) + b"\n\n", DONE_EVENT)


def _without_nulls(value: _Item) -> _Item:
    return {name: part for name, part in value.items() if part is not None}


def _demand(body: _Item) -> Demand:
    functions = [
        tool for tool in map(fields, listed(body.get("tools"))) if tool.get("type") == "function"
    ]
    wanted = fields(body, "text", "format")
    schema = ANY_OBJECT if wanted.get("type") == "json_object" else wanted.get("schema")
    choice = fields(body, "tool_choice")
    named = choice if choice.get("type") == "function" else {}
    offered = tools(functions, "parameters")
    return Demand(tool=forced(offered, body.get("tool_choice"), named), schema=schema)


responses = Api(
    route="/responses",
    filled=("input",),
    demand=_demand,
    answer=_answer,
    events=_events,
    ending=lambda turn: Ending(failure=lambda sent: _failure(turn, sent)),
    error_lines=ErrorLines(
        upstream="model-id version response-cost key-spend timeout", timeout="600.0"
    ),
)
