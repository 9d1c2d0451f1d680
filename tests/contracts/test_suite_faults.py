"""What goes wrong while a contract runs: whose fault it is, and what is shown of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _checks
from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Contract, Status, Verdict
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract, run_suite
from litellm_contracts._tables import find_contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def first_turn() -> Contract:
    """Return the contract that everything begins with."""
    return find_contract("presence/first-turn")


@pytest.fixture
def bundled() -> PythonDoor:
    """Return the door of the bundled handler."""
    return PythonDoor(load_factory(BUNDLED), BUNDLED)


def test_the_suites_own_fault_is_an_error_and_not_the_handlers(
    bundled: PythonDoor, first_turn: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError("in a check")

    monkeypatch.setitem(_checks.CHECKS, "header", broken)
    contracts = [first_turn, find_contract("presence/exactly-one-request")]
    report = run_suite(bundled, contracts, Options())
    failed, passed = report.results
    assert (failed.status, passed.status) == (Status.ERROR, Status.PASS)
    assert failed.message == "the suite itself failed: ZeroDivisionError: in a check"
    assert failed.evidence["trace"][-1] == "ZeroDivisionError: in a check"
    assert (report.verdict, report.exit_code) == (Verdict.ERROR, 4)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_a_task_of_the_handler_ends_is_not_the_suites_fault(
    first_turn: Contract, error: type[BaseException]
) -> None:
    class Leaving:
        def __init__(self, **_: str) -> None: ...

        async def create_message(self, *_: object) -> AsyncIterator[object]:
            await asyncio.create_task(self.leave())
            yield {}

        async def leave(self) -> None:
            raise error("bye")

        async def complete_prompt(self, prompt: str) -> str:
            return prompt

    result = run_contract(first_turn, PythonDoor(Leaving, "my:Leaving"), Options())
    assert result.status is Status.FAIL
    assert result.message == f"a task or thread of the handler raised {error.__name__}: bye"
    assert result.evidence["reproduce"].endswith("my:Leaving -k presence/first-turn")
    assert "bye" in result.evidence["trace"][-1]


def test_a_fault_of_the_suite_shows_no_key(
    bundled: PythonDoor, first_turn: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def telling(observation: Any, _profile: object) -> object:  # noqa: ANN401
        raise ValueError(dict(observation.seen[0].request.headers).popitem(), observation)

    monkeypatch.setitem(_checks.CHECKS, "header", telling)
    result = run_contract(first_turn, bundled, Options())
    assert result.status is Status.ERROR
    assert "sk-contract" not in result.message
    assert "Bearer [redacted]" in result.message
