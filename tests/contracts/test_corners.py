from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import Any

import pytest

from fake_litellm._models import DEFAULT_MODELS, OTHER_FAMILIES
from litellm_contracts._corners import (
    FACTORS,
    MODELS,
    OTHER_MODELS,
    conditions,
    corner_call,
    corners,
    factors_of,
    reduce_levels,
)
from litellm_contracts._model import OMITTED, Contract, is_fault
from litellm_contracts._tables import find_contract

CONVERSATIONS = find_contract("schema/create-message")
PROMPTS = find_contract("schema/complete-prompt")
PLAIN = {name: next(iter(levels)) for name, levels in FACTORS.items()}
PLAIN_ID = FACTORS["task id"]["UUID"]
PAIRED = FACTORS | {"model": dict.fromkeys(MODELS)}
TWO = {"a": {"plain": 0, "odd": 1}, "b": {"plain": 0, "odd": 1}, "c": {"plain": 0, "odd": 1}}


def test_the_first_corner_is_the_plain_one() -> None:
    assert next(corners(FACTORS)) == PLAIN


@pytest.mark.parametrize(
    ("one", "other"), list(combinations([name for name in FACTORS if name != "first answer"], 2))
)
def test_every_pair_of_levels_of_two_factors_occurs(one: str, other: str) -> None:
    met = {(levels[one], levels[other]) for levels in corners(FACTORS)}
    assert met >= {(a, b) for a in PAIRED[one] for b in PAIRED[other]}


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        *product(MODELS, FACTORS["first answer"]),
        *product((*OTHER_MODELS, *OTHER_FAMILIES), ["the reply"]),
    ],
)
def test_each_model_is_met_with_nothing_else_unusual(model: str, answer: str) -> None:
    assert {**PLAIN, "model": model, "first answer": answer} in list(corners(FACTORS))


@pytest.mark.parametrize("contract", [CONVERSATIONS, PROMPTS], ids=lambda one: one.id)
@pytest.mark.parametrize(
    ("level", "faults"), [pytest.param("the reply", 0), pytest.param("HTTP 500", 1)]
)
def test_a_call_may_fail_at_first(contract: Contract, level: str, faults: int) -> None:
    levels = {name: PLAIN[name] for name in factors_of(contract)} | {"first answer": level}
    call, _ = corner_call(contract, levels, "[m]")
    assert [is_fault(answer) for answer in call.answers] == [True] * faults + [False]


def test_the_corners_are_the_same_every_time() -> None:
    assert list(corners(FACTORS)) == list(corners(FACTORS))


@pytest.mark.parametrize("contract", [CONVERSATIONS, PROMPTS], ids=lambda one: one.id)
def test_no_corner_is_met_twice(contract: Contract) -> None:
    rows = [tuple(levels.values()) for levels in corners(factors_of(contract))]
    assert len(rows) == len(set(rows))


def test_prompts_have_the_factors_that_reach_them() -> None:
    assert set(factors_of(PROMPTS)) == {"text", "model", "first answer"}
    assert factors_of(CONVERSATIONS) == FACTORS


def test_a_failure_is_reduced_to_the_condition_it_needs() -> None:
    odd = {"a": "odd", "b": "odd", "c": "odd"}
    least = reduce_levels(odd, TWO, lambda levels: levels["b"] == "odd")
    assert conditions(least, TWO) == {"b": "odd"}


def test_a_failure_is_reduced_to_the_first_level_that_shows_it() -> None:
    factors = {"a": dict.fromkeys("0123")}
    least = reduce_levels({"a": "3"}, factors, lambda levels: levels["a"] >= "1")
    assert least == {"a": "1"}


def test_a_failure_that_needs_two_conditions_keeps_both() -> None:
    odd = {"a": "odd", "b": "odd", "c": "odd"}
    least = reduce_levels(odd, TWO, lambda levels: levels["a"] == levels["c"] == "odd")
    assert conditions(least, TWO) == {"a": "odd", "c": "odd"}


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        pytest.param({"task id": "absent"}, {"task_id": None}, id="no-task"),
        pytest.param({"tools": "empty"}, {"tools": []}, id="empty-tools"),
        pytest.param({"tools": "absent"}, {"tools": None}, id="no-tools"),
        pytest.param(
            {"tools": "1 that is forced"},
            {"tool_choice": {"type": "function", "function": {"name": "read_file"}}},
            id="forced-tool",
        ),
        pytest.param({"other metadata": "some"}, {"mode": "code"}, id="other-metadata"),
    ],
)
def test_levels_reach_the_metadata(level: dict[str, str], seen: dict[str, Any]) -> None:
    call, _ = corner_call(CONVERSATIONS, {**PLAIN, **level}, "[m]")
    assert {name: call.metadata.get(name) for name in seen} == seen


