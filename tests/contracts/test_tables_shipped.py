"""What holds of every contract that ships."""

from __future__ import annotations

import json
import pickle
import re
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._model import OMITTED
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from litellm_contracts._model import Contract

CONTRACTS = [pytest.param(contract, id=contract.id) for contract in all_contracts()]
DIFFERENT_TEXTS = {"isolation/same-text-in-another-task": 3, "complete-prompt/retry": 7}
"""How many texts there are where calls share one on purpose."""


def test_ids_are_unique_and_well_formed() -> None:
    ids = [contract.id for contract in all_contracts()]
    assert len(ids) >= 25
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", one)] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_markers_of_a_contract_tell_its_calls_apart(contract: Contract) -> None:
    markers = [call.marker for call in contract.calls]
    assert len(set(markers)) == DIFFERENT_TEXTS.get(contract.id, len(markers))
    sent = [call.prompt or json.dumps(call.messages) for call in contract.calls]
    assert [marker for marker, text in zip(markers, sent, strict=True) if marker not in text] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_needs_the_methods_it_calls(contract: Contract) -> None:
    assert bool(contract.needed_methods()) is not contract.everywhere
    assert contract.group == contract.id.split("/")[0]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_can_be_handed_to_another_process(contract: Contract) -> None:
    copied = pickle.loads(pickle.dumps(contract))  # noqa: S301 - our own
    assert copied == contract
    assert [call.metadata is OMITTED for call in copied.calls] == [
        call.metadata is OMITTED for call in contract.calls
    ]
