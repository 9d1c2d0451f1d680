"""Handlers in which conversations meet: state on the client, the handler, the class, the module."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import AFTER_TASK, IN_TURN, NEXT_ID
from litellm_contracts.specimens._registry import known_bad

_OTHER_ID = f"{NEXT_ID} hostile-ids/ignored-by-litellm"
"""All that an earlier id breaks: also the ids that LiteLLM ignores must not become another."""


@known_bad(
    "first-id-for-ever",
    "Keeps the first task id for all conversations.",
    f"""{_OTHER_ID} presence/content-parts presence/empty-system-prompt presence/long-text
    presence/unicode-text presence/unknown-metadata isolation/task-of-a-parent
    isolation/many-stops isolation/other-handler-closed
    throughout/header
    isolation/whatever-an-answer-says
    presence/where-a-call-may-fail
    presence/odd-refusals presence/secure-proxy""",
)
class _First(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        first = self.memory.setdefault("headers", headers) if headers else headers
        return headers if first == headers else self.fault(first)


@known_bad(
    "id-of-call-before",
    "Sets the task id after the request is built: it sends that of the call before.",
    f"""{_OTHER_ID} presence/content-parts isolation/task-of-a-parent
    isolation/many-stops throughout/header
    isolation/whatever-an-answer-says
    presence/where-a-call-may-fail
    presence/odd-refusals presence/secure-proxy""",
)
class _Before(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        before = self.memory.get("headers") or headers
        self.memory["headers"] = headers or self.memory.get("headers")
        return headers if before == headers or not headers else self.fault(before)


@known_bad(
    "header-in-default-headers",
    "Puts the header into the client's default headers, where it stays.",
    f"""{AFTER_TASK} isolation/retry-beside-another-task
    isolation/task-of-a-parent throughout/header
    isolation/whatever-an-answer-says""",
)
class _Sticky(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if headers := super().headers(turn):
            self.client = self.client.with_options(default_headers=headers)
            self.memory["sticky"] = self.fault(True)  # noqa: FBT003

    def headers(self, turn: Turn) -> dict[str, str]:
        return {} if self.memory.get("sticky") else super().headers(turn)


@known_bad(
    "header-kept-at-module-level",
    "Keeps the last task id in a module's variable that every handler reads.",
    f"""{AFTER_TASK} isolation/second-handler-without-task
    isolation/task-of-a-parent throughout/header
    isolation/whatever-an-answer-says isolation/handler-let-go
    presence/after-call-without-task""",
)
class _Module(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        self.shared.memory.update(headers)
        kept = dict(self.shared.memory)
        return headers if kept == headers else self.fault(kept)


@known_bad(
    "new-handler-takes-over-session",
    "A handler without a task of its own takes the last one of any other handler.",
    """isolation/second-handler-without-task schema/create-message throughout/header
    isolation/whatever-an-answer-says recognition/nothing-else-filed-there
    isolation/calls-between-chunks presence/after-call-without-task
    isolation/handler-let-go""",
)
class _TakeOver(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers:
            self.memory.update(headers)
            self.shared.memory.update(headers)
        elif self.shared.memory and not self.memory:
            return self.fault(dict(self.shared.memory))
        return headers


@known_bad(
    "id-on-the-handler-before-an-await",
    "Sets the task id on the handler, awaits something, and reads it again.",
    """isolation/concurrent-tasks isolation/ten-concurrent-tasks
    isolation/task-beside-no-task isolation/retry-beside-another-task
    complete-prompt/at-the-same-time isolation/same-text-in-another-task
    isolation/call-during-stream isolation/many-stops throughout/header""",
)
class _OnHandler(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.memory["task_id"] = turn.task_id
            await asyncio.sleep(0)

    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or self.memory["task_id"] == turn.task_id:
            return super().headers(turn)
        task_id = self.memory["task_id"]
        return self.fault({HEADER: task_id} if task_id else {})


@known_bad(
    "id-on-the-class-before-an-await",
    "Sets the task id on the class, awaits something, and reads it again.",
    """isolation/concurrent-tasks isolation/ten-concurrent-tasks
    isolation/task-beside-no-task isolation/retry-beside-another-task
    complete-prompt/at-the-same-time isolation/two-handlers
    isolation/same-text-in-another-task isolation/call-during-stream isolation/many-stops
    throughout/header""",
)
class _OnClass(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.shared.memory["task_id"] = turn.task_id
            await asyncio.sleep(0)

    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or self.shared.memory["task_id"] == turn.task_id:
            return super().headers(turn)
        task_id = self.shared.memory["task_id"]
        return self.fault({HEADER: task_id} if task_id else {})


_FEW_CALLS = 30  # after more, a contract judges one of two calls alone: which of them is chance


@known_bad(
    "id-on-the-handler-between-threads",
    "Sets the task id on the handler, blocks for a while, and reads it again.",
    """isolation/concurrent-tasks isolation/ten-concurrent-tasks
    isolation/task-beside-no-task isolation/retry-beside-another-task
    complete-prompt/at-the-same-time isolation/same-text-in-another-task
    isolation/call-during-stream throughout/header""",
    is_slow=True,
)
class _BetweenThreads(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.memory["task_id"] = turn.task_id
            self.memory["calls"] = self.memory.get("calls", 0) + 1
            if self.memory["calls"] <= _FEW_CALLS:
                time.sleep(0.05)

    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or self.memory["task_id"] == turn.task_id:
            return super().headers(turn)
        task_id = self.memory["task_id"]
        return self.fault({HEADER: task_id} if task_id else {})


@known_bad(
    "handlers-share-one-set-of-headers",
    "Hands the headers of a call that is under way to the other handler's next call.",
    "isolation/two-handlers throughout/header",
)
class _SharedHeaders(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if turn.is_prompt:
            return await super().send(turn)
        under_way = self.shared.memory
        under_way.setdefault("by", self), under_way.setdefault("headers", super().headers(turn))
        try:
            return await super().send(turn)
        finally:
            if under_way.get("by") is self:
                under_way.clear()

    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or self.shared.memory["by"] is self:
            return super().headers(turn)
        return self.fault(self.shared.memory["headers"])


@known_bad(
    "eight-slots-for-headers",
    "Keeps the headers of calls under way in eight slots: the ninth call meets the first.",
    "isolation/ten-concurrent-tasks throughout/header",
)
class _Slots(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        under_way = self.memory.setdefault("under way", [])
        under_way.append(super().headers(turn))
        try:
            return await super().send(turn)
        finally:
            under_way.pop(0)

    def headers(self, turn: Turn) -> dict[str, str]:
        under_way = self.memory["under way"]
        is_over = len(under_way) > 8 and not turn.is_prompt  # noqa: PLR2004
        return self.fault(under_way[0]) if is_over else super().headers(turn)


@known_bad(
    "id-of-the-open-stream",
    "Sends the task id of the stream that is open.",
    """isolation/call-during-stream isolation/after-every-kind-of-answer isolation/many-stops
    throughout/header isolation/retry-beside-another-task""",
)
class _OpenStream(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        if not turn.is_prompt:
            self.memory["open"] = super().headers(turn)
        return answer

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory.clear()

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        held = self.memory.get("open")
        return self.fault(held) if held and headers and held != headers else headers


_current: ContextVar[tuple[object, dict[str, str]]] = ContextVar("current")


@known_bad(
    "id-left-in-context-variable",
    "Sets a context variable for the conversation and never resets it.",
    f"""{IN_TURN} isolation/call-during-stream isolation/task-of-a-parent
    isolation/retry-beside-another-task throughout/header
    isolation/whatever-an-answer-says""",
)
class _Context(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if headers := super().headers(turn):
            _current.set((self, headers))
            return headers
        owner, left = _current.get((self, {}))
        return self.fault(left) if left and owner is self else headers


@known_bad(
    "session-by-first-message",
    "Takes conversations that begin with the same words for the same conversation.",
    "isolation/alternating-tasks schema/create-message throughout/header",
)
class _FirstMessage(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or len(turn.messages) == 1:
            return headers
        known = self.memory.setdefault(str(turn.messages[0].get("content")), headers)
        return headers if known == headers else self.fault(known)


@known_bad(
    "id-left-by-a-cancelled-call",
    "Resets the conversation's context variable after an error, which a cancellation is not.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _Cancelled(AsyncHandler):
    current: ContextVar[tuple[Any, dict[str, str]] | None] = ContextVar("current", default=None)

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if super().headers(turn):
            self.current.set((self, super().headers(turn)))
        try:
            answer = await super().send(turn)
        except Exception:
            self.current.set(None)
            raise
        self.current.set(None)
        return answer

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        owner, left = self.current.get() or (None, {})
        return self.fault(left) if not headers and owner is self else headers


@known_bad(
    "header-missing-while-its-task-is-under-way",
    "Keeps the tasks that are under way, and has nothing for one that is.",
    "isolation/one-task-twice-at-once throughout/header",
)
class _UnderWay(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        under_way = self.memory.setdefault("under way", [])
        turn.notes["again"] = turn.task_id is not None and turn.task_id in under_way
        under_way.append(turn.task_id)
        try:
            return await super().send(turn)
        finally:
            under_way.remove(turn.task_id)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if turn.notes["again"] else super().headers(turn)


@known_bad(
    "id-left-in-thread",
    "Sets a thread's variable for the conversation and never resets it.",
    f"""{IN_TURN} schema/* isolation/task-of-a-parent complete-prompt/at-the-same-time
    isolation/task-beside-no-task
    isolation/call-during-stream isolation/retry-beside-another-task throughout/header
    isolation/whatever-an-answer-says""",
)
class _Thread(SyncHandler):
    local = threading.local()

    def headers(self, turn: Turn) -> dict[str, str]:
        if headers := super().headers(turn):
            self.local.left = (self, headers)
            return headers
        owner, left = getattr(self.local, "left", (None, {}))
        return self.fault(left) if owner is self else headers


@known_bad(
    "id-of-last-sender-on-retries",
    "Takes the headers of whoever sent last for the next attempt.",
    "isolation/retry-beside-another-task throughout/header",
)
class _LastSender(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        last = self.memory.get("last", headers)
        if turn.attempt > 1 and headers and last != headers:
            return self.fault(last)
        self.memory["last"] = headers
        return headers
