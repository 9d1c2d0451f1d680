from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._corners import MODELS
from litellm_contracts._doors import BUNDLED, PythonDoor, load_factory
from litellm_contracts._generated import run_examples
from litellm_contracts._model import OMITTED, Contract, Level, Status
from litellm_contracts._openapi import document
from litellm_contracts._profile import ZOO
from litellm_contracts._run import Options
from litellm_contracts._suite import all_contracts, run_contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._model import Call

    Drawn = list[tuple[Call, str]]

CONTRACTS = [contract for contract in all_contracts() if contract.generator is not None]
GENERATED = [pytest.param(contract, id=contract.id) for contract in CONTRACTS]
OF_HEADERS = [
    pytest.param(contract, id=contract.id)
    for contract in CONTRACTS
    if contract.generator == "conversations" and "header" in contract.checks
]


def draw(
    generator: str,
    kept: Callable[[Call], bool] = lambda _: True,
    *,
    header: str = "X-Zoo-Session-ID",
    seed: int = 1,
    examples: int = 20,
) -> Drawn:
    """Draw calls and the models they are for, on and on until one is not kept."""
    drawn: Drawn = []
    contract = Contract(
        id="schema/x", level=Level.MUST, requirement="", why="", fix="", generator=generator
    )

    def attempt(call: Call, model: str) -> bool:
        drawn.append((call, model))
        return kept(call)

    profile = replace(ZOO, header=header)
    run_examples(contract, profile, attempt, seed=seed, examples=examples)
    return drawn


@pytest.fixture(scope="module")
def conversations() -> Drawn:
    """Draw many conversations, once."""
    return draw("conversations", examples=60)


@pytest.mark.parametrize("generator", ["conversations", "prompts"])
def test_the_same_seed_draws_the_same_calls(generator: str) -> None:
    first = draw(generator)
    assert len(first) == 20
    assert draw(generator) == first
    assert draw(generator, seed=2) != first


def test_what_else_is_loaded_does_not_change_what_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = draw("conversations", examples=60)
    constants = [f"constant number {number}" for number in range(200)]
    tmp_path.joinpath("with_constants.py").write_text(f"KNOWN = {constants}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("with_constants")
    assert draw("conversations", examples=60) == first


def test_prompts_hold_their_marker() -> None:
    calls = [call for call, _ in draw("prompts")]
    assert {call.method for call in calls} == {"complete_prompt"}
    assert [call for call in calls if not call.prompt.endswith(call.marker)] == []
    assert len({call.marker for call in calls}) == len(calls)


def test_every_conversation_is_plausible(conversations: Drawn) -> None:
    for call, model in conversations:
        roles = [message["role"] for message in call.messages]
        assert set(roles) <= {"user", "assistant", "tool"}
        assert roles[-1] in {"user", "tool"}
        assert call.marker in json.dumps(call.messages[-1])
        assert call.marker not in json.dumps(call.messages[:-1])
        assert model in MODELS


def test_a_tool_result_follows_the_call_it_answers(conversations: Drawn) -> None:
    pairs = [
        ([asked["id"] for asked in before.get("tool_calls", [])], [message["tool_call_id"]])
        for call, _ in conversations
        for before, message in pairwise(call.messages)
        if message["role"] == "tool"
    ]
    assert pairs
    assert [asked for asked, _ in pairs] == [answered for _, answered in pairs]


@pytest.mark.parametrize(
    "varies",
    [
        pytest.param(lambda call: call.task_id, id="task id"),
        pytest.param(lambda call: call.metadata is not OMITTED, id="metadata"),
        pytest.param(lambda call: "tools" in str(call.metadata), id="tools"),
        pytest.param(lambda call: call.system_prompt, id="system prompt"),
        pytest.param(lambda call: isinstance(call.messages[-1]["content"], list), id="parts"),
        pytest.param(lambda call: len(call.messages) > 1, id="history"),
    ],
)
def test_conversations_are_with_and_without(
    conversations: Drawn, varies: Callable[[Call], object]
) -> None:
    assert {bool(varies(call)) for call, _ in conversations} == {True, False}


def test_conversations_are_drawn_for_every_model(conversations: Drawn) -> None:
    assert {model for _, model in conversations} == set(MODELS)


def test_task_ids_are_such_as_litellm_accepts_in_the_profiles_header() -> None:
    ids = {call.task_id for call, _ in draw("conversations", header="X-Mine-Session-ID")} - {None}
    assert ids
    assert [one for one in ids if not re.fullmatch(r"[\w-]{8,128}", one, re.ASCII)] == []


def test_the_last_failing_call_is_the_smallest() -> None:
    failing = [
        call
        for call, _ in draw("conversations", lambda call: call.task_id is None)
        if call.task_id is not None
    ]
    assert failing[-1].metadata["task_id"] == "00000000"
    assert failing[-1].system_prompt == ""
    assert len(failing[-1].messages) <= 2  # how far Hypothesis gets is its release's affair


def test_drawing_leaves_the_document_alone() -> None:
    before = json.dumps(document())
    draw("conversations", header="X-Other-Session-ID", examples=1)
    assert json.dumps(document()) == before


@pytest.mark.parametrize("contract", GENERATED)
def test_the_bundled_handler_keeps_the_generated_contracts(contract: Contract) -> None:
    door = PythonDoor(load_factory(BUNDLED), BUNDLED)
    result = run_contract(contract, door, Options(examples=6))
    assert (result.status, result.message) == (Status.PASS, "")
    assert result.evidence["examples"] >= 6
    assert {request["status"] for request in result.evidence["requests"]} == {200}


@pytest.mark.parametrize("contract", OF_HEADERS)
def test_a_failure_shows_the_smallest_call(contract: Contract, handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    result = run_contract(contract, PythonDoor(load_factory(spec), spec), Options(examples=30))
    assert result.status is Status.FAIL
    [example] = result.evidence["example"]
    assert example["method"] == "create_message"
    assert example["metadata"]["task_id"]
    assert result.evidence["reproduce"].endswith("--seed 2026 --examples 30")
