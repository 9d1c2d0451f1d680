"""Bodies of chat completions as LiteLLM writes them: compact, raw UTF-8, null fields left out.

Measured on LiteLLM 1.106.2 and 1.109.1 with an upstream; each function names what is particular.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm._replies import Reply, ToolCall, Usage

DONE_EVENT = b"data: [DONE]\n\n"
_EMPTY_USAGE_CHOICES_SINCE = Version("1.109.1")


def encode(value: Any) -> bytes:  # noqa: ANN401
    """Serialise as LiteLLM does: no spaces, UTF-8 unescaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def decode(body: bytes) -> Any:  # noqa: ANN401
    """Parse as LiteLLM does: no NaN, no lone surrogates.

    Raises:
        UnicodeDecodeError: the body is not UTF-8.
        ValueError: it is not JSON.
    """
    text = body.decode()
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            encode(value)
    except (UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"unexpected {name}")


def event(value: Any) -> bytes:  # noqa: ANN401
    """Frame one server-sent event; LiteLLM sends each in an HTTP chunk of its own."""
    return b"data: " + encode(value) + b"\n\n"


def completion(reply: Reply, model: str) -> dict[str, Any]:
    """Build the JSON answer; `model` is the alias the client asked for."""
    message: dict[str, Any] = {"content": reply.text, "role": "assistant"}
    if reply.tool_calls:
        # LiteLLM keeps `"content": null` here, and puts it last.
        calls = [_tool_call(call) for call in reply.tool_calls]
        message = {"role": "assistant", "tool_calls": calls, "content": None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    return {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "created": int(time.time()),
        "model": model,
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


def chunks(
    reply: Reply, model: str, *, include_usage: bool, litellm: Version
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a stream, the usage chunk last, without `[DONE]`.

    `finish_reason` is absent, not null, until the last delta; 1.106.2 gives the usage chunk a
    choice with an empty delta, 1.109.1 an empty list.
    """
    base = {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "created": int(time.time()),
        "model": model,
        "object": "chat.completion.chunk",
    }
    for delta in _deltas(reply):
        yield base | {"choices": [{"index": 0, "delta": delta}]}
    yield base | {"choices": [{"finish_reason": reply.finish_reason, "index": 0, "delta": {}}]}
    if include_usage:
        empty = litellm >= _EMPTY_USAGE_CHOICES_SINCE
        choices: list[Any] = [] if empty else [{"index": 0, "delta": {}}]
        yield base | {"choices": choices, "usage": usage(reply.usage)}


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"content": "", "role": "assistant"}
    if reply.reasoning:
        yield {"reasoning_content": reply.reasoning}
    if reply.text and not reply.tool_calls:
        for piece in reply.streamed_pieces():
            yield {"content": piece}
    for index, call in enumerate(reply.tool_calls):
        opening = _tool_call(call)
        opening["function"]["arguments"] = ""
        yield {"tool_calls": [opening | {"index": index}]}
        middle = len(call.arguments) // 2
        for part in (call.arguments[:middle], call.arguments[middle:]):
            # Unlike OpenAI, LiteLLM repeats the type on every argument delta.
            delta = {"function": {"arguments": part}, "type": "function", "index": index}
            yield {"tool_calls": [delta]}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "function": {"arguments": call.arguments, "name": call.name},
        "type": "function",
    }
