from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._jobs import _shares, _waits, start_method
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._model import Contract

WAITING = {
    "presence/retry-after-429",
    "presence/retry-after-429-without-hint",
    "presence/reconnect",
    "faithfulness/broken-completion",
    "isolation/after-every-kind-of-answer",
}
STEADY = {"presence/first-turn", "isolation/concurrent-tasks", "faithfulness/streamed-text"}
GENERATED = {"schema/complete-prompt", "schema/create-message"}


def ids(contracts: list[Contract]) -> set[str]:
    return {contract.id for contract in contracts}


@pytest.fixture
def another_thread() -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize("apart", [0, 1, 2, 200])
@pytest.mark.parametrize("jobs", [2, 3, 200])
def test_every_contract_is_in_one_share(jobs: int, apart: int) -> None:
    shares = _shares(all_contracts(), jobs, apart)
    dealt = [contract.id for share in shares for contract in share]
    assert sorted(dealt) == sorted(contract.id for contract in all_contracts())
    assert all(shares)


@pytest.mark.parametrize("jobs", [2, 3])
def test_contracts_of_one_exchange_are_in_one_share(jobs: int) -> None:
    shares = _shares(all_contracts(), jobs, apart=2)
    dealt = [exchange for share in shares for exchange in {one.exchange for one in share}]
    assert len(dealt) == len(set(dealt))
    assert len(dealt) < len(all_contracts())


def test_what_waits_needs_no_core_of_its_own() -> None:
    _, _, one, another = _shares(all_contracts(), 2, apart=2)
    assert ids(one) | ids(another) == {one.id for one in all_contracts() if _waits(one)}


def test_the_contracts_that_wait_are_known() -> None:
    waiting = {contract.id for contract in all_contracts() if _waits(contract)}
    assert waiting >= WAITING | GENERATED
    assert not waiting & STEADY


@pytest.mark.usefixtures("another_thread")
def test_threads_are_not_forked() -> None:
    assert start_method() == "spawn"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many threads there are")
def test_a_process_with_one_thread_is_forked() -> None:
    code = "from litellm_contracts import _jobs; print(_jobs.start_method())"
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert asked.stdout == "fork\n"
