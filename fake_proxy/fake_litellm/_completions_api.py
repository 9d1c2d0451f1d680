"""`/v1/completions`, as LiteLLM 1.106.2 writes them.

OpenAI's chat models are asked through chat completions, any other model for a text completion.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.version import Version

from fake_litellm import _response
from fake_litellm._bodies import event
from fake_litellm._chat_api import streamed_usage, usage
from fake_litellm._demand import fields
from fake_litellm._replies import NOTHING
from fake_litellm._stream import Ending, Event, error_events
from fake_litellm._turn import Api, ErrorLines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response

    from fake_litellm._errors import ApiError
    from fake_litellm._exchange import Exchange
    from fake_litellm._turn import Turn

_NO_ZERO_USAGE_SINCE = Version("1.109.1")


class _Kind(NamedTuple):
    """What tells the answers of a chat model from those of a text completion."""

    id: str
    opening: tuple[str, ...]
    more: dict[str, None]


_CHAT = _Kind(id="chatcmpl", opening=("",), more={})
_TEXT = _Kind(id="cmpl", opening=(), more={"system_fingerprint": None})
_CHAT_MODEL = re.compile(r"(ft:)?(gpt-|chatgpt-|o[1-9])(?!.*instruct)")
_DETAILS = ("audio_tokens", "cached_tokens", "text_tokens", "image_tokens", "video_tokens")


def completions(exchange: Exchange, model: str | None = None) -> Response:
    """`POST /v1/completions`; `model` is the one in the path, which goes before the body's."""
    named = model or fields(exchange.recorded.json).get("model")
    of_chat_model = isinstance(named, str) and _CHAT_MODEL.match(named)
    return (_of_chat_model if of_chat_model else _of_text_model)(exchange, model)


def _answer(kind: _Kind, turn: Turn) -> dict[str, Any]:
    told = dict.fromkeys(("completion_tokens_details", "prompt_tokens_details"))
    counts = usage(turn.reply.usage)
    details = counts.get("prompt_tokens_details")
    if details:
        counts["prompt_tokens_details"] = dict.fromkeys(_DETAILS) | details
    totals = {name: counts[name] for name in counts if name not in told}
    choice = {"finish_reason": "stop", "index": 0, "text": turn.reply.text, "logprobs": None}
    return _base(kind, turn) | {"choices": [choice], "usage": totals | told | counts} | kind.more


def _events(kind: _Kind, turn: Turn) -> Iterator[Event]:
    """Yield the chunks; those of 1.106.2 carry a usage of zeros unless the request asks for it."""
    base = _base(kind, turn)
    zeros = not turn.wants_usage and turn.litellm < _NO_ZERO_USAGE_SINCE
    counts = {"usage": usage(NOTHING)} if zeros else {}
    for text in (*kind.opening, *turn.reply.streamed_pieces()):
        chunk = base | {"choices": [{"index": 0, "text": text}]} | counts
        yield Event(event(chunk), piece=bool(text))
    yield Event(event(base | {"choices": [{"finish_reason": "stop", "index": 0}]} | counts))
    if turn.wants_usage:
        yield Event(event(base | {"choices": [{"index": 0}], "usage": streamed_usage(turn)}))


def _base(kind: _Kind, turn: Turn) -> dict[str, Any]:
    return {
        "id": f"{kind.id}-{turn.id}",
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


_of_chat_model = Api(
    route="/completions",
    present=("prompt",),
    answer=partial(_answer, _CHAT),
    events=partial(_events, _CHAT),
    ending=lambda turn: Ending(
        failure=lambda _: error_events(turn.litellm, "litellm.MidStreamFallbackError: ")
    ),
    left_out_streaming=_response.UPSTREAM_AND_PRICE_LINES,
    error_lines=ErrorLines(checked="", unknown_model="", upstream=""),
    envelope=_envelope,
)
_of_text_model = replace(
    _of_chat_model,
    answer=partial(_answer, _TEXT),
    events=partial(_events, _TEXT),
    left_out=_response.OVERHEAD_LINES,
    left_out_streaming=_response.UPSTREAM_PRICE_AND_OVERHEAD_LINES,
)
