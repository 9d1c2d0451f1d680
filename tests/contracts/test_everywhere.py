"""Contracts that judge the calls of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._jobs import merged
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Level, Result, Status
from litellm_contracts._run import Options
from litellm_contracts._suite import make_exchanges, needed, run_contract, run_suite
from litellm_contracts._tables import all_contracts, find_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from litellm_contracts._model import Contract
    from litellm_contracts._run import Exchanges

HEADER = find_contract("throughout/header")
ARGUMENTS = find_contract("throughout/arguments")
SOME = [find_contract(one) for one in ("presence/first-turn", "absence/no-metadata")]


@pytest.fixture
def broken(handlers: Path) -> PythonDoor:
    """Return the door of a handler whose complete_prompt sends the header."""
    spec = f"{handlers / 'sent_by_complete_prompt.py'}:Handler"
    return PythonDoor(load_factory(spec), spec)


@pytest.fixture
def silent() -> PythonDoor:
    """Return the door of a handler that never asks."""

    class Silent:
        def __init__(self, **_: str) -> None: ...

        def create_message(self, *_: Any) -> list[Any]:  # noqa: ANN401
            return []

        def complete_prompt(self, _: str) -> str:
            return ""

    return PythonDoor(Silent, "my:Silent")


def result(contract: Contract, status: Status, exchange: str | None) -> Result:
    """Return a part of a result, of one process."""
    evidence = {} if exchange is None else {"exchange": exchange}
    return Result(
        id=contract.id, level=Level.MUST, status=status, requirement="", evidence=evidence
    )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(SOME[:1], SOME[:1], id="others alone"),
        pytest.param([HEADER], [*SOME, HEADER], id="all others"),
        pytest.param([ARGUMENTS, *SOME], [*SOME, ARGUMENTS], id="come last"),
    ],
)
def test_what_judges_the_calls_of_all_needs_them(
    chosen: list[Contract], expected: list[Contract]
) -> None:
    assert needed(chosen, [HEADER, *SOME, ARGUMENTS]) == expected


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_is_found_in_the_calls_of_another_contract(broken: PythonDoor, jobs: int) -> None:
    after = find_contract("complete-prompt/after-create-message")
    report = run_suite(broken, [*SOME, after, HEADER], Options(), jobs=jobs)
    *_, found = report.results
    assert found.status is Status.FAIL
    assert found.message.startswith(f"in the calls of {after.id}, request ")
    assert found.evidence["exchange"] == after.id
    assert found.evidence["reproduce"].endswith("-k throughout/header")
    assert [call["name"] for call in found.evidence["calls"]] == [one.name for one in after.calls]


@pytest.mark.parametrize("jobs", [1, 2])
def test_alone_it_is_judged_by_the_calls_of_all(broken: PythonDoor, jobs: int) -> None:
    contracts = [*SOME, find_contract("complete-prompt/after-create-message"), HEADER]
    report = run_suite(broken, contracts, Options(), selected={HEADER.id}, jobs=jobs)
    statuses = [one.status for one in report.results]
    assert statuses == [Status.NOT_RUN, Status.NOT_RUN, Status.NOT_RUN, Status.FAIL]


@pytest.mark.parametrize("jobs", [1, 2])
def test_who_sends_nothing_keeps_nothing(silent: PythonDoor, jobs: int) -> None:
    report = run_suite(silent, [*SOME, HEADER, ARGUMENTS], Options(), jobs=jobs)
    assert {one.status for one in report.results} == {Status.FAIL}
    assert report.results[-1].message == "no request was sent that it could judge"


def test_calls_that_were_made_are_not_made_again() -> None:
    built = []
    right: Callable[..., Any] = load_factory(BUNDLED)

    def build(**given: str) -> Any:  # noqa: ANN401
        built.append(given)
        return right(**given)

    door, seen = PythonDoor(build, "my:build"), dict[str, Any]()
    make_exchanges([*SOME, HEADER], door, Options(), seen)
    make_exchanges([*SOME, HEADER], door, Options(), seen)
    assert len(built) == len(seen) == len(SOME)
    assert run_contract(HEADER, door, Options(), seen).status is Status.PASS


def test_an_exchange_in_which_the_handler_hung_is_left_out() -> None:
    door = PythonDoor(load_factory(BUNDLED), BUNDLED)
    seen: Exchanges = {"presence/every-turn": None}
    make_exchanges(SOME, door, Options(), seen)
    assert run_contract(HEADER, door, Options(), seen).status is Status.PASS


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        pytest.param([(Status.PASS, SOME[0].id), (Status.FAIL, SOME[1].id)], 1, id="a fault"),
        pytest.param([(Status.FAIL, SOME[1].id), (Status.FAIL, SOME[0].id)], 1, id="the first"),
        pytest.param([(Status.FAIL, None), (Status.PASS, SOME[0].id)], 1, id="something sent"),
        pytest.param([(Status.FAIL, None), (Status.FAIL, None)], 0, id="nothing sent"),
    ],
)
def test_of_the_parts_of_several_processes_the_worst_is_kept(
    parts: list[tuple[Status, str | None]], kept: int
) -> None:
    results = [result(HEADER, *part) for part in parts]
    assert merged(results) == {HEADER.id: results[kept]}


def test_every_one_that_ships_applies_to_the_bundled_handler_and_makes_no_calls() -> None:
    everywhere = [one for one in all_contracts() if one.everywhere]
    assert {one.group for one in everywhere} == {"throughout"}
    assert [one.calls for one in everywhere] == [()] * len(everywhere)


def test_a_frozen_set_is_judged_by_its_own_calls(broken: PythonDoor) -> None:
    contracts: Collection[Contract] = [*SOME, HEADER]
    report = run_suite(broken, list(contracts), Options())
    assert [one.status for one in report.results] == [Status.PASS] * 3
