"""A provider on the synchronous openai SDK, 1.0 and later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import openai

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SESSION_HEADER = "X-Zoo-Session-ID"
VISIBLE_ASCII = re.compile(r"[!-~]+")


class Handler:
    """Two calls to a LiteLLM proxy."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.client = openai.OpenAI(base_url=f"{base_url}/v1", api_key=api_key)
        self.model = model

    def create_message(
        self,
        system_prompt: str,
        messages: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Stream an answer."""
        metadata = metadata or {}
        tools = {key: metadata[key] for key in ("tools", "tool_choice") if metadata.get(key)}
        stream: Any = self.client.chat.completions.create(
            model=self.model,
            messages=[{"role": "system", "content": system_prompt}, *messages],  # type: ignore[list-item]
            stream=True,
            # Headers of this request alone: default headers stay for other conversations.
            extra_headers=session_headers(metadata.get("task_id")),
            # Through extra_body, as early releases know neither tools nor stream_options.
            extra_body={"stream_options": {"include_usage": True}, **tools},
        )
        finished, usage = False, None
        for event in stream:
            for choice in event.choices or []:
                yield from delta_chunks(choice.delta)
                finished = finished or bool(choice.finish_reason)
            usage = getattr(event, "usage", None) or usage
        if not finished:  # the SDK takes any end of the body for the end of the answer
            raise RuntimeError("the stream ended without a finish_reason")
        if usage:
            counts = usage if isinstance(usage, dict) else dict(usage)
            yield {
                "type": "usage",
                "input_tokens": counts["prompt_tokens"],
                "output_tokens": counts["completion_tokens"],
            }

    def complete_prompt(self, prompt: str) -> str:
        """Complete a prompt, outside any conversation: no session header."""
        answer = self.client.chat.completions.create(
            model=self.model, messages=[{"role": "user", "content": prompt}]
        )
        return answer.choices[0].message.content or ""

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def session_headers(task_id: object) -> dict[str, str]:
    """Return the session header, if there is a task; refuse an id that no header can hold."""
    if task_id is None or task_id == "":
        return {}
    if not isinstance(task_id, str) or not VISIBLE_ASCII.fullmatch(task_id):
        raise ValueError("the task id cannot be a header value: it must be visible ASCII")
    return {SESSION_HEADER: task_id}


def delta_chunks(delta: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield the text and the tool calls of a streamed piece."""
    if delta.content:
        yield {"type": "text", "text": delta.content}
    for call in getattr(delta, "tool_calls", None) or []:
        yield {
            "type": "tool_call_partial",
            "index": call.index,
            "id": call.id,
            "name": call.function.name,
            "arguments": call.function.arguments or "",
        }