@pytest.mark.parametrize(
    ("level", "metadata"),
    [
        pytest.param({"task id": "absent"}, OMITTED, id="nothing in it"),
        pytest.param({"task id": "absent", "tools": "empty"}, {"tools": []}, id="tools"),
        pytest.param({}, {"task_id": PLAIN_ID}, id="a task"),
    ],
)
def test_metadata_is_not_passed_where_there_is_none(
    level: dict[str, str], metadata: object
) -> None:
    levels = {**PLAIN, "other metadata": "not passed", **level}
    assert corner_call(CONVERSATIONS, levels, "[m]")[0].metadata == metadata


@pytest.mark.parametrize(
    ("level", "content"),
    [
        pytest.param({}, "Say hello. [m]", id="text"),
        pytest.param({"text": "empty"}, " [m]", id="empty"),
        pytest.param(
            {"content": "a list of parts"}, [{"type": "text", "text": "Say hello. [m]"}], id="parts"
        ),
    ],
)
def test_the_last_message_holds_the_marker(level: dict[str, str], content: object) -> None:
    call, _ = corner_call(CONVERSATIONS, {**PLAIN, **level}, "[m]")
    assert call.messages[-1] == {"role": "user", "content": content}


def test_a_tools_result_follows_the_call_it_answers() -> None:
    call, _ = corner_call(CONVERSATIONS, {**PLAIN, "last message": "a tool's result"}, "[m]")
    asked, result = call.messages[-2:]
    assert asked["tool_calls"][0]["id"] == result["tool_call_id"]


def test_of_a_tools_result_only_texts_are_parts() -> None:
    for level in FACTORS["content"]:
        levels = {**PLAIN, "last message": "a tool's result", "content": level}
        *_, result = corner_call(CONVERSATIONS, levels, "[m]")[0].messages
        parts = result["content"] if isinstance(result["content"], list) else []
        assert {part["type"] for part in parts} <= {"text"}


def test_more_tools_than_openai_takes_may_be_refused() -> None:
    calls = {
        level: corner_call(CONVERSATIONS, {**PLAIN, "tools": level}, "[m]")[0]
        for level in FACTORS["tools"]
    }
    assert [level for level, call in calls.items() if call.may_fail] == ["130"]


def test_a_prompt_holds_the_marker() -> None:
    levels = {"text": "short", "model": "gpt-5-mini", "first answer": "the reply"}
    call, model = corner_call(PROMPTS, levels, "[m]")
    assert (call.prompt, call.method, model) == ("Say hello. [m]", "complete_prompt", "gpt-5-mini")


def test_the_fake_lists_every_model() -> None:
    assert {*MODELS, *OTHER_MODELS, *OTHER_FAMILIES} <= set(DEFAULT_MODELS)


@pytest.mark.parametrize("answer", ["HTTP 500", "HTTP 400"])
@pytest.mark.parametrize("contract", [CONVERSATIONS, PROMPTS], ids=lambda one: one.id)
def test_each_level_is_met_at_a_second_try(contract: Contract, answer: str) -> None:
    factors = factors_of(contract)
    retried = [one for one in corners(factors) if one["first answer"] == answer]
    met = {(name, level) for levels in retried for name, level in levels.items()}
    assert met >= {
        (name, level)
        for name, levels in PAIRED.items()
        for level in levels
        if name in factors and name != "first answer"
    }
    assert len(retried) <= 15


@pytest.mark.parametrize("contract", [CONVERSATIONS, PROMPTS], ids=lambda one: one.id)
def test_no_two_corners_fail_one_after_the_other(contract: Contract) -> None:
    answers = [one["first answer"] for one in corners(factors_of(contract))]
    assert not any(one != "the reply" != other for one, other in pairwise(answers))


def test_no_two_tool_calls_of_a_conversation_share_an_id() -> None:
    for levels in corners(FACTORS):
        call, _ = corner_call(CONVERSATIONS, levels, "[m]")
        ids = [one["id"] for said in call.messages for one in said.get("tool_calls") or ()]
        assert len(set(ids)) == len(ids), levels
