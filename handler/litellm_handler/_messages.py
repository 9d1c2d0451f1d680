"""The messages of a request: what the caller gave, plus what some models want to see on them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Message = dict[str, Any]

_CACHE_MARK: Final = {"cache_control": {"type": "ephemeral"}}
_MARKED_USER_MESSAGES: Final = 2

# Gemini refuses a replayed tool call without the signature it came with, except for this one:
# https://ai.google.dev/gemini-api/docs/thought-signatures
_SKIP_SIGNATURE: Final = base64.b64encode(b"skip_thought_signature_validator").decode()


def build_messages(
    system_prompt: str,
    messages: Iterable[Mapping[str, Any]],
    *,
    model: str,
    use_prompt_cache: bool,
) -> list[Message]:
    """Put the system prompt before copies of the messages and add what the model needs.

    ``messages`` are chat-completions messages and are left as they are: what changes is copied.
    """
    built: list[Message] = [{"role": "system", "content": system_prompt}, *map(dict, messages)]
    if "gemini" in model.lower():
        built = [_with_signatures(message) for message in built]
    if use_prompt_cache:
        users = [i for i, message in enumerate(built) if message.get("role") == "user"]
        for i in (0, *users[-_MARKED_USER_MESSAGES:]):
            built[i]["content"] = _with_cache_mark(built[i].get("content"))
    return built


def _with_signatures(message: Message) -> Message:
    """Give every tool call that has no thought signature the one that Gemini lets through."""
    if message.get("role") != "assistant" or not message.get("tool_calls"):
        return message
    return {**message, "tool_calls": [_with_signature(call) for call in message["tool_calls"]]}


def _with_signature(call: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = call.get("provider_specific_fields") or {}
    on_function = (call.get("function") or {}).get("provider_specific_fields") or {}
    # LiteLLM looks into these fields first, so a placeholder there would hide the real signature
    # that LiteLLM itself puts into a tool call's id (call_1__thought__<signature>).
    signed = "__thought__" in (call.get("id") or "")
    if signed or fields.get("thought_signature") or on_function.get("thought_signature"):
        return call
    return {**call, "provider_specific_fields": {**fields, "thought_signature": _SKIP_SIGNATURE}}


def _with_cache_mark(content: object) -> object:
    """Mark the last text part; a string becomes a list of one part, an empty text stays bare."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list):
        return content
    for i in reversed(range(len(parts))):
        # Anthropic answers a mark on an empty text with a 400.
        if parts[i].get("type") == "text" and parts[i].get("text"):
            return [*parts[:i], {**parts[i], **_CACHE_MARK}, *parts[i + 1 :]]
    return content
