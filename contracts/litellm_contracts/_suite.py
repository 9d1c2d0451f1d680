"""Runs contracts one after another, each on a stage of its own, and judges what was seen."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import platform
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._calling import words_of
from litellm_contracts._errors import HandlerError
from litellm_contracts._evidence import keys_to_hide, without
from litellm_contracts._model import Contract, Level, Report, Result, Status
from litellm_contracts._requirements import digest_of_all
from litellm_contracts._run import ContractRun, Exchanges, Options
from litellm_contracts._tally import tally
from litellm_contracts._waivers import apply_waivers, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from litellm_contracts._door import Door
    from litellm_contracts._tally import Tally

_HOPELESS = 2
SHORT_LIMIT = 5.0


def run_suite(  # noqa: PLR0913 - a run is described by its options, the rest is how to run
    door: Door,
    contracts: Sequence[Contract],
    options: Options,
    *,
    selected: Collection[str] | None = None,
    jobs: int = 1,
    apart: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Judge a handler, in `jobs` processes; what is not `selected` is reported as not run.

    `progress` is told how many contracts were judged so far. Where the handler is called `apart`,
    it is so in other processes alone, which it may end.

    Raises:
        HandlerError: where no handler can be built.
    """
    started = time.perf_counter()
    handler = door.describe()
    chosen = [one for one in contracts if selected is None or one.id in selected]
    to_run = needed(chosen, contracts)
    with tally(progress) as counted:
        if apart and door.in_process:
            from litellm_contracts._supervised import run_supervised

            results = run_supervised(door, to_run, options, jobs, counted)
        else:
            results = judge_all(door, to_run, options, jobs, counted)
    ran = {one.id: results[one.id] for one in chosen}
    every = [ran.get(one.id) or _result(one, Status.NOT_RUN, "deselected") for one in contracts]
    return Report(
        results=apply_waivers(every, options.waivers, handler),
        suite={
            "name": "litellm-contracts",
            "version": suite_version(),
            "profile": options.profile.name,
            "header": options.profile.header,
            "seed": options.seed,
            "examples": options.examples,
            "requirements": options.requirements,
            "digest": digest_of_all(contracts),
        },
        handler=handler,
        environment=_environment(options, handler),
        seconds=time.perf_counter() - started,
    )


def judge_all(
    door: Door, contracts: Sequence[Contract], options: Options, jobs: int, counted: Tally
) -> dict[str, Result]:
    """Judge contracts from this process, in `jobs` of them; return the results by id.

    Raises:
        HandlerError: where no handler can be built.
    """
    if jobs > 1 and len(contracts) > 1:
        from litellm_contracts._jobs import run_in_processes

        return run_in_processes(door, contracts, options, jobs, counted)
    seen: Exchanges = {}
    return {one.id: counted.add(run_contract(one, door, options, seen)) for one in contracts}


