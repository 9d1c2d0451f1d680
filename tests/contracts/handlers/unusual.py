"""Right handlers that are built or called in unusual ways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sdk_handler import Handler
from socket_handler import Handler as ReturningLists

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping


class Generating(ReturningLists):
    """Synchronous, and a generator: nothing is sent before the first iteration."""

    def create_message(  # type: ignore[override]
        self, system_prompt: str, messages: list[Any], metadata: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, str]]:
        yield from super().create_message(system_prompt, messages, metadata)


class Returning(Handler):
    """A coroutine that returns an async iterator."""

    async def create_message(  # type: ignore[override]
        self, system_prompt: str, messages: list[Any], metadata: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, str]]:
        return super().create_message(system_prompt, messages, metadata)


class Collecting(Handler):
    """A coroutine that returns a list."""

    async def create_message(  # type: ignore[override]
        self, system_prompt: str, messages: list[Any], metadata: Mapping[str, Any] | None = None
    ) -> list[dict[str, str]]:
        chunks = super().create_message(system_prompt, messages, metadata)
        return [chunk async for chunk in chunks]


async def build(base_url: str, api_key: str, model: str) -> Handler:
    """Build a handler, asynchronously."""
    await asyncio.sleep(0)
    return Handler(base_url, api_key, model)
