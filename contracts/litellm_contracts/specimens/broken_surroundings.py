"""Handlers that go by their surroundings: the environment, a path, another server, a stop."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import http_library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@known_bad(
    "key-of-the-environment",
    "Prefers a key in the environment to the one it is built with.",
    "isolation/own-key-and-model throughout/own-settings",
)
class _EnvironmentKey(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        key = os.environ.get("LITELLM_API_KEY")
        super().__init__(base_url, self.fault(key) if key else api_key, model)


@known_bad(
    "path-of-the-proxy-lost",
    "Takes the address of its proxy for a host alone.",
    "isolation/own-proxy throughout/own-settings",
)
class _NoPath(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        scheme, _, rest = base_url.partition("//")
        host, _, path = rest.partition("/")
        super().__init__(self.fault(f"{scheme}//{host}") if path else base_url, api_key, model)


@known_bad(
    "picture-fetched-with-the-key",
    "Fetches the pictures that messages point at with the proxy's own client.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _Fetching(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        parts = turn.last if isinstance(turn.last, list) else []
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        for url in (url for url in urls if url.startswith("http")):
            with suppress(Exception):
                self.client.get(self.fault(url), cast_to=http_library().Response)


@known_bad(
    "client-closed-in-use",
    "Keeps a client for each of the last sixteen tasks, and closes the oldest, whatever it does.",
    "faithfulness/beside-many-tasks",
)
class _ClosedInUse(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        clients = self.memory.setdefault("clients", {})
        if turn.task_id:
            client = clients.pop(turn.task_id, None) or self.new_client()
            clients[turn.task_id] = self.client = client
        if len(clients) > 16:  # noqa: PLR2004
            await self.fault(clients.pop(next(iter(clients)))).close()
        return await super().send(turn)

    async def aclose(self) -> None:
        for client in self.memory.get("clients", {}).values():
            await client.close()
        await super().aclose()


@known_bad(
    "cancellation-swallowed",
    "Ends a stream in good order where its caller cancels the call.",
    "throughout/answers",
)
class _Swallowed(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        try:
            async for chunk in super().stream(turn):
                yield chunk
        except asyncio.CancelledError:
            self.fault()


@known_bad(
    "cancelled-prompt-answered",
    "Returns nothing where the caller cancels a prompt.",
    "throughout/answers",
)
class _AnsweredAnyway(AsyncHandler):
    async def complete_prompt(self, prompt: str) -> str:
        try:
            return await super().complete_prompt(prompt)
        except asyncio.CancelledError:
            return self.fault("")
