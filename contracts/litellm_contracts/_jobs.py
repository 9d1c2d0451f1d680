"""Runs contracts in several processes: building SDK clients is what takes the time.

Which contract runs in which process depends on their number alone, so that a run repeats.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from fake_litellm import Cut
from litellm_contracts._suite import run_contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litellm_contracts._door import Door, Recipe
    from litellm_contracts._model import Contract, Result
    from litellm_contracts._run import Options

_GENERATED_WEIGHT = 150


def run_in_processes(
    door: Door, contracts: Sequence[Contract], options: Options, jobs: int
) -> dict[str, Result]:
    """Judge contracts in `jobs` processes: a share here, the others behind doors of their own.

    Returns:
        The results by contract id.

    Raises:
        HandlerError: as `run_contract`.
    """
    context = multiprocessing.get_context("spawn")
    own, *others = _shares(contracts, jobs)
    with ProcessPoolExecutor(max(1, len(others)), mp_context=context) as pool:
        futures = [pool.submit(_run_share, door.recipe, share, options) for share in others]
        results = [run_contract(contract, door, options) for contract in own]
        for future in futures:
            results += future.result()
    return {result.id: result for result in results}


def _run_share(recipe: Recipe, contracts: Sequence[Contract], options: Options) -> list[Result]:
    with recipe.open() as door:
        return [run_contract(contract, door, options) for contract in contracts]


def _shares(contracts: Sequence[Contract], jobs: int) -> list[list[Contract]]:
    """Deal the contracts out, the heaviest first, each to the lightest share.

    The generated ones stay together: what they import takes as long as they do.
    """
    generated = [contract for contract in contracts if contract.generator is not None]
    shares: list[tuple[int, list[Contract]]] = [(0, []) for _ in range(jobs)]
    shares[0] = (sum(map(_weight, generated)), generated)
    rest = [contract for contract in contracts if contract.generator is None]
    for contract in sorted(rest, key=_weight, reverse=True):
        lightest = min(range(jobs), key=lambda number: shares[number][0])
        weight, share = shares[lightest]
        shares[lightest] = (weight + _weight(contract), [*share, contract])
    return [share for _, share in shares if share]


def _weight(contract: Contract) -> int:
    """Return about what a contract costs, in units of one call."""
    if contract.generator is not None:
        return _GENERATED_WEIGHT
    handlers = len({call.handler for call in contract.calls})
    waits = sum(isinstance(answer, Cut) for call in contract.calls for answer in call.answers)
    return 5 * handlers + len(contract.calls) + 40 * waits