def suite_version() -> str:
    """Return the installed suite's version; run from its sources alone it has none."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("litellm-contracts")
    return "0+unknown"


def needed(chosen: Sequence[Contract], contracts: Sequence[Contract]) -> list[Contract]:
    """Return what has to be run, in order: those that judge the calls of all others come last."""
    everywhere = [contract for contract in chosen if contract.everywhere]
    others = contracts if everywhere else chosen
    return [*(contract for contract in others if not contract.everywhere), *everywhere]


def make_exchanges(
    contracts: Sequence[Contract], door: Door, options: Options, seen: Exchanges
) -> None:
    """Make the exchanges that were not seen yet, for what judges the calls of all contracts."""
    for contract in contracts:
        is_made = contract.exchange in seen or contract.generator is not None
        if not (is_made or contract.everywhere):
            run_contract(contract, door, options, seen)


def run_contract(
    contract: Contract, door: Door, options: Options, seen: Exchanges | None = None
) -> Result:
    """Judge one contract in a thread of its own, so that a handler that hangs can be left.

    `seen` holds the exchanges that other contracts of the same run have made already.

    Raises:
        HandlerError: where no handler can be built.
    """
    missing = sorted(contract.needed_methods() - door.capabilities)
    if missing:
        message = f"the handler declares that it has no {', '.join(missing)}"
        return _result(contract, Status.NOT_APPLICABLE, message)
    unmet = contract.unmet(options.profile) or ("" if door.in_process else _unseen(contract))
    if unmet:
        return _result(contract, Status.NOT_APPLICABLE, unmet)
    if not logging.root.handlers:  # else what a handler logs would end up on stderr
        logging.root.addHandler(logging.NullHandler())
    seen = {} if seen is None else seen
    run = ContractRun(contract, door, options, seen)
    started = time.perf_counter()
    limit, why = _patience(contract, options, seen)
    # Nobody waits twice for the same calls.
    hangs = seen.get(contract.exchange, run) is None or not _ends_in_time(
        run, contract, options, limit
    )
    seconds = time.perf_counter() - started
    if hangs or run.hangs:
        seen[contract.exchange] = None
        status = _failed(contract)
        told = run.hangs or f"the handler came back from no call for {limit:.1f} s{why}"
        message = f"stopped: {told}"
        shown = run.without_exchange()
    elif isinstance(run.error, HandlerError):
        raise run.error
    elif isinstance(run.error, SystemExit | KeyboardInterrupt):
        status = _failed(contract)
        message = f"a task or thread of the handler raised {words_of(run.error)}"
        shown = run.without_exchange()
    elif run.error is not None:
        status = Status.ERROR
        message = f"the suite itself failed: {type(run.error).__name__}: {run.error}"
        shown = run.without_exchange()
    elif contract.everywhere and not run.evidence:
        status, message = _failed(contract), "no request was sent that it could judge"
        shown = run.without_exchange()
    elif not run.findings and _sent_nothing(contract, seen):
        status, shown = Status.NOT_APPLICABLE, {}
        message = "each of its calls may fail, and failed before a request was sent"
    else:
        status = _failed(contract) if run.findings else Status.PASS
        message = run.findings[0].message if run.findings else _incomplete(run.evidence)
        shown = run.evidence
    message = without(keys_to_hide(run.api_key), message)
    return replace(_result(contract, status, message), seconds=seconds, evidence=shown)


def _patience(contract: Contract, options: Options, seen: Exchanges) -> tuple[float, str]:
    """Return how many seconds no call may come back, and why, where they are few.

    A handler that hung in two exchanges is not waited for much longer in the others: a hundred
    times its limit is half an hour.
    """
    hung = sum(
        observation is None or all(outcome.hangs for outcome in observation.outcomes)
        for observation in seen.values()
    )
    if hung >= _HOPELESS:
        return min(options.limit, SHORT_LIMIT), f"; it hung in {hung} exchanges before"
    return options.limit * (1 + len(contract.calls) / 100), ""


def _sent_nothing(contract: Contract, seen: Exchanges) -> bool:
    """Tell whether there is nothing to judge, and may be none."""
    observation = seen.get(contract.exchange)
    may_fail = bool(contract.calls) and all(call.may_fail for call in contract.own_calls)
    return may_fail and observation is not None and not observation.seen


def _unseen(contract: Contract) -> str:
    """Say what a contract needs that a program does not show, or nothing."""
    if any(call.stays or call.let_go or call.no_json for call in contract.calls):
        return "a program keeps a handler until it closes it, and is given JSON alone"
    if any(call.needs_stream for call in contract.calls):
        return "a program hands over whole answers, so that no stream can be left"
    if contract.checks == ("arguments",):
        return "a program is given copies, so that it cannot alter its caller's arguments"
    return ""


def _ends_in_time(run: ContractRun, contract: Contract, options: Options, limit: float) -> bool:
    """Wait for the end as long as calls come back: a handler may well take its time."""
    thread = threading.Thread(target=run.run, name=contract.id, daemon=True)
    with _uncollected():
        thread.start()
        came_back = -1
        while thread.is_alive() and run.came_back > came_back:
            came_back = run.came_back
            with _watched(limit, options.grace):
                thread.join(limit)
    return not thread.is_alive()


@contextmanager
def _watched(limit: float, grace: float | None) -> Iterator[None]:
    """End the process where what is called holds the interpreter, so that no Python can run."""
    if grace is None:
        yield
        return
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(limit + grace, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile.

    A stream that its caller left is a cycle, which a collection ends, in whatever thread and at
    whatever moment that begins: where the SDK just holds its connections' lock, for ever.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _incomplete(evidence: Mapping[str, Any]) -> str:
    if evidence.get("complete", True):
        return ""
    return f"only {evidence['examples']} generated calls: the time for more was spent"


def ended(contract: Contract, door: Door, options: Options, message: str) -> Result:
    """Return the result of a contract in which the process of its handler ended."""
    shown = ContractRun(contract, door, options, {}).without_exchange()
    return replace(_result(contract, _failed(contract), message), evidence=shown)


def _failed(contract: Contract) -> Status:
    return Status.FAIL if contract.level is Level.MUST else Status.WARN


def _result(contract: Contract, status: Status, message: str) -> Result:
    return Result(
        id=contract.id,
        level=contract.level,
        status=status,
        requirement=contract.requirement,
        message=message,
    )


def _environment(options: Options, handler: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the run was made with; a handler elsewhere does not use the SDK that is here."""
    return {
        "python": platform.python_version(),
        "openai": versions_of(handler)["openai"] if handler["door"] == "python" else None,
        "litellm": options.litellm,
        "platform": platform.platform(terse=True),
    }
