"""`/v1/chat/completions`: bodies and chunks as LiteLLM writes them.

Measured on LiteLLM 1.106.2 and 1.109.1 with an upstream; each function names what is particular.
Null fields are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from packaging.version import Version

from fake_litellm._bodies import event
from fake_litellm._demand import ANY_OBJECT, NO_FIELDS, Demand, fields, forced, listed, tools
from fake_litellm._errors import ApiError, in_model_group
from fake_litellm._stream import Ending, Event, error_events
from fake_litellm._turn import Api, ErrorLines
from fake_litellm._words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fake_litellm._replies import Reply, ToolCall, Usage
    from fake_litellm._turn import Turn

_Body: TypeAlias = dict[str, Any]

_EMPTY_USAGE_CHOICES_SINCE = Version("1.109.1")
_NULLS_IN_PLACE_SINCE = Version("1.109.1")

# LiteLLM has a shorter way for chunks of nothing but text, and writes their keys in another order.
_KEYS = ("id", "created", "model", "object")
_TEXT_KEYS = ("id", "object", "created", "model")
_TEXT = {"role", "content"}


def _answer(turn: Turn) -> _Body:
    aside, in_place = _nulls(turn.litellm)
    delta, more, body = _extra(turn.reply)
    choice = {
        "finish_reason": turn.reply.finish_reason,
        "index": 0,
        "message": {**_message(turn.reply, aside), **delta},
    }
    return {
        "id": f"chatcmpl-{turn.id}",
        "created": turn.created,
        "model": turn.model,
        "object": "chat.completion",
        "choices": [{**choice, **in_place, **more}],
        "usage": usage(turn.reply.usage),
        **body,
    }


def _extra(reply: Reply) -> Iterator[Mapping[str, Any]]:
    """Yield the further fields of a delta or message, of its choice, and of the whole."""
    return (reply.extra.get(place, NO_FIELDS) for place in ("delta", "choice", "event"))


def _nulls(litellm: Version) -> tuple[_Body, _Body]:
    """Return what message and choice hold in place of the upstream's `refusal` and `logprobs`."""
    if litellm >= _NULLS_IN_PLACE_SINCE:
        return {"refusal": None}, {"logprobs": None}
    return {"provider_specific_fields": {"refusal": None}}, {"provider_specific_fields": {}}


