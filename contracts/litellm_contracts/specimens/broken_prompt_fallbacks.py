"""Handlers that ask a prompt a second time in another way: as the last conversation's request."""

from __future__ import annotations

from typing import Any

from litellm_contracts.specimens._base import SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import blamed

_TIMED_OUT = 524  # a gateway before the proxy says so


class _Remembering(SyncHandler):
    """Keeps the headers of the last conversation's request."""

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not turn.is_prompt:
            self.memory["headers"] = headers
        elif "again" in turn.notes:
            return self.fault(self.memory.get("headers", {}))
        return headers


@known_bad(
    "prompt-streamed-as-a-turn",
    "Lets the last conversation's request stream a prompt that must be streamed.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _MustStream(_Remembering):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if turn.is_prompt and self.wants_stream(error) and "again" not in turn.notes:
            turn.notes["again"] = True
            return True
        return super().is_retried(turn, error)

    def wants_stream(self, error: Exception) -> bool:
        return "stream mode" in str(error)


@known_bad(
    "prompt-streamed-where-the-parameter-is-blamed",
    "Lets the last conversation's request stream a prompt whose error names `stream` as its param.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Blamed(_MustStream):
    def wants_stream(self, error: Exception) -> bool:
        return blamed(error) == "stream"


@known_bad(
    "cut-prompt-continued-as-a-turn",
    "Lets the last conversation's request continue a prompt whose answer was cut.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Continued(_Remembering):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = super().send(turn)
        if turn.is_prompt and answer.choices[0].finish_reason == "length":
            turn.notes["again"] = True
            self.client.chat.completions.create(**self.request(turn))
        return answer


@known_bad(
    "prompt-streamed-where-a-gateway-timed-out",
    "Lets the last conversation's request stream a prompt that took too long for a gateway.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _TimedOut(_MustStream):
    def wants_stream(self, error: Exception) -> bool:
        return getattr(error, "status_code", None) == _TIMED_OUT
