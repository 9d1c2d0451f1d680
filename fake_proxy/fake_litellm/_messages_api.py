"""`/v1/messages`: Anthropic's API, as LiteLLM 1.106.2 serves it from an OpenAI model."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from fake_litellm import _response
from fake_litellm._demand import Demand, chosen, fields, listed, tools
from fake_litellm._stream import MALFORMED, SCRIPTED_FAILURE, Ending, Event
from fake_litellm._turn import Api, ErrorLines, arguments_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm._errors import ApiError
    from fake_litellm._turn import Turn

# https://docs.anthropic.com/en/api/errors
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_MESSAGE = {"type": "message", "role": "assistant"}


def _answer(turn: Turn) -> dict[str, Any]:
    return {
        "id": _id(turn),
        **_MESSAGE,
        "model": turn.model,
        "stop_sequence": None,
        "usage": _usage(turn),
        "content": list(_blocks(turn)),
        "stop_reason": _stop_reason(turn),
        "stop_details": None,
    }


def _id(turn: Turn) -> str:
    """Pack the deployment into the id, as LiteLLM does; the ids of streams are plain."""
    deployment = f"custom_llm_provider:openai;model_id:{_response.model_id(turn.model)}"
    packed = f"litellm:{deployment};response_id:resp_{turn.id.replace('-', '')}"
    return f"resp_{base64.b64encode(packed.encode()).decode()}"


def _blocks(turn: Turn) -> Iterator[dict[str, Any]]:
    if turn.reply.reasoning:
        yield {"type": "thinking", "thinking": turn.reply.reasoning, "signature": None}
    if turn.text:
        yield {"type": "text", "text": turn.text}
    for call in turn.reply.tool_calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name}
        yield block | {"input": arguments_of(call)}


def _usage(turn: Turn) -> dict[str, int]:
    """Build the usage; as Anthropic counts, input tokens are those that no cache held."""
    counts = turn.reply.usage
    cached, created = counts.cached_tokens, counts.cache_creation_tokens
    built = {
        "input_tokens": max(counts.prompt_tokens - cached - created, 0),
        "output_tokens": counts.completion_tokens,
    }
    caches = {"cache_creation_input_tokens": created, "cache_read_input_tokens": cached}
    return built | {name: count for name, count in caches.items() if count}


def _stop_reason(turn: Turn) -> str:
    return "tool_use" if turn.reply.tool_calls else "end_turn"


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the events; LiteLLM writes all of them with spaces."""
    none = dict.fromkeys(("input_tokens", "output_tokens"), 0)
    none |= dict.fromkeys(("cache_creation_input_tokens", "cache_read_input_tokens"), 0)
    message: dict[str, Any] = {
        "id": f"msg_{turn.id}",
        **_MESSAGE,
        "content": [],
        "model": turn.model,
        **dict.fromkeys(("stop_reason", "stop_sequence")),
        "usage": none,
    }
    yield _event("message_start", message=message)
    for index, (block, kind, parts) in enumerate(_streamed_blocks(turn)):
        names_tool = block["type"] == "tool_use"
        yield _event("content_block_start", piece=names_tool, index=index, content_block=block)
        field = kind.removesuffix("_delta")
        name = "partial_json" if field == "input_json" else field
        for part in parts:
            delta = {"type": kind, name: part}
            yield _event("content_block_delta", piece=True, index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    end = {"stop_reason": _stop_reason(turn), "stop_sequence": None}
    yield _event("message_delta", delta=end, usage=_usage(turn))
    yield _event("message_stop")


def _streamed_blocks(turn: Turn) -> Iterator[tuple[dict[str, Any], str, tuple[str, ...]]]:
    """Yield each block as it opens, the type of its deltas, and their content."""
    if turn.reply.reasoning:
        opening = {"type": "thinking", "thinking": "", "signature": ""}
        yield opening, "thinking_delta", (turn.reply.reasoning,)
    if turn.text:
        yield {"type": "text", "text": ""}, "text_delta", turn.pieces
    for call in turn.reply.tool_calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield block, "input_json_delta", call.streamed_arguments()


def _event(kind: str, *, piece: bool = False, **values: object) -> Event:
    data = json.dumps({"type": kind, **values})
    return Event(f"event: {kind}\ndata: {data}\n\n".encode(), piece)


def _failure(_sent: int) -> tuple[bytes, ...]:
    name = "litellm.InternalServerError: InternalServerError: OpenAIException"
    error = {"type": "api_error", "message": f"{name} - {SCRIPTED_FAILURE}"}
    return (_event("error", error=error).data,)


def envelope(error: ApiError) -> dict[str, Any]:
    """Build Anthropic's error envelope."""
    told: dict[str, Any] = {
        "type": _ERROR_TYPES.get(error.status, "api_error"),
        "message": error.message,
    }
    if error.repeated:
        told["provider_specific_fields"] = {"error": error.message}
    return {"type": "error", "error": told}


def _demand(body: dict[str, Any]) -> Demand:
    offered = tools(listed(body.get("tools")), "input_schema")
    choice = fields(body, "tool_choice")
    forced = chosen(offered, choice.get("name")) if choice.get("type") in ("any", "tool") else None
    wanted = fields(body, "output_config", "format") or fields(body, "output_format")
    return Demand(tool=forced, schema=wanted.get("schema"))


messages = Api(
    route="anthropic_messages",
    present=("messages", "max_tokens"),
    demand=_demand,
    answer=_answer,
    events=_events,
    ending=lambda _: Ending(
        failure=_failure, done=(), malformed=b"event: content_block_delta\n" + MALFORMED
    ),
    left_out=_response.UPSTREAM_LINES,
    left_out_streaming=_response.UPSTREAM_LINES,
    error_lines=ErrorLines(
        checked="",
        upstream="model-id version response-cost key-spend timeout",
        timeout="600.0",
    ),
    envelope=envelope,
)
