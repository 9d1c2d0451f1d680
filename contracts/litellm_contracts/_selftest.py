"""`litellm-contracts selftest`: the suite judged by handlers whose verdict is known.

A known-bad handler is killed when it breaks exactly the contracts it names, its faulty code ran
in each of them, and its requests arrived; one that is right must break none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from queue import SimpleQueue
from typing import TYPE_CHECKING

from litellm_contracts._doors import PythonDoor
from litellm_contracts._drawn import DEFAULT_EXAMPLES
from litellm_contracts._errors import EXIT_BROKEN, EXIT_CONFORMANT, HandlerError
from litellm_contracts._model import Status
from litellm_contracts._processes import interrupts_later, process_pool
from litellm_contracts._profile import choose_profile
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract
from litellm_contracts._tables import all_contracts
from litellm_contracts.specimens import all_specimens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from litellm_contracts._model import Contract, Result
    from litellm_contracts._run import Exchanges
    from litellm_contracts.specimens import Specimen
    from litellm_contracts.specimens._base import Parts

BAD_EXAMPLES = 1
"""Examples drawn for a known-bad handler: the corners, which are all made, must find its fault."""
MANY_CALLS = 120
"""Contracts with more calls are for the patient: for faults that need so many."""

FEW = 6
"""Each contract must be tripped by a handler that trips at most so many, of `throughout` too."""


class Cell(StrEnum):
    """What one contract made of one specimen."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_REACHED = "not reached"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One specimen before every contract.

    Attributes:
        name: The specimen's name.
        expected: The ids it must break.
        cells: What became of each contract.
        reached: Ids of the contracts in which the special code ran.
        messages: What was told of each contract that was not kept.
        seconds: How long it took.
    """

    name: str
    expected: frozenset[str]
    cells: Mapping[str, Cell]
    reached: frozenset[str]
    messages: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether the specimen must break nothing."""
        return not self.expected

    @property
    def broken(self) -> frozenset[str]:
        """The contracts that the specimen's special code broke."""
        return frozenset(one for one, cell in self.cells.items() if cell is Cell.BROKEN)

    @property
    def word(self) -> str:
        """The verdict in one word or two."""
        if not self.reached:
            return "not reached"
        if self.problems():
            return "WRONG"
        return "green" if self.is_right else "killed"

    def problems(self) -> list[str]:
        """Return every departure from what the specimen names, alike ones in one line."""
        alike: dict[tuple[str, str], list[str]] = {}
        for contract_id, cell in self.cells.items():
            due = contract_id in self.expected
            if due and cell in {Cell.KEPT, Cell.NOT_APPLICABLE}:
                problem = "missing", "it should notice and does not"
            elif cell in {Cell.KEPT, Cell.NOT_APPLICABLE} or (due and cell is Cell.BROKEN):
                continue
            else:
                word = "surplus" if cell is Cell.BROKEN else cell.value
                problem = word, self.messages.get(contract_id, "")
            alike.setdefault(problem, []).append(contract_id)
        told = [] if self.reached else ["its special code never ran"]
        for (word, message), ids in alike.items():
            more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
            told.append(f"{word}: {ids[0]}{more}: {message}")
        return told


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Specimens against every contract.

    Attributes:
        ids: The contracts.
        trials: The specimens.
        seconds: How long it took.
        is_whole: Whether all specimens were tried: else it tells nothing of who trips a contract.
    """

    ids: tuple[str, ...]
    trials: tuple[Trial, ...]
    seconds: float = 0.0
    is_whole: bool = True

    def trips(self) -> dict[str, list[Trial]]:
        """Return for each contract the specimens that break it, the narrowest first."""
        return {
            one: sorted(
                (trial for trial in self.trials if one in trial.broken),
                key=lambda trial: (len(trial.broken), trial.name),
            )
            for one in self.ids
        }

    def tripped_by_the_way(self) -> list[str]:
        """Return the contracts that only such handlers break as break many others too."""
        trips = self.trips().items()
        return [one for one, trials in trips if trials and len(trials[0].broken) > FEW]

    @property
    def exit_code(self) -> int:
        """0 only where every specimen is as it should be and every contract has its own killer."""
        tripped = all(self.trips().values()) and not self.tripped_by_the_way()
        good = (tripped or not self.is_whole) and not any(trial.problems() for trial in self.trials)
        return EXIT_CONFORMANT if good and self.ids and self.trials else EXIT_BROKEN


def run_selftest(
    specimens: Iterable[Specimen],
    contracts: Sequence[Contract],
    *,
    jobs: int = 1,
    progress: Callable[[Trial], None] = lambda _: None,
) -> Matrix:
    """Put every specimen before every contract, in `jobs` processes."""
    started = time.perf_counter()
    specimens = list(specimens)
    for specimen in specimens:
        specimen.must_break(contract.id for contract in all_contracts())  # a typo is told first
    trials: dict[str, Trial] = {}
    for trial in _trials(specimens, contracts, jobs):
        progress(trial)
        trials[trial.name] = trial
    return Matrix(
        ids=tuple(contract.id for contract in contracts),
        trials=tuple(trials[specimen.name] for specimen in specimens),
        seconds=time.perf_counter() - started,
    )


def try_specimen(specimen: Specimen, contracts: Iterable[Contract]) -> Trial:
    """Put one specimen before the contracts, in each exchange as if newly imported."""
    started = time.perf_counter()
    cells: dict[str, Cell] = {}
    messages: dict[str, str] = {}
    reached = set()
    handlers: dict[str, type[Parts]] = {}  # contracts of one exchange judge the same handler
    seen: Exchanges = {}
    contracts = [one for one in contracts if is_due(one, specimen)]
    options = Options(
        profile=choose_profile(specimen.profile),
        examples=DEFAULT_EXAMPLES if specimen.is_right else BAD_EXAMPLES,
    )
    for contract in contracts:
        handler = handlers.setdefault(contract.exchange, specimen.handler.fresh())
        door = PythonDoor(handler.factory(), specimen.name)
        try:
            result = run_contract(contract, door, options, seen)
        except HandlerError as error:
            cells[contract.id], messages[contract.id] = Cell.ERROR, str(error)
            continue
        calling = handlers.values() if contract.everywhere else [handler]
        is_reached = any(one.shared.reached for one in calling)
        if is_reached:
            reached.add(contract.id)
        cells[contract.id] = _cell(result, specimen, reached=is_reached)
        messages[contract.id] = result.message
    return Trial(
        name=specimen.name,
        expected=specimen.must_break(contract.id for contract in all_contracts())
        & {contract.id for contract in contracts},
        cells=cells,
        reached=frozenset(reached),
        messages={one: messages[one] for one, cell in cells.items() if cell is not Cell.KEPT},
        seconds=time.perf_counter() - started,
    )


def is_due(contract: Contract, specimen: Specimen) -> bool:
    """Tell whether a contract is tried: one of many calls costs as much as twenty others."""
    return specimen.is_patient or specimen.is_right or len(contract.calls) <= MANY_CALLS


def _trials(
    specimens: Sequence[Specimen], contracts: Sequence[Contract], jobs: int
) -> Iterator[Trial]:
    if jobs == 1:
        for specimen in specimens:
            yield try_specimen(specimen, contracts)
        return
    # Spawned, not forked: a contract leaves threads behind that no child could use.
    with process_pool(jobs, "spawn") as pool:
        ids = [contract.id for contract in contracts]
        # What takes longest goes first, so that no process ends alone with it.
        ordered = sorted(specimens, key=lambda specimen: not specimen.is_slow)
        # Not `as_completed`, which is interrupted while it holds the locks of them all.
        done: SimpleQueue[Future[Trial]] = SimpleQueue()
        with interrupts_later():
            for specimen in ordered:
                pool.submit(_try_by_name, specimen.name, ids).add_done_callback(done.put)
        for _ in ordered:
            yield done.get().result()


def _try_by_name(name: str, ids: Sequence[str]) -> Trial:
    wanted = [contract for contract in all_contracts() if contract.id in ids]
    return try_specimen(all_specimens()[name], wanted)


def _cell(result: Result, specimen: Specimen, *, reached: bool) -> Cell:
    if result.status is Status.PASS:
        return Cell.KEPT
    if result.status is Status.NOT_APPLICABLE:
        return Cell.NOT_APPLICABLE
    if result.status not in {Status.FAIL, Status.WARN}:
        return Cell.ERROR
    arrived = bool(result.evidence.get("requests")) or not specimen.sends
    return Cell.BROKEN if reached and arrived else Cell.NOT_REACHED
