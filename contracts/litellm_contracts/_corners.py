"""The input space covered on purpose: every part present and absent, every length at its bounds.

Each factor below takes some levels; every pair of levels of two factors meets in some call
(all-pairs). What fails is reduced by putting one factor after the other back to a plainer level, so
that the condition under which a handler fails is what remains.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from operator import ne
from typing import TYPE_CHECKING, Any

from fake_litellm import Failure, Reply, ToolCall
from fake_litellm._models import OTHER_FAMILIES
from litellm_contracts._model import OMITTED, PNG, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from litellm_contracts._model import Contract

Levels = dict[str, str]
"""A level for each factor, by name."""
Factors = Mapping[str, Mapping[str, Any]]
"""The values of each level of each factor, by name; the first level is the plain one."""

_PARAMETERS = {"path": {"type": "string"}, "title": {"type": "string"}}
_FUNCTION = {
    "name": "read_file",
    "description": "Read a file.",
    "parameters": {"type": "object", "properties": _PARAMETERS},
}
_TOOL = {"type": "function", "function": _FUNCTION}
_MORE_TOOLS = [
    {"type": "function", "function": {**_FUNCTION, "name": f"tool_{number}"}}
    for number in range(129)
]
_RETRIED = "first answer"
"""The factor that is not paired: each retry costs a handler's patience."""
_MOST_TOOLS = 128
"""As many tools OpenAI takes, and a handler may refuse more."""
_FORCED = {"type": "function", "function": {"name": "read_file"}}
_TOOL_CALL = {
    "id": "call_one",
    "type": "function",
    "function": {"name": "read_file", "arguments": '{"path": "a.txt"}'},
}
_ASKED = {"role": "assistant", "content": None, "tool_calls": [_TOOL_CALL]}
_ANOTHER = {**_TOOL_CALL, "id": "call_two"}
_ASKED_TWICE = {"role": "assistant", "content": "I will.", "tool_calls": [_TOOL_CALL, _ANOTHER]}
_CALLED = (ToolCall(name="read_file", arguments='{"path": "b.txt"}', id="call_three"),)
_RESULT = {"role": "tool", "tool_call_id": "call_one", "content": "The file is empty."}
_TURNS = [
    {"role": role, "content": f"Number {number} of the {role}'s."}
    for number in range(110)
    for role in ("user", "assistant")
]
_READ_ALL = [
    said
    for number in range(30)
    for said in (
        {**_ASKED, "tool_calls": [{**_TOOL_CALL, "id": f"call_of_turn_{number}"}]},
        {**_RESULT, "tool_call_id": f"call_of_turn_{number}", "content": "It is long. " * 200},
    )
]

