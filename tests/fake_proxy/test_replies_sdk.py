"""Replies and redirects as the real SDK reads them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai

from fake_litellm import Redirect, Reply, Usage

if TYPE_CHECKING:
    from fake_litellm import FakeLiteLLM

MESSAGES: Any = [{"role": "user", "content": "Hello"}]


def test_the_sdk_reads_json(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Grüße", usage=Usage(prompt_tokens=7, completion_tokens=5)))
    completion = client.chat.completions.create(model="alias", messages=MESSAGES)
    assert completion.choices[0].message.content == "Grüße"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 12


def test_the_sdk_reads_a_stream(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hello you"))
    with client.chat.completions.create(
        model="alias", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello you"
    assert chunks[-1].usage is not None


def test_the_async_sdk_asks_many_at_once(fake_litellm: FakeLiteLLM) -> None:
    async def main() -> list[str | None]:
        async with openai.AsyncOpenAI(base_url=fake_litellm.base_url, api_key="k") as sdk:
            create = sdk.chat.completions.create
            asked = (create(model=f"m{n}", messages=MESSAGES) for n in range(16))
            return [done.model for done in await asyncio.gather(*asked)]

    assert asyncio.run(main()) == [f"m{n}" for n in range(16)]
    assert sorted(record.json["model"] for record in fake_litellm.journal) == sorted(
        f"m{n}" for n in range(16)
    )


def test_a_redirect_is_followed_by_the_sdk(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Redirect(location=f"{fake_litellm.base_url}/chat/completions"))
    assert client.chat.completions.create(model="m", messages=MESSAGES).model == "m"
    assert [(one.path, one.status) for one in fake_litellm.journal] == [
        ("/v1/chat/completions", 307),
        ("/chat/completions", 200),
    ]