def _message(reply: Reply, nulls: _Body) -> _Body:
    """Build the message; where tools are called and nothing is said, a null content comes last."""
    message: _Body = {"content": reply.text, "role": "assistant"}
    last: _Body = {}
    if reply.tool_calls:
        calls = [_sorted_keys(_tool_call(call)) for call in reply.tool_calls]
        said: _Body = {"content": reply.text} if reply.text else {}
        message = {**said, "role": "assistant", "tool_calls": calls}
        last = {} if said else {"content": None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    return message | nulls | last


def _sorted_keys(call: _Body) -> _Body:
    return {name: call[name] for name in sorted(call)}


def usage(counts: Usage, details: _Body | None = None) -> _Body:
    """Build the usage object; the details appear only where something was counted.

    `details` are those of the completion where the model counted no reasoning.
    """
    built: _Body = {
        "completion_tokens": counts.completion_tokens,
        "prompt_tokens": counts.prompt_tokens,
        "total_tokens": counts.completion_tokens + counts.prompt_tokens,
    }
    if counts.reasoning_tokens:
        details = {"reasoning_tokens": counts.reasoning_tokens}
    if details:
        built["completion_tokens_details"] = details
    if counts.cached_tokens or counts.cache_creation_tokens:
        built["prompt_tokens_details"] = {"cached_tokens": counts.cached_tokens}
    if counts.cache_creation_tokens:  # which only Anthropic counts, and under names of its own
        built["cache_read_input_tokens"] = counts.cached_tokens
        built["cache_creation_input_tokens"] = counts.cache_creation_tokens
    return built


def streamed_usage(turn: Turn) -> _Body:
    """Build a stream's usage, where LiteLLM counts by itself what the model did not."""
    return usage(turn.reply.usage, _counted(turn.reply))


def _counted(reply: Reply) -> _Body | None:
    """Tell text and reasoning apart; beside tool calls, LiteLLM does so only with reasoning."""
    if reply.tool_calls and not reply.reasoning:
        return None
    completion = reply.usage.completion_tokens
    reasoning = min(words(reply.reasoning), completion)
    return {"reasoning_tokens": reasoning, "text_tokens": completion - reasoning}


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the chunks, the usage chunk last.

    `finish_reason` is absent, not null, until the last delta; 1.106.2 gives the usage chunk a
    choice with an empty delta, 1.109.1 an empty list.
    """
    if first := turn.reply.extra.get("first"):
        yield Event(event({**_envelope(turn, _KEYS), "choices": [], **first}))
    yield Event(event(_chunk(turn, {"role": "assistant", "content": ""})))
    if turn.reply.extra.keys() - {"first"}:
        extra, more, body = _extra(turn.reply)
        yield Event(event({**_chunk(turn, extra, more), **body}), piece=True)
    for delta in _deltas(turn):
        yield Event(event(_chunk(turn, delta)), piece=True)
    last = {"finish_reason": turn.reply.finish_reason}
    yield Event(event(_chunk(turn, {}, last)), piece=True)
    if turn.wants_usage:
        empty = turn.litellm >= _EMPTY_USAGE_CHOICES_SINCE
        choices: list[Any] = [] if empty else [{"index": 0, "delta": {}}]
        counts = {"choices": choices, "usage": streamed_usage(turn)}
        yield Event(event(_envelope(turn, _KEYS) | counts), piece=True)


def _chunk(turn: Turn, delta: Mapping[str, Any], more: Mapping[str, Any] = NO_FIELDS) -> _Body:
    choice = {"index": 0, "delta": delta, **more}
    keys = _KEYS if delta.keys() - _TEXT else _TEXT_KEYS
    return _envelope(turn, keys) | {"choices": [choice]}


def _envelope(turn: Turn, keys: tuple[str, ...]) -> _Body:
    values = {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion.chunk",
        "created": turn.created,
        "model": turn.model,
    }
    return {key: values[key] for key in keys}


def _deltas(turn: Turn) -> Iterator[_Body]:
    texts: list[_Body] = [{"content": piece} for piece in turn.pieces]
    if turn.reply.reasoning:
        thought = {"reasoning_content": turn.reply.reasoning}
        if turn.reply.reasoning_at_once:
            texts[:1] = [thought | dict(*texts[:1])]
        else:
            yield thought
    *pieces, last = texts or [{}]
    yield from pieces
    calls = list(enumerate(turn.reply.tool_calls))
    if calls and turn.reply.tool_calls_at_once:
        whole = [_tool_call(call) | {"index": index} for index, call in calls]
        yield {**last, "tool_calls": whole}
        return
    if last:
        yield last
    for index, call in calls:
        opening = _tool_call(call)
        opening["function"]["arguments"] = ""
        yield {"tool_calls": [opening | {"index": index}]}
        for part in call.streamed_arguments():
            # Unlike OpenAI, LiteLLM repeats the type on every argument delta.
            delta = {"function": {"arguments": part}, "type": "function", "index": index}
            yield {"tool_calls": [delta]}


def _tool_call(call: ToolCall) -> _Body:
    return {
        "id": call.id,
        "function": {"arguments": call.arguments, "name": call.name},
        "type": "function",
    }


def _check(body: _Body, model: str) -> None:
    """Refuse messages that are no objects, in the words of the code that stumbles over them."""
    said = "litellm.APIConnectionError: APIConnectionError: OpenAIException - "
    try:
        odd = [item for item in body["messages"] if not isinstance(item, dict)]
    except TypeError as error:
        message = in_model_group(f"{said}{error}", model)
        raise ApiError(500, message, "internal_server_error", routed=True) from None
    if odd:
        said = f"{said}'{type(odd[0]).__name__}' object has no attribute 'get'"
        message = in_model_group(f"Invalid request format: {said}", model)
        raise ApiError(400, message, routed=True)


def _demand(body: _Body) -> Demand:
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
    check=_check,
    demand=_demand,
    tells_param=True,
    answer=_answer,
    events=_events,
    ending=lambda turn: Ending(failure=lambda _: error_events(turn.litellm)),
    error_lines=ErrorLines(
        checked="response-cost key-spend",
        unknown_model="response-cost key-spend",
        upstream="response-cost key-spend timeout",
    ),
)
