"""Handlers that go wrong in trouble: retries, refusals, answers broken off, calls stopped."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping


def _status(error: Exception | None) -> int | None:
    return getattr(error, "status_code", None)


@known_bad(
    "id-of-last-task-on-retries",
    "Fills in the last task's headers where a message without a task is sent again.",
    """absence/retry-without-task isolation/after-every-kind-of-answer
    isolation/call-during-stream isolation/retry-beside-another-task schema/create-message
    throughout/header""",
)
class _LastOnRetries(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.is_prompt:
            return headers
        last = self.memory.get("last")
        self.memory["last"] = headers or last
        return self.fault(last) if last and not headers and turn.attempt > 1 else headers


@known_bad(
    "retrying-client-kept",
    "Copies the client for a retry, with the header as a default, and keeps the copy.",
    """complete-prompt/after-failed-create-message isolation/after-every-kind-of-answer
    isolation/retry-beside-another-task recognition/filed-right-in-trouble
    isolation/calls-between-chunks schema/create-message throughout/header""",
)
class _CopyKept(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers and _status(turn.failure):
            self.client = self.fault(self.client.with_options(default_headers=headers))
        return headers


@known_bad(
    "reconnected-client-kept",
    "Builds a client after a lost connection, with the header as a default, and keeps it.",
    "isolation/after-reset-connection throughout/header",
)
class _ReconnectedKept(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers and turn.attempt > 1 and not _status(turn.failure):
            self.client = self.fault(self.client.with_options(default_headers=headers))
        return headers


def _sending_again(statuses: set[int], base: Any) -> Any:  # noqa: ANN401
    class SendingAgain(base):  # type: ignore[misc]
        """Sends again, without the header, what was answered with one of these statuses."""

        def is_retried(self, turn: Turn, error: Exception) -> bool:
            once = _status(error) in statuses and turn.attempt == 1
            return once or super().is_retried(turn, error)

        def headers(self, turn: Turn) -> dict[str, str]:
            headers: dict[str, str] = super().headers(turn)
            again = headers and _status(turn.failure) in statuses
            return self.fault({}) if again else headers

    return SendingAgain


known_bad(
    "header-missing-with-a-new-key",
    "Reads its key again when it is refused, and repeats the request without the header.",
    """presence/fallback isolation/after-every-kind-of-answer recognition/filed-right-in-trouble
    isolation/retry-beside-another-task
    throughout/header""",
)(_sending_again({401}, AsyncHandler))

known_bad(
    "header-missing-where-it-is-redirected-to",
    "Follows a redirect itself, without the headers.",
    """presence/redirect isolation/after-every-kind-of-answer
    isolation/retry-beside-another-task throughout/header""",
)(_sending_again({307, 308}, SyncHandler))

known_bad(
    "header-missing-where-a-request-is-too-large",
    "Sends again, without the header, what was refused for its size or its shape.",
    "presence/fallback throughout/header presence/odd-refusals",
)(_sending_again({413, 422}, SyncHandler))


@known_bad(
    "header-missing-when-nothing-was-said",
    "Asks again, without the header, where an answer ended or broke off before it said anything.",
    """presence/fallback isolation/after-every-kind-of-answer throughout/header
    isolation/whatever-an-answer-says
    isolation/retry-beside-another-task""",
)
class _AskingAgain(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        events = super().send(turn)
        return events if turn.is_prompt else self.until_said(events, turn)

    def until_said(self, events: Any, turn: Turn) -> Iterator[Any]:  # noqa: ANN401
        said = False
        try:
            for event in events:
                said = said or any(
                    one["type"] != "usage" for one in self.chunks(plain(event), turn)
                )
                yield event
        except Exception:
            if said:
                raise
        if not said:
            turn.notes["again"] = True
            yield from super().send(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.notes.get("again") else headers


@known_bad(
    "header-missing-after-a-cancelled-prompt",
    "Switches sessions off for a prompt, and on again after an error, not after a cancellation.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _CancelledPrompt(AsyncHandler):
    off: ContextVar[object] = ContextVar("off", default=None)

    async def complete_prompt(self, prompt: str) -> str:
        self.off.set(self)
        try:
            text = await super().complete_prompt(prompt)
        except Exception:
            self.off.set(None)
            raise
        self.off.set(None)
        return text

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and self.off.get() is self else headers


@known_bad(
    "header-missing-after-an-abandoned-call",
    "Switches sessions off for a message without a task, and on again at its stream's end.",
    "isolation/after-every-kind-of-stop isolation/calls-between-chunks throughout/header",
)
class _AbandonedWithoutTask(SyncHandler):
    local = threading.local()

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers and not turn.is_prompt:
            self.local.off = self
        is_off = getattr(self.local, "off", None) is self
        return self.fault({}) if headers and is_off else headers

    def end(self, turn: Turn) -> None:
        self.local.off = None
        super().end(turn)

    def error(self, turn: Turn, error: Exception) -> Exception:
        self.local.off = None
        return super().error(turn, error)


@known_bad(
    "stream-resumed-without-task",
    "Keeps the headers of a stream that was cancelled, and resumes it with the next message.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _Resumed(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        return answer if turn.is_prompt else self.resumable(answer, turn)

    async def resumable(self, events: Any, turn: Turn) -> AsyncIterator[Any]:  # noqa: ANN401
        try:
            async for event in events:
                yield event
        except asyncio.CancelledError:
            self.memory["left"] = super().headers(turn)
            raise

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.is_prompt:
            return headers
        left = self.memory.pop("left", {})
        return self.fault(left) if left and not headers else headers


@known_bad(
    "prompt-with-id-before-a-tools-result",
    "Keeps a session pending until a tool has its result: the prompts in between join it.",
    """isolation/after-every-kind-of-answer throughout/header isolation/after-every-kind-of-stop
    isolation/after-an-odd-answer""",
    is_patient=True,
)
class _PendingTool(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                self.memory["pending"] = super().headers(turn)
            yield chunk

    def headers(self, turn: Turn) -> dict[str, str]:
        if not turn.is_prompt:
            self.memory.pop("pending", None)
        pending = self.memory.get("pending")
        return self.fault(pending) if pending else super().headers(turn)


@known_bad(
    "header-missing-where-an-answer-is-continued",
    "Asks for the rest of an answer that was cut by its length, without the header.",
    """presence/fallback isolation/after-every-kind-of-answer
    throughout/header""",
)
class _Continued(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        events = super().send(turn)
        return events if turn.is_prompt else self.with_rest(events, turn)

    def with_rest(self, events: Any, turn: Turn) -> Iterator[Any]:  # noqa: ANN401
        for event in events:
            reasons = [choice.finish_reason for choice in event.choices]
            turn.notes["cut"] = turn.notes.get("cut") or "length" in reasons
            yield event
        if turn.notes.get("cut"):
            yield from super().send(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.notes.get("cut") else headers


@known_bad(
    "fallback-model-kept",
    "Turns to another model for good after two calls that failed one after the other.",
    "isolation/long-lived-handler throughout/own-settings",
)
class _OtherModel(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["failed"] = self.memory.get("failed", 0) + 1
        if self.memory["failed"] == 2:  # noqa: PLR2004
            self.model = self.fault("gpt-4o-mini")
        return super().error(turn, error)

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["failed"] = 0

    def text(self, answer: Any) -> str:  # noqa: ANN401
        self.memory["failed"] = 0
        return super().text(answer)


def _asking_again(name: str, fault: str, wanted: Callable[[Mapping[str, Any], Turn], bool]) -> None:
    @known_bad(name, fault, "presence/fallback throughout/header")
    class _AsksAgain(AsyncHandler):
        def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
            turn.notes["again"] = turn.notes.get("again") or wanted(event, turn)
            yield from super().chunks(event, turn)

        async def stream(self, turn: Turn) -> AsyncIterator[Any]:
            async for chunk in super().stream(turn):
                yield chunk
            if turn.notes.get("again"):
                again = Turn(turn.method, turn.system_prompt, turn.messages, self.fault(None))
                async for chunk in super().stream(again):
                    yield chunk


def _is_filtered(event: Mapping[str, Any], _turn: Turn) -> bool:
    return any(one.get("finish_reason") == "content_filter" for one in event.get("choices") or [])


def _cannot_be_run(event: Mapping[str, Any], turn: Turn) -> bool:
    for choice in event.get("choices") or []:
        for call in choice["delta"].get("tool_calls") or []:
            said = turn.notes.get("arguments", "") + ((call["function"] or {})["arguments"] or "")
            turn.notes["arguments"] = said
        if choice.get("finish_reason") and turn.notes.get("arguments"):
            return not str(turn.notes["arguments"]).endswith("}")
    return False


_asking_again(
    "header-missing-where-an-answer-was-filtered",
    "Asks again without the task where a filter kept the answer back.",
    _is_filtered,
)
_asking_again(
    "header-missing-where-a-tool-call-is-repaired",
    "Asks again without the task where a tool call's arguments are no JSON.",
    _cannot_be_run,
)
