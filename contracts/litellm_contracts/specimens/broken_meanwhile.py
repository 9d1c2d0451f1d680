"""Handlers that go wrong with what begins or ends while another call is read or waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@known_bad(
    "header-missing-after-a-cancelled-waiting-prompt",
    "Sends no more headers once a prompt is cancelled that waited to be sent again.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _Quiet(AsyncHandler):
    is_quiet = False

    async def back_off(self, turn: Turn) -> None:
        try:
            await super().back_off(turn)
        except asyncio.CancelledError:
            self.is_quiet = self.is_quiet or turn.is_prompt
            raise

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and self.is_quiet else headers


@known_bad(
    "headers-of-an-open-stream-kept-by-a-new-handler",
    "Has the headers of open streams at module level; a handler built meanwhile keeps them.",
    "isolation/second-handler-without-task throughout/header",
)
class _BuiltMeanwhile(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.defaults = self.open[-1] if self.open else {}

    @property
    def open(self) -> list[dict[str, str]]:
        return self.shared.memory.setdefault("open", [])  # type: ignore[no-any-return]

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers if headers or not self.defaults else self.fault(self.defaults)

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.refuse(turn)
        mine = super().headers(turn)
        if mine:
            self.open.append(mine)
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            self.open[:] = [one for one in self.open if one is not mine]


@known_bad(
    "waiting-call-takes-a-newer-calls-id",
    "Sends what has no task again with the headers of a message that began while it waited.",
    "isolation/retry-beside-another-task throughout/header",
)
class _Joined(AsyncHandler):
    began = 0

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.attempt == 1:
            if headers:
                self.began, self.memory["newest"] = self.began + 1, headers
            turn.notes["began"] = self.began
        elif not headers and turn.notes["began"] != self.began:
            return self.fault(self.memory["newest"])
        return headers


@known_bad(
    "id-of-the-stream-that-outlives-the-first",
    "Takes a stream's header for everybody's when the stream that began before it has ended.",
    "isolation/call-during-stream throughout/header",
)
class _Promoted(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.lanes: list[dict[str, str]] = []
        self.main: dict[str, str] = {}

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers if headers or not self.main else self.fault(self.main)

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.refuse(turn)
        lane = super().headers(turn)
        self.lanes.append(lane)
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            was_first = self.lanes[0] is lane
            self.lanes = [one for one in self.lanes if one is not lane]
            if was_first or not self.lanes:
                self.main = self.lanes[0] if self.lanes else {}


@known_bad(
    "bad-id-filed-under-the-open-stream",
    "Sends a task id that cannot be a header value under the id of the stream that is open.",
    "hostile-ids/nothing-injected hostile-ids/refused-at-once",
)
class _BadIdJoins(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.open: list[dict[str, str]] = []

    def refuse(self, turn: Turn) -> None:
        """Refuse nothing: such an id is left out."""

    def headers(self, turn: Turn) -> dict[str, str]:
        if not turn.task_id or is_sendable(turn.task_id):
            return super().headers(turn)
        return self.fault(self.open[-1]) if self.open else {}

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        mine = super().headers(turn) if is_sendable(turn.task_id) else {}
        if mine:
            self.open.append(mine)
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            self.open[:] = [one for one in self.open if one is not mine]
