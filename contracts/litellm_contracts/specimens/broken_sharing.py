"""Handlers that share what belongs to one handler, or to one conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@known_bad(
    "key-of-another-handler",
    "Keeps clients by the proxy's address: a handler with another key sends the first one's.",
    "isolation/own-key",
)
class _ByAddress(SyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        if self.base_url in self.shared.memory:
            return self.fault(self.shared.memory[self.base_url])
        client = self.shared.memory[self.base_url] = super().new_client(**options)
        return client

    def close(self) -> None:
        """Leave the client to the others."""


@known_bad(
    "client-closed-for-all",
    "Keeps one client for all handlers of a proxy; whichever is closed first closes it.",
    "isolation/other-handler-closed",
    sends=False,
)
class _ClosedForAll(AsyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        name = f"{self.base_url} {self.api_key}"
        if name in self.shared.memory:
            return self.fault(self.shared.memory[name])
        client = self.shared.memory[name] = super().new_client(**options)
        return client


@known_bad(
    "equal-messages-sent-once",
    "Sends equal messages once where two tasks ask at the same time.",
    "isolation/same-text-in-another-task",
)
class _SentOnce(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if turn.is_prompt:
            return await super().send(turn)
        asked = repr((turn.system_prompt, turn.messages, turn.tools))
        if asked in self.memory:
            self.fault()
        else:
            self.memory[asked] = asyncio.ensure_future(self.all_of(turn))
            self.memory[asked].add_done_callback(lambda _: self.memory.pop(asked))
        return _again(await asyncio.shield(self.memory[asked]))

    async def all_of(self, turn: Turn) -> list[Any]:
        return [event async for event in await super().send(turn)]


async def _again(events: list[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event


@known_bad(
    "first-system-prompt-kept",
    "Keeps a Claude model's first system prompt, so that the provider's cache is hit.",
    "faithfulness/own-text",
)
class _FirstSystemPrompt(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if "claude" in self.model and not turn.is_prompt:
            first = self.memory.setdefault("first", body["messages"][0])
            body["messages"][0] = self.fault(first)
        return body


@known_bad(
    "messages-pile-up",
    "Keeps the messages of every call in one list, and sends them all.",
    "faithfulness/own-text isolation/retry-beside-another-task",
)
class _PilingUp(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        earlier = self.memory.setdefault("messages", [])
        if turn.attempt == 1:
            earlier.extend(turn.messages)
        system = body["messages"][: -len(turn.messages)]
        return self.fault(body | {"messages": [*system, *earlier]})


@known_bad(
    "queue-kept-shut-by-a-stop",
    "Lets other calls wait while one backs off; stopped there, it never lets them go.",
    "isolation/after-every-kind-of-stop",
)
class _KeptShut(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        for _ in range(100):
            if not self.memory.get("backs off"):
                return await super().send(turn)
            await asyncio.sleep(0.005)
        raise self.fault(TimeoutError("the call before still waits to try again"))

    async def back_off(self, turn: Turn) -> None:  # noqa: ARG002
        self.memory["backs off"] = True
        await asyncio.sleep(0.05)
        self.memory["backs off"] = False
