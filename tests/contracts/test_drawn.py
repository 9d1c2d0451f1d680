from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _drawn
from litellm_contracts._corners import conditions, corner_call, reduce_levels
from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._drawing import draw
from litellm_contracts._drawn import DEFAULT_EXAMPLES, DEFAULT_SEED, demand_drawable, drawn
from litellm_contracts._errors import UsageError
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Contract, Status
from litellm_contracts._openapi import document
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract
from litellm_contracts._tables import all_contracts, find_contract

if TYPE_CHECKING:
    from pathlib import Path

    from litellm_contracts._drawn import Drawn
    from litellm_contracts._model import Call

CONVERSATIONS = find_contract("schema/create-message")
PROMPTS = find_contract("schema/complete-prompt")
GENERATED = [one for one in all_contracts() if one.generator is not None]
RECORDED = drawn(DEFAULT_SEED, DEFAULT_EXAMPLES)


def call_of(contract: Contract, one: Drawn) -> tuple[Call, str]:
    """Build the call of a drawn input."""
    levels, factors = _drawn.drawn_levels(contract, one)
    return corner_call(contract, levels, "[m]", factors)


def conversation(*messages: dict[str, Any]) -> Call:
    """Build the call of these messages."""
    one: Drawn = {"model": "gpt-4o", "messages": [*messages], "tools": [], "task_id": None}
    return call_of(CONVERSATIONS, one)[0]


@pytest.fixture
def without_schemathesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_drawn, "find_spec", lambda _name: None)


def test_the_default_inputs_are_recorded_and_valid() -> None:
    import jsonschema_rs

    root = {"$ref": "#/components/schemas/ChatRequest", "components": document()["components"]}
    bodies = [{name: one[name] for name in ("model", "messages", "tools")} for one in RECORDED]
    assert len(bodies) == DEFAULT_EXAMPLES
    assert [jsonschema_rs.is_valid(root, body) for body in bodies] == [True] * DEFAULT_EXAMPLES


def test_the_recorded_are_with_and_without_each_part() -> None:
    assert {bool(one["task_id"]) for one in RECORDED} == {True, False}
    assert {bool(one["tools"]) for one in RECORDED} == {True, False}
    assert {len(one["messages"]) > 1 for one in RECORDED} == {True, False}


def test_fewer_of_the_default_seed_are_its_first() -> None:
    assert drawn(DEFAULT_SEED, 3) == RECORDED[:3]


@pytest.mark.parametrize(
    ("seed", "examples"),
    [pytest.param(7, 5, id="another seed"), pytest.param(DEFAULT_SEED, 11, id="more")],
)
def test_all_others_are_drawn(seed: int, examples: int) -> None:
    assert drawn(seed, examples) == draw(seed, examples)


@pytest.mark.usefixtures("without_schemathesis")
def test_drawing_without_schemathesis_is_refused_with_what_to_do() -> None:
    demand_drawable(DEFAULT_SEED, DEFAULT_EXAMPLES)
    with pytest.raises(UsageError, match=r"seed 7 takes Schemathesis: pip install 'litellm-c"):
        demand_drawable(7, 1)
    with pytest.raises(UsageError, match="to draw 11 inputs"):
        demand_drawable(DEFAULT_SEED, 11)


@pytest.mark.parametrize("one", RECORDED)
def test_every_conversation_is_plausible(one: Drawn) -> None:
    call, model = call_of(CONVERSATIONS, one)
    roles = [message["role"] for message in call.messages]
    assert set(roles) <= {"user", "assistant", "tool"}
    assert roles[-1] in {"user", "tool"}
    assert "[m]" in json.dumps(call.messages[-1])
    assert "[m]" not in json.dumps(call.messages[:-1])
    assert (model, call.task_id) == (one["model"], one["task_id"])


def test_a_tool_result_follows_the_call_it_answers() -> None:
    result = {"role": "tool", "tool_call_id": "c7", "content": "Empty."}
    call = conversation(result, {"role": "user", "content": "Go."}, result)
    pairs = [
        (before["tool_calls"][0]["id"], message["tool_call_id"])
        for before, message in pairwise(call.messages)
        if message["role"] == "tool"
    ]
    assert pairs == [("c7", "c7"), ("call_last", "call_last")]


def test_system_messages_become_the_system_prompt() -> None:
    call = conversation(
        {"role": "system", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
    )
    assert call.system_prompt == 'One.\n[{"type": "text", "text": "Two."}]'
    assert call.messages == ({"role": "user", "content": "Go on. [m]"},)


def test_the_parts_of_the_last_message_are_kept() -> None:
    part = {"type": "image_url", "image_url": {"url": "x"}}
    call = conversation({"role": "user", "content": [part]})
    assert call.messages[-1]["content"] == [{"type": "text", "text": " [m]"}, part]


@pytest.mark.parametrize("one", RECORDED)
def test_a_prompt_holds_what_was_said(one: Drawn) -> None:
    call, model = call_of(PROMPTS, one)
    assert call.method == "complete_prompt"
    assert json.loads(call.prompt.removesuffix(" [m]")) == one["messages"]
    assert model == one["model"]


def test_a_failure_is_reduced_to_the_parts_it_needs() -> None:
    one: Drawn = {"model": "gpt-5-mini", "messages": [], "tools": [{}], "task_id": "00000000"}
    levels, factors = _drawn.drawn_levels(CONVERSATIONS, one)
    least = reduce_levels(levels, factors, lambda some: some["tools"] == levels["tools"])
    assert conditions(least, factors) == {"tools": "as drawn"}
    call, model = corner_call(CONVERSATIONS, least, "[m]", factors)
    assert (call.metadata["tools"], model, call.system_prompt) == (
        [{}],
        "gpt-4o",
        "You are careful.",
    )


@pytest.mark.parametrize("contract", GENERATED, ids=lambda one: one.id)
def test_the_bundled_handler_keeps_the_generated_contracts(contract: Contract) -> None:
    door = PythonDoor(load_factory(BUNDLED), BUNDLED)
    result = run_contract(contract, door, Options(examples=12))
    assert (result.status, result.message) == (Status.PASS, "")
    assert result.evidence["examples"] >= 12
    assert {request["status"] for request in result.evidence["requests"]} == {200}


def test_a_failure_shows_the_smallest_call(handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    result = run_contract(CONVERSATIONS, PythonDoor(load_factory(spec), spec), Options(examples=30))
    assert result.status is Status.FAIL
    [example] = result.evidence["example"]
    assert example["method"] == "create_message"
    assert example["metadata"]["task_id"]
    assert result.evidence["reproduce"].endswith("--seed 2026 --examples 30")
