"""A provider on httpx alone, without any SDK."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

SESSION_HEADER = "X-Zoo-Session-ID"
VISIBLE_ASCII = re.compile(r"[!-~]+")


class ProxyError(Exception):
    """The proxy refused a request, or its answer broke off."""


class Handler:
    """Two calls to a LiteLLM proxy."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self.client = httpx.AsyncClient(base_url=f"{base_url}/v1/", headers=headers, timeout=60)
        self.model = model

    async def create_message(
        self,
        system_prompt: str,
        messages: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Stream an answer."""
        metadata = metadata or {}
        body = {
            "model": self.model,
            "messages": [{"role": "system", "content": system_prompt}, *messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            **{key: metadata[key] for key in ("tools", "tool_choice") if metadata.get(key)},
        }
        headers = session_headers(metadata.get("task_id"))
        finished = False
        async with self.client.stream(
            "POST", "chat/completions", json=body, headers=headers
        ) as response:
            if response.is_error:
                raise ProxyError(f"{response.status_code}: {(await response.aread()).decode()}")
            async for line in lines(response):
                event = parse(line)
                for choice in event.get("choices", []):
                    finished = finished or bool(choice.get("finish_reason"))
                for chunk in chunks(event):
                    yield chunk
        if not finished:
            raise ProxyError("the stream ended without a finish_reason")

    async def complete_prompt(self, prompt: str) -> str:
        """Complete a prompt, outside any conversation: no session header."""
        body = {"model": self.model, "messages": [{"role": "user", "content": prompt}]}
        response = await self.client.post("chat/completions", json=body)
        if response.is_error:
            raise ProxyError(f"{response.status_code}: {response.text}")
        return response.json()["choices"][0]["message"]["content"] or ""

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.aclose()


def session_headers(task_id: object) -> dict[str, str]:
    """Return the session header, if there is a task; refuse an id that no header can hold."""
    if task_id is None or task_id == "":
        return {}
    if not isinstance(task_id, str) or not VISIBLE_ASCII.fullmatch(task_id):
        raise ValueError("the task id cannot be a header value: it must be visible ASCII")
    return {SESSION_HEADER: task_id}


async def lines(response: httpx.Response) -> AsyncIterator[str]:
    """Yield the lines of a stream; `aiter_lines` breaks at U+2028 as well, which JSON may hold."""
    rest = b""
    async for part in response.aiter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode()
    yield rest.decode()


def parse(line: str) -> dict[str, Any]:
    """Return the event of a line of the stream, empty for lines that hold none."""
    if not line.startswith("data:") or line[5:].strip() == "[DONE]":
        return {}
    event = json.loads(line[5:])
    if event.get("error"):
        raise ProxyError(event["error"].get("message", str(event["error"])))
    return event


def chunks(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the text, the tool calls and the usage of an event."""
    for choice in event.get("choices", []):
        delta = choice.get("delta") or {}
        if delta.get("content"):
            yield {"type": "text", "text": delta["content"]}
        for call in delta.get("tool_calls") or []:
            function = call.get("function") or {}
            yield {
                "type": "tool_call_partial",
                "index": call["index"],
                "id": call.get("id"),
                "name": function.get("name"),
                "arguments": function.get("arguments") or "",
            }
    if usage := event.get("usage"):
        yield {
            "type": "usage",
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
        }
