"""A handler with a common mistake: the session header sits in the client's default headers."""

from collections.abc import AsyncIterator
from typing import Any

import openai


class StickyHandler:
    """Sets the header when a task begins, and never takes it off again."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.client = openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key=api_key)
        self.model = model

    async def create_message(
        self,
        system_prompt: str,
        messages: list[dict[str, Any]],
        metadata: dict[str, Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Stream an answer."""
        if metadata and metadata.get("task_id"):
            headers = {"X-Zoo-Session-ID": metadata["task_id"]}
            self.client = self.client.with_options(default_headers=headers)
        stream: Any = await self.client.chat.completions.create(
            model=self.model,
            messages=[{"role": "system", "content": system_prompt}, *messages],  # type: ignore[list-item]
            stream=True,
        )
        async for chunk in stream:
            for choice in chunk.choices:
                if choice.delta.content:
                    yield {"type": "text", "text": choice.delta.content}

    async def complete_prompt(self, prompt: str) -> str:
        """Complete a prompt."""
        answer = await self.client.chat.completions.create(
            model=self.model, messages=[{"role": "user", "content": prompt}]
        )
        return answer.choices[0].message.content or ""