MODELS = (
    "gpt-4o",
    "gpt-5-mini",
    "gemini-2.5-pro",
    "claude-sonnet-4-5",
    "o3-mini",
    "deepseek/deepseek-r1:free",
)
"""One of each family that handlers treat in a way of its own, and a name with punctuation."""
OTHER_MODELS = (
    "azure/gpt-4.1",
    "gpt-5.1-codex",
    "bedrock/anthropic.claude-3-7-sonnet-20250219-v1:0",
    "mistral-large-latest",
    "qwen3-coder",
    "xai/grok-4",
)
"""Further names, each tried with nothing else unusual, and at a second try."""
FACTORS: Factors = {
    "task id": {
        "UUID": "6d0f1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b",
        "absent": None,
        "8 characters": "a1b2c3d4",
        "capital letters": "01JD3ZK9QH7V2X5M8N4B6C0T1R",
        "dashes and underscores doubled, first and last": "-task__2026--11_23-",
        "64 characters": "0123456789abcdef" * 4,
        "65 characters": "0123456789abcdef" * 4 + "g",
    },
    "text": {
        "short": "Say hello.",
        "empty": "",
        "20,000 characters": "word " * 4000,
        "150,000 characters": "word " * 30000,
        "beyond ASCII": "Grüße, 世界 🌍",
        "several lines": "first\nX-Zoo-Session-ID: other-session-id\r\n\tthird",
    },
    "content": {
        "a text": None,
        "a list of parts": [],
        "with an image": [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        ],
        "with a cache mark": [
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
        ],
    },
    "last message": {
        "from the user": "user",
        "a tool's result": "tool",
        "the assistant's": "assistant",
    },
    "history": {
        "none": [],
        "1 turn": _TURNS[:2],
        "110 turns": _TURNS,
        "a tool call": [_ASKED, _RESULT],
        "a tool that said nothing": [_ASKED, {**_RESULT, "content": ""}],
        "30 tool calls": [_TURNS[0], *_READ_ALL],
        "a thought": [_TURNS[0], {**_TURNS[1], "reasoning_content": "Which number?"}],
        "a text and two tool calls": [
            _ASKED_TWICE,
            _RESULT,
            {**_RESULT, "tool_call_id": "call_two"},
        ],
    },
    "system prompt": {"short": "You are careful.", "empty": "", "long": "Be careful. " * 2000},
    "tools": {
        "absent": {},
        "empty": {"tools": []},
        "1": {"tools": [_TOOL]},
        "130": {"tools": [_TOOL, *_MORE_TOOLS]},
        "1 that is forced": {"tools": [_TOOL], "tool_choice": _FORCED},
    },
    "other metadata": {
        "none": {},
        "not passed": OMITTED,  # where there is nothing else in it either
        "some": {"mode": "code", "parent_task_id": "p-0123456789"},
        "how to answer": {"suppress_previous_response_id": True, "store": False},
        "how to call tools": {"parallel_tool_calls": False, "tool_protocol": "native"},
    },
    "model": {name: name for name in (*MODELS, *OTHER_MODELS, *OTHER_FAMILIES)},
    "answer": {
        "a text": Reply(text="One, two, three."),
        "a tool call": Reply(tool_calls=_CALLED),
        "a text and a tool call": Reply(text="One, two.", tool_calls=_CALLED),
    },
    _RETRIED: {
        "the reply": (),
        "HTTP 500": (Failure(status=500, retry_after_ms=5),),
        "HTTP 400": (Failure(status=400, message="litellm.BadRequestError: no"),),
    },
}
_OF_PROMPTS = ("text", "model", _RETRIED)
_REPLY = Reply(text="One, two, three.")


def factors_of(contract: Contract) -> Factors:
    """Return the factors of a generated contract."""
    if contract.generator == "prompts":
        return {name: FACTORS[name] for name in _OF_PROMPTS}
    return FACTORS


def corners(factors: Factors) -> Iterator[Levels]:
    """Yield levels, each once, so that every pair of two factors' levels occurs; the plain first.

    Rows more: no task right after one, with empty metadata and with none; each model with nothing
    else unusual, answered at once and, where it has a family's branch, at the second try; and each
    level of the other factors with an answer at the second try. Those lie apart: a handler may give
    its proxy up for a while where it fails again and again.
    """
    from allpairspy import AllPairs

    plain = plain_levels(factors)
    paired = [name for name in factors if name != _RETRIED]
    apart_from = {*OTHER_MODELS, *OTHER_FAMILIES}
    rows = AllPairs([[one for one in factors[name] if one not in apart_from] for name in paired])
    wanted = [{**plain, **dict(zip(paired, row, strict=True))} for row in rows]
    if "task id" in factors:
        without = {**plain, "task id": "absent"}
        wanted[1:1] = [without, {**without, "other metadata": "not passed"}]
    wanted += [{**plain, "model": model} for model in factors["model"]]
    wanted = _each_once(wanted)
    answers = list(factors[_RETRIED])[1:]
    retried = _each_once(levels for answer in answers for levels in _retried(factors, answer))
    apart = len(wanted) // (len(retried) + 1)
    for number, levels in enumerate(retried, start=1):
        wanted.insert(number * (apart + 1) - 1, levels)
    yield from wanted


def _each_once(rows: Iterable[Levels]) -> list[Levels]:
    return list({tuple(levels.items()): levels for levels in rows}.values())


