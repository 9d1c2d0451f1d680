"""The check that tool calls arrive, however a handler tells of them."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply, ToolCall
from litellm_contracts._checks import CHECKS
from litellm_contracts._model import Call
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._finding import Finding

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Judge = Callable[..., list[Finding]]


class Kind(Enum):
    """What a handler may tell its chunks apart by."""

    TOOL = 1


TOOLS = Reply(
    text="",
    tool_calls=(
        ToolCall(name="read", arguments='{"a": 1}', id="call_1"),
        ToolCall(name="write", arguments="{}", id="call_2"),
    ),
)


def part(index: int, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    """Return a chunk of a tool call."""
    return {
        "type": "tool_call_partial",
        "index": index,
        "id": call_id,
        "name": name,
        "arguments": arguments,
    }


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [part(0, "call_1", "read", '{"a": 1}'), part(1, "call_2", "write", "{}")], id="whole"
        ),
        pytest.param(
            [
                part(0, "call_1", "read", '{"a"'),
                part(1, "call_2", None, ""),
                part(0, None, None, ": 1}"),
                part(1, "call_2", "write", "{}"),
            ],
            id="in pieces",
        ),
        pytest.param(
            [part(0, "call_1", "read", '{"a": 1}'), part(1, "call_2", "write", "")],
            id="no arguments",
        ),
        pytest.param(
            [
                {"kind": "tool", "call": ["call_1", "read", '{"a": 1}']},
                {"kind": "tool", "call": ["call_2", "write", "{}"]},
            ],
            id="in chunks of another type",
        ),
        pytest.param(
            [part(0, "call_1", "read", '{"a":1}'), part(1, "call_2", "write", " {}")],
            id="arguments written anew",
        ),
        pytest.param(
            [
                {"type": "tool", "id": "call_1", "name": "read", "input": {"a": 1}},
                SimpleNamespace(id="call_2", function=SimpleNamespace(name="write")),
            ],
            id="arguments as values, and objects",
        ),
        pytest.param(
            [
                {"kind": Kind.TOOL, "call": ["call_1", "read", '{"a": 1}']},
                {"kind": Kind.TOOL, "call": ["call_2", "write", "{}"]},
            ],
            id="enumerations, which hold themselves",
        ),
        pytest.param(
            [part(1, "call_1", "read", '{"a": 1}'), part(3, "call_2", "write", "{}")],
            id="numbered among texts",
        ),
        pytest.param(
            [
                {
                    "type": "tool_call_partial",
                    "id": "call_1",
                    "name": "read",
                    "arguments": '{"a": 1}',
                },
                part(1, "call_2", "write", "{}"),
            ],
            id="the first without a number",
        ),
        pytest.param(
            [
                {"type": "start", "index": 1, "call": {"id": "call_1", "name": "read"}},
                {"type": "start", "index": 2, "call": {"id": "call_2", "name": "write"}},
                {"type": "delta", "index": 1, "delta": {"json": '{"a"'}},
                {"type": "delta", "index": 2, "delta": {"json": "{"}},
                {"type": "delta", "index": 1, "delta": {"json": ": 1}"}},
                {"type": "delta", "index": 2, "delta": {"json": "}"}},
            ],
            id="in pieces of another type",
        ),
        pytest.param(
            [
                MappingProxyType(part(0, "call_1", "read", '{"a": 1}')),
                MappingProxyType(part(1, "call_2", "write", "{}")),
            ],
            id="read-only",
        ),
        pytest.param(
            [
                MappingProxyType({"kind": "tool", "call": ["call_1", "read", '{"a": 1}']}),
                MappingProxyType({"kind": "tool", "call": ["call_2", "write", "{}"]}),
            ],
            id="read-only, of another type",
        ),
    ],
)
def test_tool_calls_that_arrive_whole_are_right(judge: Judge, chunks: list[Any]) -> None:
    assert judge("tool-calls", [TOOLS], chunks=chunks) == []


class Step:
    """One of a handler's own objects, each of which leads to one more."""

    def __init__(self, before: Step | None = None) -> None:
        self.before = before


def chain(length: int = 100_000) -> Step:
    """Return a step that more lead to than Python follows."""
    step = Step()
    for _ in range(length):
        step = Step(step)
    return step


