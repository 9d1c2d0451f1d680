"""Fixtures that drive a handler against the fake proxy, each call in an event loop of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from litellm_handler import LiteLLMHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fake_litellm import FakeLiteLLM
    from litellm_handler import Chunk

HELLO = ({"role": "user", "content": "Hello"},)


@pytest.fixture
def create_message(fake_litellm: FakeLiteLLM) -> Callable[..., list[Chunk]]:
    """Return a call that collects the chunks of one streamed answer, `into` a list if given."""

    def call(
        metadata: Mapping[str, object] | None = None,
        *,
        messages: Sequence[Mapping[str, Any]] = HELLO,
        into: list[Chunk] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> list[Chunk]:
        chunks: list[Chunk] = [] if into is None else into

        async def main() -> None:
            handler = LiteLLMHandler(**{"base_url": fake_litellm.base_url, **options})
            try:
                async for chunk in handler.create_message("Be brief.", messages, metadata):
                    chunks.append(chunk)  # noqa: PERF401 - kept when the stream breaks off
            finally:
                await handler.aclose()

        asyncio.run(main())
        return chunks

    return call


@pytest.fixture
def complete_prompt(fake_litellm: FakeLiteLLM) -> Callable[..., str]:
    """Return a call that answers one prompt."""

    def call(prompt: str = "Hello", **options: Any) -> str:  # noqa: ANN401
        async def main() -> str:
            handler = LiteLLMHandler(**{"base_url": fake_litellm.base_url, **options})
            try:
                return await handler.complete_prompt(prompt)
            finally:
                await handler.aclose()

        return asyncio.run(main())

    return call
