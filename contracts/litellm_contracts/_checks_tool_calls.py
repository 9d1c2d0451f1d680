"""Whether the tool calls of an answer reach the caller, in whatever chunks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

from litellm_contracts._finding import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm._replies import Reply, ToolCall
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation, Outcome, Seen

_NONE = "{}"


def wrong_calls(outcome: Outcome, reply: Reply, observation: Observation) -> Iterator[str]:
    """Say of each tool call what is wrong with it; no model calls what it was not offered."""
    if not _offers_tools(outcome.call, observation):
        return
    partial = dict(enumerate(_partial_calls(outcome)))
    comes_whole = not partial
    is_gemini = any(map(_is_gemini, observation.requests_of(outcome.call)))
    for index, wanted in enumerate(map(_sent, reply.tool_calls)):
        got = partial.pop(index, None)
        if got and is_gemini:
            wanted = _as_gemini_has_it(wanted, got["id"])  # noqa: PLW2901
        if got != wanted and not (comes_whole and _mentions(outcome.chunks, wanted)):
            yield (
                f"{named(outcome.call)} yielded tool call {index} as {got}; the proxy sent {wanted}"
            )
    for index, got in partial.items():
        yield f"{named(outcome.call)} yielded tool call {index}, {got}; the proxy sent none"


def _sent(call: ToolCall) -> dict[str, str]:
    return {"id": call.id, "name": call.name, "arguments": _arguments(call.arguments)}


def _arguments(text: str) -> str:
    """Return the same for all ways to write the same arguments, or to say that there are none."""
    try:
        return json.dumps(json.loads(text or _NONE), sort_keys=True)
    except ValueError:
        return text


def _is_gemini(seen: Seen) -> bool:
    return seen.request.path.lower().endswith("generatecontent")


def _as_gemini_has_it(sent: dict[str, str], made_up: str) -> dict[str, str]:
    """Return a tool call without an id of its own, and whose arguments are an object."""
    is_object = sent["arguments"].startswith("{") and sent["arguments"].endswith("}")
    arguments = sent["arguments"] if is_object else _NONE
    return {**sent, "id": made_up or sent["id"], "arguments": arguments}


def _partial_calls(outcome: Outcome) -> list[dict[str, Any]]:
    """Join the tool call chunks by their index, which in some APIs counts the texts, too."""
    calls: dict[int, dict[str, Any]] = {}
    for chunk in outcome.chunks:
        if isinstance(chunk, Mapping) and chunk.get("type") == "tool_call_partial":
            call = calls.setdefault(chunk.get("index", 0), {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or chunk.get("id") or ""
            call["name"] = call["name"] or chunk.get("name") or ""
            call["arguments"] += chunk.get("arguments") or ""
    return [
        {**call, "arguments": _arguments(call["arguments"])} for _, call in sorted(calls.items())
    ]


def _mentions(chunks: list[Any], sent: dict[str, str]) -> bool:
    """Tell whether chunks of types we do not know hold a tool call, whole or in pieces."""
    values = [value for chunk in chunks for value in _values_of(chunk)]
    texts = {value for value in values if isinstance(value, str)}
    values += _joined(chunks)
    told = {_arguments(one if isinstance(one, str) else json.dumps(one)) for one in values}
    return {sent["id"], sent["name"]} <= texts and sent["arguments"] in told | {_NONE}


def _joined(chunks: list[Any]) -> list[str]:
    """Join the texts at the same place of chunks with the same id or index."""
    pieces: dict[Any, list[str]] = {}
    for chunk in chunks:
        for whole in _values_of(chunk)[:1]:
            leaves = dict(_leaves(whole))
            whose = [str(leaves[one]) for one in leaves if one.lower().endswith(("id", "index"))]
            for place, value in leaves.items():
                if isinstance(value, str):
                    pieces.setdefault((place, *whose), []).append(value)
    return ["".join(some) for some in pieces.values()]


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    """Yield what is no object and no list, after its place."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, f"{place}.{key}")
    else:
        yield place, value


def _values_of(chunk: Any) -> list[Any]:  # noqa: ANN401 - what a handler yields
    """Return every text and every dictionary in a chunk, as JSON holds it; none if it has no end.

    Objects are looked into, unless they lead to each other without end: then they are what they
    print.
    """
    for default in (_fields, str):
        with suppress(ValueError, RecursionError):
            return list(_values(json.loads(json.dumps(chunk, default=default, skipkeys=True))))
    return []


def _fields(value: Any) -> Any:  # noqa: ANN401 - an object in a chunk
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return vars(value) if hasattr(value, "__dict__") and not isinstance(value, type) else str(value)


def _values(value: Any) -> Iterator[Any]:  # noqa: ANN401 - a chunk, or a part of one
    """Yield every text and every dictionary in it."""
    if isinstance(value, str | dict):
        yield value
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _values(item)


def _offers_tools(call: Call, observation: Observation) -> bool:
    """Tell whether a request of the call offered tools, or the call was given none to offer."""
    given = isinstance(call.metadata, dict) and call.metadata.get("tools")
    bodies = [seen.request.json for seen in observation.requests_of(call)]
    offers = (one for one in bodies if isinstance(one, dict))
    return not given or any(one.get("tools") or one.get("functions") for one in offers)
