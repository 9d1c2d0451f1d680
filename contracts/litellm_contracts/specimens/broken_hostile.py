"""Handlers that send a task id which cannot be, or should not be altered as, a header value."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sendable

_MENDED = "hostile-ids/refused-at-once"
_REPLACED = "hostile-ids/nothing-injected hostile-ids/refused-at-once"


class _Mending(SyncHandler):
    """Mends a task id that cannot be sent."""

    def mend(self, task_id: object) -> str:
        """Return what is sent instead."""
        raise NotImplementedError

    def refuse(self, turn: Turn) -> None:
        if turn.task_id and not is_sendable(turn.task_id):
            mended = self.fault(self.mend(turn.task_id))
            turn.metadata = {**(turn.metadata or {}), "task_id": mended}


@known_bad("bad-id-sanitised", "Takes out of a task id what cannot be sent.", _MENDED)
class _Sanitised(_Mending):
    def mend(self, task_id: object) -> str:
        return re.sub(r"[^a-zA-Z0-9_-]", "", str(task_id)) or "unknown-task"


@known_bad("number-sent-as-text", "Turns a task id that is a number into text.", _MENDED)
class _Number(AsyncHandler):
    def refuse(self, turn: Turn) -> None:
        if isinstance(turn.task_id, int):
            turn.metadata = self.fault({**(turn.metadata or {}), "task_id": str(turn.task_id)})
        super().refuse(turn)


@known_bad(
    "previous-id-for-a-bad-one",
    "Falls back on the last good task id where one cannot be sent.",
    _REPLACED,
)
class _Previous(_Mending):
    def mend(self, task_id: object) -> str:
        del task_id
        return str(self.memory.get("last", "unknown-task"))

    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.task_id:
            self.memory["last"] = turn.task_id
        return super().headers(turn)


@known_bad(
    "line-breaks-injected",
    "Writes the task id to the socket as it is, line breaks included.",
    _REPLACED,
)
class _Injected(RawHandler):
    def refuse(self, turn: Turn) -> None:
        if turn.task_id and not is_sendable(turn.task_id):
            self.fault()


@known_bad(
    "bad-id-refused-after-retries",
    "Finds out that a task id cannot be sent when it sends, and tries again for seconds.",
    _MENDED,
    is_slow=True,
)
class _Late(AsyncHandler):
    def refuse(self, turn: Turn) -> None:
        """Check nothing."""

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if turn.task_id and not is_sendable(turn.task_id):
            await self.fault(asyncio.sleep(1.2))
            raise ConnectionError("Connection error.")
        return await super().send(turn)


@known_bad(
    "ignored-id-sanitised",
    "Writes `-` for what LiteLLM does not take in a task id.",
    "hostile-ids/ignored-by-litellm",
)
class _Slug(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        slugs = {name: re.sub(r"[^a-zA-Z0-9_-]", "-", value) for name, value in headers.items()}
        return headers if slugs == headers else self.fault(slugs)
