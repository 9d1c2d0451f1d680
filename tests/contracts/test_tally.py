from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

from litellm_contracts._model import Level, Result, Status
from litellm_contracts._tally import Tally, tally

KEPT = Result(id="a/b", level=Level.MUST, status=Status.PASS, requirement="")


def test_each_contract_is_counted_here_and_elsewhere() -> None:
    told: list[int] = []
    with tally(told.append) as here:
        assert here.add(KEPT) is KEPT
        elsewhere = pickle.loads(pickle.dumps(here.elsewhere()))  # noqa: S301 - our own
        elsewhere.add(KEPT)
        here.add(KEPT)
    assert told == [1, 3]


def test_the_count_is_told_while_another_process_works() -> None:
    told: list[int] = []
    with tally(told.append) as here, ThreadPoolExecutor() as pool:
        future = pool.submit(lambda: [here.elsewhere().add(KEPT)])
        assert here.wait_for(future) == [KEPT]
    assert told[-1] == 1


def test_where_nobody_wants_to_know_nothing_is_counted() -> None:
    with tally(None) as here:
        assert here == Tally()
        assert here.add(KEPT) is KEPT
