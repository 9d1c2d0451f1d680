"""Runs contracts in a process of their own: a handler may end the process that it runs in.

It may also hold the interpreter for ever, so that no time limit is heeded. Then each contract is
judged once more, in a process of its own, so that the one at fault is told and the others are kept.
"""

from __future__ import annotations

import os
import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from litellm_contracts import _suite
from litellm_contracts._doors import PythonRecipe
from litellm_contracts._errors import HandlerError
from litellm_contracts._jobs import merged, run_share, start_method
from litellm_contracts._processes import ProcessEndedError, run_apart
from litellm_contracts._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from litellm_contracts._door import Door
    from litellm_contracts._model import Contract, Result
    from litellm_contracts._run import Options

Opened: TypeAlias = "Door | PythonRecipe"
"""A door that a forked process has already, or how another one opens it."""
GRACE = 20.0
"""Seconds beyond the limit of a contract after which the interpreter is taken to be held."""
_HELD = 2
_SHORT_GRACE = 3.0


def run_supervised(
    door: Door, contracts: Sequence[Contract], options: Options, jobs: int, tally: Tally
) -> dict[str, Result]:
    """Judge contracts in `jobs` processes beside this one.

    Returns:
        The results by contract id.

    Raises:
        HandlerError: where no handler can be built, or it ends the process in no contract alone.
    """
    method = start_method()
    opened = door if method == "fork" else door.recipe
    watched = replace(options, grace=GRACE)
    arguments = (opened, contracts, watched, jobs, tally.elsewhere())
    try:
        results = run_apart(method, _judge, *arguments, meanwhile=tally.tell)
    except ProcessEndedError:
        return _one_by_one(door, contracts, options, tally)
    tally.tell()
    return results


def _judge(
    opened: Opened, contracts: Sequence[Contract], options: Options, jobs: int, tally: Tally
) -> dict[str, Result]:
    try:
        with _door(opened) as door:
            return _suite.judge_all(door, contracts, options, jobs, tally)
    except BrokenProcessPool:
        os._exit(1)  # as if this process had been ended


def _one_by_one(
    door: Door, contracts: Sequence[Contract], options: Options, tally: Tally
) -> dict[str, Result]:
    """Judge each contract in a process of its own, which may end as it likes."""
    everywhere = [contract for contract in contracts if contract.everywhere]
    results: list[Result] = []
    ends = held = 0
    tally.begin_anew()
    for contract in contracts:
        if contract.everywhere:
            continue
        method = start_method()
        opened = door if method == "fork" else door.recipe
        limit, grace = options.limit, GRACE
        if held >= _HELD:
            limit, grace = _suite.SHORT_LIMIT, _SHORT_GRACE
        given = replace(options, limit=limit, grace=grace)
        started = time.monotonic()
        try:
            arguments = (opened, [contract, *everywhere], given)
            results += run_apart(method, _judge_alone, *arguments, meanwhile=tally.tell)
        except ProcessEndedError as error:
            ends += 1
            why = f"the handler ended the process that it ran in ({error})"
            if time.monotonic() - started > limit + grace:
                held += 1
                why = f"stopped: the handler held the interpreter for {limit + grace:.0f} s"
            results.append(_suite.ended(contract, door, options, why))
        tally.count()
    if not ends:
        spec = " ".join(door.recipe.words())
        raise HandlerError(
            f"{spec} ended the process that it ran in, or held its interpreter, among all "
            "contracts and in none of them alone: look for what it counts or keeps over handlers"
        )
    found = merged(results)
    for contract in everywhere:
        tally.count()
        why = "no request was sent that it could judge"
        found.setdefault(contract.id, _suite.ended(contract, door, options, why))
    return found


def _judge_alone(opened: Opened, contracts: Sequence[Contract], options: Options) -> list[Result]:
    with _door(opened) as door:
        return run_share(door, contracts, options, Tally())


def _door(opened: Opened) -> AbstractContextManager[Door]:
    """Open a door from its recipe; one that was open when the process was forked is so here."""
    return opened.open() if isinstance(opened, PythonRecipe) else nullcontext(opened)
