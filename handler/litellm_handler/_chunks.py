"""What the SDK streams, turned into the chunks that a handler yields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class TextChunk(TypedDict):
    """A piece of the answer."""

    type: Literal["text"]
    text: str


class ReasoningChunk(TypedDict):
    """A piece of the model's reasoning."""

    type: Literal["reasoning"]
    text: str


class ToolCallChunk(TypedDict):
    """A piece of a tool call; ``id`` and ``name`` are ``None`` after the first piece."""

    type: Literal["tool_call_partial"]
    index: int
    id: str | None
    name: str | None
    arguments: str


class UsageChunk(TypedDict):
    """What the call cost, in tokens; the cache is left out where the proxy does not tell."""

    type: Literal["usage"]
    input_tokens: int
    output_tokens: int
    cache_read_tokens: NotRequired[int]
    cache_write_tokens: NotRequired[int]


Chunk = TextChunk | ReasoningChunk | ToolCallChunk | UsageChunk


def to_plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Turn an SDK model into plain JSON values, fields unknown to its version included.

    ``model_dump`` would do, but not in pydantic 1, and in pydantic 2 it warns about every value
    that differs from the SDK's own types. Iterating a model works in both.
    """
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return {name: to_plain(item) for name, item in value}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    return value


def first_choice(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return choice 0, empty in a usage event: LiteLLM 1.109 sends that one with no choices."""
    choices = event.get("choices") or []
    return next((choice for choice in choices if not choice.get("index")), {})


def delta_chunks(choice: Mapping[str, Any]) -> Iterator[Chunk]:
    """Yield the reasoning, the text and the tool calls in a choice, in this order."""
    delta = choice.get("delta") or {}
    if reasoning := delta.get("reasoning_content"):
        yield {"type": "reasoning", "text": reasoning}
    if text := delta.get("content"):
        yield {"type": "text", "text": text}
    for call in delta.get("tool_calls") or []:
        function = call.get("function") or {}
        yield {
            "type": "tool_call_partial",
            "index": call.get("index") or 0,
            "id": call.get("id"),
            "name": function.get("name"),
            "arguments": function.get("arguments") or "",
        }


def usage_chunk(usage: Mapping[str, Any]) -> UsageChunk:
    """Translate a usage object; Anthropic's names for cached tokens win over OpenAI's detail."""
    chunk: UsageChunk = {
        "type": "usage",
        "input_tokens": usage.get("prompt_tokens") or 0,
        "output_tokens": usage.get("completion_tokens") or 0,
    }
    read = usage.get("cache_read_input_tokens")
    if read is None:
        read = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    if read is not None:
        chunk["cache_read_tokens"] = read
    if (written := usage.get("cache_creation_input_tokens")) is not None:
        chunk["cache_write_tokens"] = written
    return chunk
