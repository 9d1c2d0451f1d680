"""A provider on langchain-openai."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_openai import ChatOpenAI

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

SESSION_HEADER = "X-Zoo-Session-ID"
VISIBLE_ASCII = re.compile(r"[!-~]+")


class Handler:
    """Two calls to a LiteLLM proxy."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        # No default_headers here: they would go out with every request of every conversation.
        self.chat: Any = ChatOpenAI(
            base_url=f"{base_url}/v1",
            api_key=api_key,
            model=model,
            stream_usage=True,
            # Else models with codex in their name are asked by the Responses API, whose pieces
            # have no finish_reason; LiteLLM takes chat completions for every model.
            use_responses_api=False,
        )

    async def create_message(
        self,
        system_prompt: str,
        messages: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Stream an answer."""
        metadata = metadata or {}
        tools = {key: metadata[key] for key in ("tools", "tool_choice") if metadata.get(key)}
        stream = self.chat.astream(
            [{"role": "system", "content": system_prompt}, *messages],
            extra_headers=session_headers(metadata.get("task_id")),
            **tools,
        )
        finished, counts = False, None
        async for piece in stream:
            if piece.text:
                yield {"type": "text", "text": str(piece.text)}
            for call in piece.tool_call_chunks:
                yield {
                    "type": "tool_call_partial",
                    "index": call["index"],
                    "id": call["id"],
                    "name": call["name"],
                    "arguments": call["args"] or "",
                }
            finished = finished or bool(piece.response_metadata.get("finish_reason"))
            counts = piece.usage_metadata or counts
        if not finished:
            raise RuntimeError("the stream ended without a finish_reason")
        if counts:
            yield {
                "type": "usage",
                "input_tokens": counts["input_tokens"],
                "output_tokens": counts["output_tokens"],
            }

    async def complete_prompt(self, prompt: str) -> str:
        """Complete a prompt, outside any conversation: no session header."""
        return str((await self.chat.ainvoke(prompt)).text)


def session_headers(task_id: object) -> dict[str, str]:
    """Return the session header, if there is a task; refuse an id that no header can hold."""
    if task_id is None or task_id == "":
        return {}
    if not isinstance(task_id, str) or not VISIBLE_ASCII.fullmatch(task_id):
        raise ValueError("the task id cannot be a header value: it must be visible ASCII")
    return {SESSION_HEADER: task_id}
