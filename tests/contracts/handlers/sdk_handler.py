"""A right handler over the openai SDK; each broken one beside it changes a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai import AsyncOpenAI

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

HEADER = "X-Zoo-Session-ID"


class Handler:
    """Streams and completes; the session header goes with the request it belongs to."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.model = model
        self.client = AsyncOpenAI(base_url=f"{base_url}/v1", api_key=api_key)

    def headers(self, metadata: Mapping[str, Any] | None) -> dict[str, str]:
        task_id = (metadata or {}).get("task_id")
        return {HEADER: task_id} if task_id else {}

    def prompt_headers(self) -> dict[str, str]:
        return {}

    async def create_message(
        self, system_prompt: str, messages: list[Any], metadata: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, str]]:
        stream = await self.client.chat.completions.create(
            model=self.model,
            messages=[{"role": "system", "content": system_prompt}, *messages],
            stream=True,
            extra_headers=self.headers(metadata),
        )
        async for event in stream:
            if event.choices and event.choices[0].delta.content:
                yield {"type": "text", "text": event.choices[0].delta.content}

    async def complete_prompt(self, prompt: str) -> str:
        answer = await self.client.chat.completions.create(
            model=self.model,
            messages=[{"role": "user", "content": prompt}],
            extra_headers=self.prompt_headers(),
        )
        return answer.choices[0].message.content or ""

    async def aclose(self) -> None:
        await self.client.close()
