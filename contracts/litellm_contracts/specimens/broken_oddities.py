"""Handlers that lose or keep a header where something is odd: a refusal, an answer, a proxy."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import http_library
from litellm_contracts.specimens.broken_conversations import Again

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ODD_REFUSAL = "presence/odd-refusals throughout/header"
_ODD_ANSWER = "isolation/after-an-odd-answer throughout/header"
_ODD_INPUT = "presence/unusual-conversation throughout/header"
_MAY_FAIL = "presence/where-a-call-may-fail throughout/header"
_FORBIDDEN, _PAYMENT_REQUIRED = 403, 402
_LONGEST_ID = 40
_LONG = 60  # seconds


@known_bad(
    "header-missing-by-https",
    "Puts the header on in its HTTP client, which is another one where the proxy speaks TLS.",
    "presence/secure-proxy throughout/header",
)
class _Https(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_secure = self.base_url.startswith("https:")
        return self.fault({}) if is_secure else super().headers(turn)


@known_bad(
    "header-missing-where-a-firewall-refuses",
    "Asks again without headers of its own where a firewall answers with a page.",
    _ODD_REFUSAL,
)
class _Firewall(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        del turn
        if getattr(error, "status_code", None) != _FORBIDDEN:
            return False
        return "html" in error.response.headers["content-type"]  # type: ignore[attr-defined]


@known_bad(
    "header-missing-where-payment-is-required",
    "Asks a cheaper model, without the header, where the proxy wants to be paid.",
    _ODD_REFUSAL,
)
class _Unpaid(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        del turn
        return getattr(error, "status_code", None) == _PAYMENT_REQUIRED


@known_bad(
    "header-missing-where-roles-are-refused",
    "Merges messages and asks again, without the header, where roles must alternate.",
    _ODD_REFUSAL,
)
class _Roles(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        return not turn.is_prompt and "roles must alternate" in str(error)


@known_bad(
    "refused-prompt-sent-as-a-turn",
    "Sends a prompt whose limit is refused again as the last conversation's request was.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Limit(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        return turn.is_prompt and "max_tokens is too large" in str(error)

    def headers(self, turn: Turn) -> dict[str, str]:
        if "again" in turn.notes:
            return self.fault(self.memory.get("headers", {}))
        headers = SyncHandler.headers(self, turn)
        if headers:
            self.memory["headers"] = headers
        return headers


@known_bad(
    "header-missing-after-citations",
    "Leaves out what only one provider knows, the header too, after an answer that cites.",
    _ODD_ANSWER,
    is_patient=True,
)
class _Citations(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if event.get("citations"):
            self.memory["cites"] = True
        return super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "cites" in self.memory else super().headers(turn)


@known_bad(
    "header-missing-after-a-call-that-was-cut",
    "Asks for a shorter call of a tool, without the header, in the turn after one that was cut.",
    _ODD_ANSWER,
    is_patient=True,
)
class _CutCall(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            turn.notes["calls"] = turn.notes.get("calls") or chunk["type"] == "tool_call_partial"
            yield chunk
        reasons = [choice.get("finish_reason") for choice in event.get("choices") or []]
        if turn.notes.get("calls") and "length" in reasons:
            self.memory["cut"] = True

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and self.memory.pop("cut", False) else headers


@known_bad(
    "prompt-filed-after-an-empty-answer-of-calls",
    "Lets the next request, a prompt too, ask for the calls that an answer announced.",
    _ODD_ANSWER,
    is_patient=True,
)
class _Announced(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            turn.notes["said"] = True
            yield chunk
        reasons = [choice.get("finish_reason") for choice in event.get("choices") or []]
        if "tool_calls" in reasons and "said" not in turn.notes:
            self.memory["owed"] = super().headers(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        owed = self.memory.pop("owed", None) if turn.is_prompt else None
        return super().headers(turn) if owed is None else self.fault(owed)


@known_bad(
    "header-missing-for-long-ids-of-calls",
    "Shortens the ids of tool calls that OpenAI refuses, and sends the rest by itself.",
    _ODD_INPUT,
)
class _LongIds(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        calls = [call["id"] for said in turn.messages for call in said.get("tool_calls") or ()]
        is_long = any(len(one) > _LONGEST_ID for one in calls)
        return self.fault({}) if is_long else super().headers(turn)


@known_bad(
    "header-missing-for-schemas-with-references",
    "Puts what a tool's schema refers to in its place, in metadata that it makes anew.",
    _ODD_INPUT,
)
class _References(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "'$ref'" in str(turn.tools) else super().headers(turn)


@known_bad(
    "header-missing-for-a-message-without-content",
    "Sends a conversation as it is, and without the header, in which a message has no content.",
    _ODD_INPUT,
)
class _NoContent(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_known = all("content" in said for said in turn.messages)
        return super().headers(turn) if is_known else self.fault({})


@known_bad(
    "header-missing-where-tools-are-allowed-by-name",
    "Keeps the tools that a mode allows, in metadata that it makes anew.",
    _ODD_INPUT,
)
class _Allowed(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_limited = "allowed_function_names" in (turn.metadata or {})
        return self.fault({}) if is_limited else super().headers(turn)


@known_bad(
    "header-missing-for-one-family",
    "Sends Kimi's conversations by code of their own.",
    "schema/create-message",
)
class _Family(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "kimi" in self.model else super().headers(turn)


@known_bad(
    "header-missing-once-the-proxy-is-up-again",
    "Builds its client anew, without the header, after nobody listened.",
    "isolation/after-reset-connection throughout/header",
)
class _Down(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if isinstance(error.__cause__, http_library().ConnectError):
            self.memory["down"] = True
        return super().error(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "down" in self.memory else super().headers(turn)


@known_bad(
    "header-kept-with-more-patience",
    "Keeps a client with the headers of a call that timed out in a gateway, for the next ones.",
    "isolation/after-every-kind-of-answer throughout/header",
    is_patient=True,
)
class _Patience(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if getattr(error, "status_code", None) == 504:  # noqa: PLR2004
            self.memory["kept"] = super().headers(turn)
        return super().error(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers or self.fault(self.memory.get("kept", {}))


@known_bad(
    "id-of-the-newest-call-where-a-stream-breaks",
    "Begins a stream that broke at once anew under the id of the call that came last.",
    "isolation/retry-beside-another-task throughout/header",
)
class _Newest(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.is_prompt:
            return headers
        if "again" in turn.notes:
            return self.fault(self.memory["newest"])
        self.memory["newest"] = headers
        return headers

    async def stream(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            async for chunk in super().stream(turn):
                turn.notes["said"] = True
                yield chunk
        except RuntimeError:
            if "said" in turn.notes or turn.failure is not None:
                raise
            again = Turn(turn.method, turn.system_prompt, turn.messages, turn.metadata)
            again.notes["again"], again.failure = True, RuntimeError()
            async for chunk in super().stream(again):
                yield chunk


@known_bad(
    "header-missing-where-another-call-reconnected",
    "Asks again without the header where it finds that another call has reconnected already.",
    "isolation/retry-beside-another-task throughout/header",
)
class _Reconnected(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        generation = self.memory.setdefault("generation", 0)
        seen = turn.notes.setdefault("generation", generation)
        is_lost = turn.failure is not None and not hasattr(turn.failure, "status_code")
        if not is_lost:
            return super().headers(turn)
        if seen != generation:
            return self.fault({})
        self.memory["generation"] = generation + 1
        turn.notes["generation"] = generation + 1
        return super().headers(turn)


@known_bad(
    "header-missing-for-messages-in-a-tuple",
    "Begins anew with a list of the messages, and forgets the metadata.",
    _MAY_FAIL,
)
class _Tuple(AsyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        if not isinstance(given[1], list):
            turn.metadata = self.fault(None)
        return turn


@known_bad(
    "header-missing-for-metadata-that-cannot-be-copied",
    "Goes on without the metadata where it cannot be copied.",
    _MAY_FAIL,
)
class _Uncopied(SyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        try:
            turn.metadata = copy.deepcopy(turn.metadata)
        except TypeError:
            turn.metadata = self.fault(None)
        return turn


@known_bad(
    "header-missing-where-minutes-are-asked-for",
    "Asks for less at once, without the header, where it is told to wait for long.",
    _MAY_FAIL,
)
class _Minutes(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        answer = getattr(turn.failure, "response", None)
        asked = answer.headers if answer is not None else {}
        is_long = asked.get("retry-after", "0").isdigit() and "retry-after-ms" not in asked
        is_long = is_long and int(asked.get("retry-after", "0")) > _LONG
        return self.fault({}) if is_long else super().headers(turn)


@known_bad(
    "header-missing-after-a-stop-before-the-request",
    "Prepares once for all; where the first call is stopped meanwhile, goes on without.",
    _MAY_FAIL,
)
class _Unprepared(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if "ready" not in self.memory:
            self.memory["ready"] = asyncio.ensure_future(asyncio.sleep(0.001))
        if not self.memory["ready"].cancelled():
            await self.memory["ready"]

    def headers(self, turn: Turn) -> dict[str, str]:
        is_ready = not self.memory["ready"].cancelled()
        return super().headers(turn) if is_ready else self.fault({})
