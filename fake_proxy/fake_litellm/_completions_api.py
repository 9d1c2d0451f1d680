"""`/v1/completions`: text completions of a chat model, as LiteLLM 1.106.2 writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from fake_litellm import _response
from fake_litellm._bodies import event
from fake_litellm._chat_api import usage
from fake_litellm._replies import Usage
from fake_litellm._stream import Ending, Event, error_events
from fake_litellm._turn import Api, ErrorLines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm._errors import ApiError
    from fake_litellm._turn import Turn

_NO_ZERO_USAGE_SINCE = Version("1.109.1")
_NOTHING = Usage(prompt_tokens=0, completion_tokens=0)


def _answer(turn: Turn) -> dict[str, Any]:
    no_details = {"completion_tokens_details": None, "prompt_tokens_details": None}
    counts = usage(turn.reply.usage)
    choice = {"finish_reason": "stop", "index": 0, "text": turn.reply.text, "logprobs": None}
    return _base(turn) | {"choices": [choice], "usage": counts | (no_details | counts)}


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the chunks; those of 1.106.2 carry a usage of zeros unless the request asks for it."""
    base = _base(turn)
    zeros = not turn.wants_usage and turn.litellm < _NO_ZERO_USAGE_SINCE
    counts = {"usage": usage(_NOTHING)} if zeros else {}
    for text in ("", *turn.reply.streamed_pieces()):
        chunk = base | {"choices": [{"index": 0, "text": text}]} | counts
        yield Event(event(chunk), piece=bool(text))
    yield Event(event(base | {"choices": [{"finish_reason": "stop", "index": 0}]} | counts))
    if turn.wants_usage:
        yield Event(event(base | {"choices": [{"index": 0}], "usage": usage(turn.reply.usage)}))


def _base(turn: Turn) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": "text_completion",
        "created": turn.created,
        "model": turn.model,
    }


def _envelope(error: ApiError) -> dict[str, Any]:
    """Build the envelope; an unknown model is told as the text of an exception."""
    if not error.repeated:
        return error.body()
    told = f"{error.status}: { ({'error': error.message}) }"
    return replace(error, message=told, type="None", param="None", repeated=False).body()


completions = Api(
    route="/completions",
    present=("prompt",),
    answer=_answer,
    events=_events,
    ending=lambda turn: Ending(
        failure=lambda _: error_events(turn.litellm, "litellm.MidStreamFallbackError: ")
    ),
    left_out_streaming=_response.UPSTREAM_AND_PRICE_LINES,
    error_lines=ErrorLines(checked="", unknown_model="", upstream=""),
    envelope=_envelope,
)
