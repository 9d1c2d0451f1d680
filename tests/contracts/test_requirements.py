from __future__ import annotations

from dataclasses import replace

import pytest

from litellm_contracts._errors import UsageError
from litellm_contracts._model import Contract, Level
from litellm_contracts._requirements import (
    digest_of,
    digest_of_all,
    in_set,
    known_sets,
    read_set,
)
from litellm_contracts._tables import all_contracts, find_contract


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
    frozen = replace(read_set("2026-11"), levels={first.id: Level.SHOULD})
    [chosen] = in_set(all_contracts(), frozen)
    assert (chosen.id, chosen.level) == (first.id, Level.SHOULD)


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
