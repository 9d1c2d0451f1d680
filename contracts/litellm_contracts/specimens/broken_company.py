"""Handlers that go wrong in company: calls at the same time, or between two chunks of a stream."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class _Quiet(AsyncHandler):
    """Switches sessions off while calls of one kind wait for their answer."""

    def is_quiet(self, turn: Turn) -> bool:
        raise NotImplementedError

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        quiet = self.memory.setdefault("quiet", [])
        if not self.is_quiet(turn):
            return await super().send(turn)
        quiet.append(turn)
        try:
            return await super().send(turn)
        finally:
            quiet.remove(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        starts = turn.attempt == 1  # what is sent again has its headers already
        return self.fault({}) if headers and starts and self.memory["quiet"] else headers


@known_bad(
    "id-of-the-call-that-waits-first",
    "Joins a handler's second call to its first, where that still waits, under its task id.",
    """isolation/concurrent-tasks isolation/ten-concurrent-tasks
    isolation/retry-beside-another-task complete-prompt/at-the-same-time throughout/header
    presence/where-a-call-may-fail""",
)
class _Joined(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.memory["calls"] = self.memory.get("calls", 0) + 1
        waiting = self.memory.setdefault("waiting", [])
        waiting.append(turn)
        try:
            return await super().send(turn)
        finally:
            waiting.remove(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers, first = super().headers(turn), self.memory["waiting"][0]
        joins = headers and first.task_id and first is not turn and self.memory["calls"] == 2  # noqa: PLR2004
        return self.fault(super().headers(first)) if joins else headers


@known_bad(
    "header-missing-beside-a-prompt",
    "Switches sessions off while a prompt waits: a message that starts meanwhile has none.",
    "complete-prompt/at-the-same-time isolation/retry-beside-another-task throughout/header",
)
class _BesidePrompt(_Quiet):
    def is_quiet(self, turn: Turn) -> bool:
        return turn.is_prompt


@known_bad(
    "header-missing-beside-a-call-without-task",
    "Switches sessions off while a message without a task waits.",
    "isolation/task-beside-no-task isolation/retry-beside-another-task throughout/header",
)
class _BesideNoTask(_Quiet):
    def is_quiet(self, turn: Turn) -> bool:
        return not turn.is_prompt and not turn.task_id


@known_bad(
    "prompt-with-id-of-the-stream-in-its-thread",
    "Keeps the headers in a thread's variable while a stream is read, and prompts join it.",
    "isolation/calls-between-chunks throughout/header",
)
class _Span(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.local = threading.local()

    def stream(self, turn: Turn) -> Iterator[Any]:
        span = super().headers(turn)
        self.local.span = span
        try:
            yield from super().stream(turn)
        finally:
            span.clear()

    def headers(self, turn: Turn) -> dict[str, str]:
        span = getattr(self.local, "span", {})
        joins = turn.is_prompt and span
        return self.fault(dict(span)) if joins else super().headers(turn)


class _Streaming(AsyncHandler):
    """Knows the tasks whose streams are open."""

    @property
    def open(self) -> list[str]:
        return self.memory.setdefault("open", [])  # type: ignore[no-any-return]

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        if not turn.task_id:
            async for chunk in super().stream(turn):
                yield chunk
            return
        self.open.append(turn.task_id)
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            self.open.remove(turn.task_id)


@known_bad(
    "prompt-filed-by-body-while-a-stream-is-open",
    "Names the task of the stream that is open in the metadata of a prompt's body.",
    """recognition/filed-right-in-trouble isolation/after-every-kind-of-stop
    isolation/nothing-of-other-tasks throughout/filed-by-the-header""",
)
class _InBody(_Streaming):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.is_prompt and self.open:
            body["metadata"] = self.fault({"session_id": self.open[-1]})
        return body


@known_bad(
    "prompt-with-id-on-retries-beside-a-stream",
    "Sends the task id of the stream that is open when a prompt is repeated.",
    "complete-prompt/during-stream isolation/calls-between-chunks throughout/header",
)
class _RetriedPrompt(_Streaming):
    def headers(self, turn: Turn) -> dict[str, str]:
        joins = turn.is_prompt and turn.attempt > 1 and self.open
        return self.fault({HEADER: self.open[-1]}) if joins else super().headers(turn)


@known_bad(
    "new-handler-joins-an-open-stream",
    "A handler that never had a task joins the stream that another handler has open.",
    "isolation/second-handler-without-task throughout/header isolation/calls-between-chunks",
)
class _Joining(_Streaming):
    @property
    def open(self) -> list[str]:
        return self.shared.memory.setdefault("open", [])  # type: ignore[no-any-return]

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        self.memory.update(headers)
        joins = self.open and not self.memory and not turn.is_prompt
        return self.fault({HEADER: self.open[-1]}) if joins else headers


@known_bad(
    "client-closed-when-a-call-fails",
    "Closes the client when a call fails and builds another: open streams end with it.",
    "faithfulness/beside-a-failing-call faithfulness/streams-at-once",
)
class _Closing(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        except Exception:
            left, self.client = self.client, self.new_client()
            await self.fault(left).close()
            raise


@known_bad(
    "third-call-at-once-without-task",
    "Has two lanes for messages: a third without a task takes the headers of the first.",
    "isolation/task-beside-no-task throughout/header",
)
class _Lanes(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        lanes = self.memory.setdefault("lanes", [])
        if turn.is_prompt:
            return await super().send(turn)
        lanes.append(super().headers(turn))
        try:
            return await super().send(turn)
        finally:
            lanes.pop(0)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        lanes = self.memory["lanes"]
        is_third = len(lanes) > 2 and not turn.is_prompt  # noqa: PLR2004
        return self.fault(lanes[0]) if is_third and not headers else headers


@known_bad(
    "id-of-the-task-that-waits-to-retry",
    "Keeps the headers on the handler while it waits to try again, for calls without a task too.",
    """isolation/retry-beside-another-task isolation/after-every-kind-of-stop
    throughout/header""",
    is_slow=True,
)
class _Waiting(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        except Exception as error:
            if not super().is_retried(turn, error):
                raise
        turn.attempt += 1
        self.memory["waiting"] = super().headers(turn)
        await asyncio.sleep(0.05)
        self.memory.clear()
        return await self.send(turn)

    def is_retried(self, turn: Turn, error: Exception) -> bool:
        del turn, error
        return False

    def headers(self, turn: Turn) -> dict[str, str]:
        headers, waiting = super().headers(turn), self.memory.get("waiting")
        return self.fault(waiting) if waiting and not headers else headers


@known_bad(
    "header-left-by-retries-that-overlap",
    "Sets the client's header for a retry, and puts back what it found there.",
    "isolation/retry-beside-another-task throughout/header",
)
class _PutBack(AsyncHandler):
    async def back_off(self, turn: Turn) -> None:
        turn.notes.setdefault("found", self.memory.get("headers", {}))
        self.memory["headers"] = super().headers(turn)
        await super().back_off(turn)

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        finally:
            if "found" in turn.notes:
                self.memory["headers"] = turn.notes["found"]

    def headers(self, turn: Turn) -> dict[str, str]:
        left = self.memory.get("headers", {})
        return super().headers(turn) or (self.fault(left) if left else left)


@known_bad(
    "header-swapped-for-a-second-try",
    "Sets the client's header while a request is tried again, and takes it off after.",
    "isolation/retry-beside-another-task throughout/header",
)
class _Swapped(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await self.client.chat.completions.create(**self.request(turn))
        except Exception as error:
            if not self.is_retried(turn, error):
                raise
        turn.attempt += 1
        self.memory["headers"] = super().headers(turn)
        try:
            return await super().send(turn)
        finally:
            self.memory.pop("headers", None)

    def headers(self, turn: Turn) -> dict[str, str]:
        swapped = self.memory.get("headers", {})
        return super().headers(turn) or (self.fault(swapped) if swapped else swapped)


@known_bad(
    "headers-by-task-for-claude",
    "Asks Claude once at a time for a task, and lets the first one take the headers away.",
    "isolation/one-task-twice-at-once throughout/header",
)
class _InTurn(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        self.memory[f"headers of {turn.task_id}"] = super().headers(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or "claude" not in self.model:
            return headers
        return self.memory.get(f"headers of {turn.task_id}") or self.fault({})

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        async with self.memory.setdefault(f"lock of {turn.task_id}", asyncio.Lock()):
            stream = await super().send(turn)
            self.memory.pop(f"headers of {turn.task_id}", None)
            return stream
