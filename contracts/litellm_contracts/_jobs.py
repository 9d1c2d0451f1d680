"""Runs contracts in several processes: building SDK clients is what takes the time.

Which contract runs in which process depends on their number alone, so that a run repeats.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fake_litellm import Cut, Failure
from litellm_contracts._model import Status
from litellm_contracts._processes import interrupts_later, process_pool, tune_process
from litellm_contracts._suite import run_contract
from litellm_contracts._tables import all_contracts
from litellm_contracts._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_litellm._replies import Answer
    from litellm_contracts._door import Door, Recipe
    from litellm_contracts._model import Contract, Result
    from litellm_contracts._run import Exchanges, Options

_GENERATED_CALLS = {"conversations": 150, "prompts": 60}
_GENERATED_WAITS = 15  # each level of each factor meets an answer at the second try
_SDK_RETRIES = 2  # where nothing else is said, and each waits twice as long as the one before
_RETRIED = {408, 409, 429, *range(500, 600)}
_WAITING_SHARES = 8  # they sleep most of the time, and cost a fork each
_LONGEST_GOODBYE = 0.1  # seconds that the first contract's threads are given to end


def run_in_processes(
    door: Door,
    contracts: Sequence[Contract],
    options: Options,
    jobs: int,
    tally: Tally = Tally(),  # noqa: B008 - frozen, and counts nothing
) -> dict[str, Result]:
    """Judge contracts in `jobs` processes: a share here, the others behind doors of their own.

    The first contract runs before there are other processes: where no handler can be built, none
    is needed, and what it has imported, forked processes need not import again.

    Returns:
        The results by contract id.

    Raises:
        HandlerError: as `run_contract`.
    """
    everywhere = [contract for contract in contracts if contract.everywhere]
    first, *rest = (contract for contract in contracts if not contract.everywhere)
    seen: Exchanges = {}
    results = [tally.add(run_contract(first, door, options, seen))]
    method = start_method()
    # A fork costs next to nothing, another process or a program its imports.
    apart = (_WAITING_SHARES if door.in_process else 1) if method == "fork" else 0
    own, *others = _shares(rest, jobs, apart)
    gc.freeze()  # what is there now stays; children need not copy it to find that out
    with process_pool(max(1, len(others)), method) as pool:
        with interrupts_later():
            futures = [
                pool.submit(
                    _run_share, door.recipe, [*share, *everywhere], options, tally.elsewhere()
                )
                for share in others
            ]
        results += run_share(door, [*own, *everywhere], options, tally, seen)
        for future in futures:
            results += tally.wait_for(future)
    found = merged(results)
    for contract in everywhere:
        tally.add(found[contract.id])
    return found


def _run_share(
    recipe: Recipe, contracts: Sequence[Contract], options: Options, tally: Tally
) -> list[Result]:
    tune_process()
    with recipe.open() as door:
        return run_share(door, contracts, options, tally)


def run_share(
    door: Door,
    contracts: Sequence[Contract],
    options: Options,
    tally: Tally,
    seen: Exchanges | None = None,
) -> list[Result]:
    """Run contracts one after the other; of those that hold everywhere, each share has a part."""
    seen = {} if seen is None else seen
    results = []
    for contract in contracts:
        result = run_contract(contract, door, options, seen)
        results.append(result if contract.everywhere else tally.add(result))
    return results


def merged(results: Sequence[Result]) -> dict[str, Result]:
    """Return the results by id; of several parts the one that departs first in the tables.

    A part that found nothing to judge counts where the others did neither.
    """
    order = [contract.exchange for contract in all_contracts()]

    def place(result: Result) -> tuple[bool, bool, int]:
        exchange = result.evidence.get("exchange", order[0])
        return (
            "exchange" not in result.evidence,
            result.status is Status.PASS,
            order.index(exchange),
        )

    found: dict[str, Result] = {}
    for result in results:
        found[result.id] = min(found.get(result.id, result), result, key=place)
    return found


def start_method() -> Literal["fork", "spawn"]:
    """Choose to fork where no thread could be missed in the copy: one of ours, or a library's."""
    threads = Path("/proc/self/task")
    deadline = time.monotonic() + _LONGEST_GOODBYE
    while sys.platform == "linux" and threads.is_dir() and time.monotonic() < deadline:
        if len(list(threads.iterdir())) == 1:
            return "fork"
        time.sleep(0.001)
    return "spawn"


def _shares(contracts: Sequence[Contract], jobs: int, apart: int) -> list[list[Contract]]:
    """Deal the contracts out in `jobs` shares, and those that mostly wait in `apart` more.

    What waits for an SDK's retry needs no core of its own.
    """
    waiting = [contract for contract in contracts if apart and _waits(contract)]
    others = [contract for contract in contracts if not (apart and _waits(contract))]
    shares = [*_deal(others, jobs), *_deal(waiting, apart)]
    return [share for share in shares if share]


def _deal(contracts: Sequence[Contract], count: int) -> list[list[Contract]]:
    """Make `count` shares of whole exchanges, the heaviest first, each to the lightest share."""
    shares: list[list[Contract]] = [[] for _ in range(count)]
    weights = [0] * count
    exchanges: dict[str, list[Contract]] = {}
    for contract in contracts:
        exchanges.setdefault(contract.exchange, []).append(contract)
    for same in sorted(exchanges.values(), key=lambda same: _weight(same[0]), reverse=True):
        lightest = weights.index(min(weights))
        weights[lightest] += _weight(same[0])
        shares[lightest] += same
    return shares


def _waits(contract: Contract) -> int:
    """Return about how often the contract waits for a handler or an SDK to try again.

    Not all of them heed what the proxy says of the time: openai before 1.9 knows no milliseconds.
    """
    if contract.generator is not None:
        return _GENERATED_WAITS
    resets = sum(call.reset_connections for call in contract.calls)
    return resets + sum(_waits_for(call.answers) for call in contract.calls)


def _waits_for(answers: Sequence[Answer]) -> int:
    retried = [
        isinstance(one, Cut) or (isinstance(one, Failure) and one.status in _RETRIED)
        for one in answers
    ]
    lasts = bool(retried) and retried[-1]
    return sum(retried) + (_SDK_RETRIES if lasts else 0)


def _weight(contract: Contract) -> int:
    """Return about what a contract costs, in units of one call."""
    waiting = 20 * _waits(contract)
    if contract.generator is not None:
        return _GENERATED_CALLS[contract.generator] + waiting
    handlers = len({call.handler for call in contract.calls})
    return 3 * handlers + len(contract.calls) + waiting