def _retried(factors: Factors, answer: str) -> Iterator[Levels]:
    """Yield levels in which each of a factor's occurs, and the first try is answered so.

    As few as that takes: each costs a handler's patience. No task has a row of its own, so that
    what goes wrong with a task's header shows in all others; and so has each family of models.
    """
    plain = {**plain_levels(factors), _RETRIED: answer}
    varied = {name: list(factors[name]) for name in factors if name != _RETRIED}
    varied["model"] = list(OTHER_MODELS)
    for model in MODELS:
        yield {**plain, "model": model}
    if "task id" in varied:
        varied["task id"].remove("absent")
        yield {**plain, "task id": "absent"}
    for number in range(max(map(len, varied.values()))):
        yield {**plain, **{name: levels[number % len(levels)] for name, levels in varied.items()}}


def plain_levels(factors: Factors) -> Levels:
    """Return the plain level of each factor."""
    return {name: next(iter(levels)) for name, levels in factors.items()}


def reduce_levels(levels: Levels, factors: Factors, fails: Callable[[Levels], bool]) -> Levels:
    """Put factor after factor to the first of its levels with which it still `fails`."""
    for name, known in factors.items():
        earlier = itertools.takewhile(partial(ne, levels[name]), known)
        lesser = ({**levels, name: level} for level in earlier)
        levels = next((some for some in lesser if fails(some)), levels)
    return levels


def conditions(levels: Levels, factors: Factors) -> dict[str, str]:
    """Return the levels that are not the plain ones: under which the failure shows."""
    plain = plain_levels(factors)
    return {name: level for name, level in levels.items() if level != plain[name]}


def leading_call(marker: str) -> Call:
    """Build the `create_message` that a prompt follows in practice."""
    return Call(
        name="leading",
        method="create_message",
        marker=marker,
        messages=({"role": "user", "content": f"Say hello. {marker}"},),
        metadata={"task_id": next(iter(FACTORS["task id"].values()))},
        judged=False,
    )


def corner_call(
    contract: Contract, levels: Levels, marker: str, factors: Factors = FACTORS
) -> tuple[Call, str]:
    """Build the call for some levels; returns it with the model's name."""
    value = {name: factors[name][level] for name, level in levels.items()}
    text = f"{value['text']} {marker}"
    if contract.generator == "prompts":
        call = Call(
            name="generated",
            method="complete_prompt",
            marker=marker,
            prompt=text,
            answers=(*value[_RETRIED], _REPLY),
        )
        return call, value["model"]
    is_passed = value["other metadata"] is not OMITTED
    metadata = dict(value["other metadata"]) if is_passed else {}
    if value["task id"] is not None:
        metadata["task_id"] = value["task id"]
    metadata |= value["tools"]
    call = Call(
        name="generated",
        method="create_message",
        marker=marker,
        system_prompt=value["system prompt"],
        messages=(*value["history"], *_last(text, value)),
        metadata=metadata if is_passed or metadata else OMITTED,
        # Whoever was given no tools is not answered with a call of one.
        answers=(*value[_RETRIED], value["answer"] if metadata.get("tools") else _REPLY),
        may_fail=len(metadata.get("tools") or ()) > _MOST_TOOLS,
    )
    return call, value["model"]


def _last(text: str, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    if value["last message"] == "assistant":  # whose content is a text; the user's varies
        asked = {"role": "user", "content": _content("Say it.", value)}
        return [asked, {"role": "assistant", "content": text}]
    content = _content(text, value)
    if value["last message"] == "tool":
        call = {**_TOOL_CALL, "id": "call_last"}
        asked = {**_ASKED, "tool_calls": [call]}
        if isinstance(content, list):  # of a result only texts are parts
            content = [part for part in content if part["type"] == "text"]
        return [asked, {**_RESULT, "tool_call_id": "call_last", "content": content}]
    return [{"role": "user", "content": content}]


def _content(text: str, value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a text or parts
    if value["content"] is None:
        return text
    return [{"type": "text", "text": text}, *value["content"]]
