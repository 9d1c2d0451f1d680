from __future__ import annotations

from dataclasses import field, make_dataclass, replace
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._errors import ContractsError, UsageError
from litellm_contracts._model import Call, Contract, Level
from litellm_contracts._requirements import (
    digest_of,
    digest_of_all,
    in_set,
    known_sets,
    read_set,
)
from litellm_contracts._tables import all_contracts, find_contract

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", known_sets())
def test_no_contract_of_a_published_set_was_changed(name: str) -> None:
    frozen = read_set(name)
    now = {contract.id: digest_of(contract) for contract in all_contracts()}
    assert {one: now.get(one) for one in frozen.digests} == frozen.digests


def test_the_first_set_ships() -> None:
    assert "2026-11" in known_sets()


def test_an_unknown_set_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'2026-12'; did you mean '2026-11'\?"):
        read_set("2026-12")


def test_a_set_keeps_its_levels_and_leaves_newer_contracts_out() -> None:
    first = find_contract("presence/first-turn")
    digests = {first.id: digest_of(first)}
    frozen = replace(read_set("2026-11"), levels={first.id: Level.SHOULD}, digests=digests)
    [chosen] = in_set(all_contracts(), frozen)
    assert (chosen.id, chosen.level) == (first.id, Level.SHOULD)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: [], id="missing"),
        pytest.param(lambda first: [replace(first, checks=("requests",))], id="changed"),
    ],
)
def test_a_set_whose_contract_is_not_as_it_was_frozen_is_an_error(
    change: Callable[[Contract], list[Contract]],
) -> None:
    first = find_contract("presence/first-turn")
    others = [contract for contract in all_contracts() if contract.id != first.id]
    with pytest.raises(ContractsError, match="presence/first-turn is not what the requirement set"):
        in_set([*change(first), *others], read_set("2026-11"))


def test_a_setting_that_a_newer_suite_knows_changes_no_digest() -> None:
    newer = make_dataclass(
        "Call",
        [("newer", bool, False), ("more", list[str], field(default_factory=list))],
        bases=(Call,),
        frozen=True,
        kw_only=True,
    )
    first = find_contract("presence/first-turn")
    calls = tuple(newer(**vars(call)) for call in first.calls)
    assert digest_of(replace(first, calls=calls)) == digest_of(first)
    asked = tuple(newer(**vars(call), newer=True) for call in first.calls)
    assert digest_of(replace(first, calls=asked)) != digest_of(first)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        pytest.param({"requirement": "Said otherwise."}, True, id="wording"),
        pytest.param({"checks": ("requests",)}, False, id="checks"),
        pytest.param({"model": "gpt-5"}, False, id="model"),
        pytest.param({"calls": ()}, False, id="calls"),
    ],
)
def test_a_digest_follows_what_is_demanded(changed: dict[str, object], same: bool) -> None:  # noqa: FBT001
    first = find_contract("presence/first-turn")
    other: Contract = replace(first, **changed)  # type: ignore[arg-type]
    assert (digest_of(other) == digest_of(first)) is same


def test_the_digest_of_a_run_follows_the_levels() -> None:
    first = find_contract("presence/first-turn")
    milder = replace(first, level=Level.SHOULD)
    assert digest_of_all([first]) != digest_of_all([milder])
