"""The scripted upstream's bodies: chat, text completions, embeddings and responses."""

from __future__ import annotations

import base64
import json
import struct
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_litellm import Reply, ToolCall

    Body = Callable[[Reply, dict[str, Any]], dict[str, Any]]
    Stream = Callable[[Reply, dict[str, Any]], Iterator[bytes]]


def chat(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Build a chat completion, with as many choices as the request's `n`."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        message["content"] = reply.text or None
        message["tool_calls"] = [_tool_call(call) for call in reply.tool_calls]
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    choice = {"message": message, "finish_reason": reply.finish_reason}
    return {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": index} | choice for index in range(body.get("n") or 1)],
        "usage": _usage(reply),
    }


def stream_chat(reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
    """Yield the events of a streamed chat completion."""
    base = {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body["model"],
    }
    for delta in _deltas(reply):
        yield _event(base | {"choices": [_choice(delta, None)]})
    yield _event(base | {"choices": [_choice({}, reply.finish_reason)]})
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(base | {"choices": [], "usage": _usage(reply)})
    yield b"data: [DONE]\n\n"


def _choice(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    if reply.reasoning:
        yield {"reasoning_content": reply.reasoning}
    for piece in reply.streamed_pieces():
        yield {"content": piece}
    for index, call in enumerate(reply.tool_calls):
        opening = _tool_call(call)
        opening["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index} | opening]}
        for part in _halves(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


def completion(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Build a text completion."""
    return _text_chunk(reply.text, body, reply.finish_reason) | {"usage": _usage(reply)}


def stream_completion(reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
    """Yield the events of a streamed text completion."""
    for piece in reply.streamed_pieces():
        yield _event(_text_chunk(piece, body, None))
    yield _event(_text_chunk("", body, reply.finish_reason))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(_text_chunk("", body, None) | {"choices": [], "usage": _usage(reply)})
    yield b"data: [DONE]\n\n"


def _text_chunk(text: str, body: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}],
    }


def embeddings(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Build one vector per input."""
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vector: Any = [0.1, 0.2, 0.3]
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<3f", *vector)).decode()
    vectors = [
        {"object": "embedding", "index": index, "embedding": vector} for index in range(len(inputs))
    ]
    counted = reply.usage.prompt_tokens
    usage = {"prompt_tokens": counted, "total_tokens": counted}
    return {"object": "list", "data": vectors, "model": body["model"], "usage": usage}


def response(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Build a finished response of the responses API."""
    return _response(reply, body, "completed", _items(reply))


def stream_response(reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
    """Yield the events of the responses API, numbered."""
    for number, (kind, fields) in enumerate(_response_events(reply, body)):
        data = {"type": kind, "sequence_number": number} | fields
        yield f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _response_events(reply: Reply, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    begun = _response(reply, body, "in_progress", [])
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    items = _items(reply)
    for index, item in enumerate(items):
        place = {"output_index": index}
        opened = item | {"status": "in_progress"}
        yield "response.output_item.added", place | {"item": opened | _emptied(item)}
        yield from _item_events(reply, item, {"item_id": item["id"]} | place)
        yield "response.output_item.done", place | {"item": item}
    yield "response.completed", {"response": begun | _response(reply, body, "completed", items)}


def _emptied(item: dict[str, Any]) -> dict[str, Any]:
    return {"arguments": ""} if item["type"] == "function_call" else {"content": []}


def _item_events(
    reply: Reply, item: dict[str, Any], place: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if item["type"] == "function_call":
        name = "response.function_call_arguments"
        for part in _halves(item["arguments"]):
            yield f"{name}.delta", place | {"delta": part}
        yield f"{name}.done", place | {"arguments": item["arguments"]}
        return
    place = place | {"content_index": 0}
    part = item["content"][0]
    yield "response.content_part.added", place | {"part": part | {"text": ""}}
    for piece in reply.streamed_pieces():
        yield "response.output_text.delta", place | {"delta": piece, "logprobs": []}
    yield "response.output_text.done", place | {"text": reply.text, "logprobs": []}
    yield "response.content_part.done", place | {"part": part}


def _items(reply: Reply) -> list[dict[str, Any]]:
    calls = [_function_call(call) for call in reply.tool_calls]
    return calls if calls and not reply.text else [_message(reply.text), *calls]


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"id": f"msg_{uuid.uuid4().hex}", "type": "message", "status": "completed"}
    return message | {"content": [part], "role": "assistant"}


def _function_call(call: ToolCall) -> dict[str, Any]:
    return {
        "id": f"fc_{uuid.uuid4().hex}",
        "type": "function_call",
        "status": "completed",
        "arguments": call.arguments,
        "call_id": call.id,
        "name": call.name,
    }


def _response(
    reply: Reply, body: dict[str, Any], status: str, items: list[dict[str, Any]]
) -> dict[str, Any]:
    counts = reply.usage
    usage = {
        "input_tokens": counts.prompt_tokens,
        "input_tokens_details": {"cached_tokens": counts.cached_tokens},
        "output_tokens": counts.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning_tokens},
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
    }
    repeated = {name: body[name] for name in _REPEATED if body.get(name) is not None}
    return (
        _RESPONSE
        | repeated
        | {
            "id": f"resp_{uuid.uuid4().hex}",
            "created_at": int(time.time()),
            "status": status,
            "model": body["model"],
            "output": items,
            "usage": usage if status == "completed" else None,
        }
    )


def _tool_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _usage(reply: Reply) -> dict[str, Any]:
    counts = reply.usage
    usage: dict[str, Any] = {
        "prompt_tokens": counts.prompt_tokens,
        "completion_tokens": counts.completion_tokens,
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
    }
    if counts.reasoning_tokens:
        usage["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning_tokens}
    if counts.cached_tokens:
        usage["prompt_tokens_details"] = {"cached_tokens": counts.cached_tokens}
    return usage


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


# Unlike the other APIs, this one has but one provider, whose every key clients may read.
_RESPONSE: dict[str, Any] = {
    "id": "",
    "object": "response",
    "created_at": 0,
    "status": "",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "model": "",
    "output": [],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "usage": None,
    "user": None,
}

_REPEATED = ("instructions", "metadata", "previous_response_id", "store", "tools", "user")

BODIES: dict[str, Body] = {
    "/chat/completions": chat,
    "/completions": completion,
    "/embeddings": embeddings,
    "/responses": response,
}
STREAMS: dict[str, Stream] = {
    "/chat/completions": stream_chat,
    "/completions": stream_completion,
    "/responses": stream_response,
}