def nested(depth: int = 100_000) -> list[Any]:
    """Return a list with more lists in each other than Python follows."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


ENDLESS = SimpleNamespace()
ENDLESS.again = ENDLESS
ROUND: dict[str, Any] = {"kind": "status"}
ROUND["again"] = ROUND
READ = ToolCall(name="read", arguments='{"a": 1, "b": 2}', id="call_1")
PART = {"type": "tool_call_partial", "id": "call_1", "name": "read"}
INPUT = {"b": 2, "a": 1}


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([{**PART, "arguments": '{"b": 2, "a": 1}'}], id="another order, no index"),
        pytest.param([{"id": "call_1", "name": "read", "input": INPUT}], id="nothing beside it"),
        pytest.param(
            [{"id": "call_1", "name": PurePosixPath("read"), "kind": Kind, "input": INPUT}],
            id="objects without fields, and classes",
        ),
        pytest.param([{"call": ["call_1", "read", INPUT], (1, 2): 3}], id="keys that JSON lacks"),
        pytest.param(
            [{"call": ["call_1", "read", INPUT], (1, 2): 3}, ENDLESS], id="beside an endless one"
        ),
        pytest.param(
            [{"call": ["call_1", "read", INPUT], "of": ENDLESS}], id="with an endless object"
        ),
        pytest.param(
            [{"call": ["call_1", "read", INPUT], "of": chain()}], id="with a long chain of objects"
        ),
        pytest.param([{**PART, "arguments": '{"a": 1, "b": 2}'}, ROUND], id="beside a round one"),
        pytest.param([{"call": ["call_1", "read", INPUT]}, ROUND], id="whole beside a round one"),
        pytest.param([{"call": ["call_1", "read", INPUT]}, nested()], id="beside a deep one"),
    ],
)
def test_one_tool_call_may_be_told_in_many_ways(judge: Judge, chunks: list[Any]) -> None:
    assert judge("tool-calls", [Reply(text="", tool_calls=(READ,))], chunks=chunks) == []


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({}, 2, id="none"),
        pytest.param({"chunks": [part(0, "call_1", "read", '{"a": 1}')]}, 1, id="one lost"),
        pytest.param(
            {"chunks": [part(0, "call_1", "read", '{"a"'), part(1, "call_2", "write", "{}")]},
            1,
            id="arguments cut",
        ),
        pytest.param(
            {"chunks": [part(0, "call_9", "read", '{"a": 1}'), part(1, "call_2", "write", "{}")]},
            1,
            id="another id",
        ),
        pytest.param(
            {
                "chunks": [
                    part(0, "call_1", "read", '{"a": 1}'),
                    part(1, "call_2", "write", "{}"),
                    part(2, "call_3", "delete", "{}"),
                ]
            },
            1,
            id="one too many",
        ),
        pytest.param({"error": "ValueError: no"}, 1, id="an error after all"),
        pytest.param(
            {
                "chunks": [
                    {"type": "start", "id": "call_1", "name": "read"},
                    {"type": "delta", "id": "call_1", "json": '{"a"'},
                    {"type": "delta", "id": "call_2", "json": ": 1}"},
                    {"type": "start", "id": "call_2", "name": "write"},
                ]
            },
            1,
            id="pieces of another call",
        ),
        pytest.param(
            {
                "chunks": [
                    {"index": 1, "call": ["call_1", "read"]},
                    {"index": 1, "delta": {"json": '{"a"'}},
                    {"index": 2, "delta": {"json": ": 1}"}},
                    {"index": 2, "call": ["call_2", "write"]},
                ]
            },
            1,
            id="pieces of another index",
        ),
    ],
)
def test_tool_calls_that_do_not_arrive_are_found(
    judge: Judge, given: dict[str, Any], found: int
) -> None:
    findings = judge("tool-calls", [TOOLS], **given)
    assert [finding.call for finding in findings] == ["ask"] * found


@pytest.mark.parametrize(
    ("metadata", "body", "found"),
    [
        pytest.param({"tools": [{}]}, {}, 0, id="given and not offered"),
        pytest.param({"tools": [{}]}, {"tools": [{}]}, 2, id="offered"),
        pytest.param({"tools": [{}]}, {"functions": [{}]}, 2, id="offered as functions"),
        pytest.param({"tools": []}, {}, 2, id="none to offer"),
        pytest.param(None, {}, 2, id="no metadata"),
    ],
)
def test_only_what_was_offered_is_called(
    message: MakeCall, sent: Sent, metadata: object, body: dict[str, Any], found: int
) -> None:
    outcome = Outcome(call=message(metadata=metadata, answers=(TOOLS,)))
    observation = observe([outcome], [sent("ask", **body)])
    assert len(list(CHECKS["tool-calls"](observation, ZOO))) == found
    assert len(list(CHECKS["whole-or-error"](observation, ZOO))) == min(found, 1)


GEMINI = "/v1beta/models/gemini-2.5-pro:streamGenerateContent"


@pytest.mark.parametrize(
    ("path", "sent_arguments", "chunk", "found"),
    [
        pytest.param(GEMINI, '{"a": 1}', part(0, "made-up", "read", '{"a": 1}'), 0, id="made up"),
        pytest.param(GEMINI, '{"a": 1}', part(0, "call_1", "read", '{"a": 2}'), 1, id="altered"),
        pytest.param(GEMINI, '{"a', part(0, "made-up", "read", "{}"), 0, id="none to be read"),
        pytest.param(GEMINI, "{}", part(0, None, "read", "{}"), 1, id="no id"),
        pytest.param("/v1/chat/completions", "{}", part(0, "other", "read", "{}"), 1, id="chat"),
    ],
)
def test_geminis_tool_calls_have_ids_of_the_handlers_own_making(
    sent: Sent, path: str, sent_arguments: str, chunk: dict[str, Any], found: int
) -> None:
    reply = Reply(tool_calls=(ToolCall(name="read", arguments=sent_arguments, id="call_1"),))
    call = Call(name="ask", method="create_message", marker="[ask]", answers=(reply,))
    observation = observe([Outcome(call=call, chunks=[chunk])], [sent("ask", path=path)])
    assert len(list(CHECKS["tool-calls"](observation, ZOO))) == found
