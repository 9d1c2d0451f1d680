"""A provider on the litellm SDK, which talks to a LiteLLM proxy as `litellm_proxy/MODEL`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import litellm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

SESSION_HEADER = "X-Zoo-Session-ID"
VISIBLE_ASCII = re.compile(r"[!-~]+")


class Handler:
    """Two calls to a LiteLLM proxy."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.proxy = {"model": f"litellm_proxy/{model}", "api_base": base_url, "api_key": api_key}

    async def create_message(
        self,
        system_prompt: str,
        messages: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Stream an answer."""
        metadata = metadata or {}
        tools = {key: metadata[key] for key in ("tools", "tool_choice") if metadata.get(key)}
        stream: Any = await litellm.acompletion(
            **self.proxy,
            messages=[{"role": "system", "content": system_prompt}, *messages],
            stream=True,
            stream_options={"include_usage": True},
            # The SDK's own litellm_session_id and metadata are not forwarded to the proxy.
            extra_headers=session_headers(metadata.get("task_id")),
            **tools,
        )
        finished, usage = False, None
        async for event in stream:
            for choice in event.choices:
                for chunk in delta_chunks(choice.delta):
                    yield chunk
                finished = finished or bool(choice.finish_reason)
            usage = getattr(event, "usage", None) or usage
        if not finished:
            raise RuntimeError("the stream ended without a finish_reason")
        if usage:
            yield {
                "type": "usage",
                "input_tokens": usage.prompt_tokens,
                "output_tokens": usage.completion_tokens,
            }

    async def complete_prompt(self, prompt: str) -> str:
        """Complete a prompt, outside any conversation: no session header."""
        answer: Any = await litellm.acompletion(
            **self.proxy, messages=[{"role": "user", "content": prompt}]
        )
        return answer.choices[0].message.content or ""


def session_headers(task_id: object) -> dict[str, str]:
    """Return the session header, if there is a task; refuse an id that no header can hold."""
    if task_id is None or task_id == "":
        return {}
    if not isinstance(task_id, str) or not VISIBLE_ASCII.fullmatch(task_id):
        raise ValueError("the task id cannot be a header value: it must be visible ASCII")
    return {SESSION_HEADER: task_id}


def delta_chunks(delta: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the text and the tool calls of a streamed piece."""
    chunks: list[dict[str, Any]] = []
    if delta.content:
        chunks.append({"type": "text", "text": delta.content})
    chunks += [
        {
            "type": "tool_call_partial",
            "index": call.index,
            "id": call.id,
            "name": call.function.name,
            "arguments": call.function.arguments or "",
        }
        for call in delta.tool_calls or []
    ]
    return chunks
