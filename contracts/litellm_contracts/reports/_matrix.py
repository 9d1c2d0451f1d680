"""The kill matrix of `selftest` as text: what breaks each contract, and what is not as named."""

from __future__ import annotations

from collections import Counter
from textwrap import shorten
from typing import TYPE_CHECKING

from litellm_contracts._selftest import FEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._selftest import Matrix, Trial

_WIDTH = 160
_TOLD = 12
"""Problems told of one specimen."""


def write_matrix(matrix: Matrix) -> str:
    """Return the kill matrix: a line per contract, then what is not as it should be."""
    return "\n".join(_lines(matrix)) + "\n"


def trial_line(trial: Trial) -> str:
    """Return one specimen's verdict, how many contracts it breaks, and its time in seconds."""
    broken = "" if trial.is_right else f"by {len(trial.broken)}"
    return f"{trial.word:<12}{trial.name:<50}{broken:<7}{trial.seconds:>5.1f} s"


def _lines(matrix: Matrix) -> Iterator[str]:
    yield "kill matrix: each contract with the known-bad handlers that break it, narrowest first"
    yield "(in brackets how many contracts that handler breaks)"
    for one, trials in matrix.trips().items():
        if not (trials or matrix.is_whole):
            continue
        first = f"{trials[0].name} [{len(trials[0].broken)}]" if trials else "NOBODY"
        more = f" and {len(trials) - 1} more" if len(trials) > 1 else ""
        yield f"  {one:<42} {first}{more}"
    for trial in matrix.trials:
        if problems := trial.problems():
            yield f"\n{trial.word}: {trial.name}"
            yield from (f"  {shorten(problem, _WIDTH)}" for problem in problems[:_TOLD])
            if len(problems) > _TOLD:
                yield f"  and {len(problems) - _TOLD} more"
    yield ""
    yield from _summary(matrix)


def _summary(matrix: Matrix) -> Iterator[str]:
    trips = matrix.trips() if matrix.is_whole else {}
    if untripped := [one for one, trials in trips.items() if not trials]:
        yield shorten(f"tripped by nobody: {', '.join(untripped)}", _WIDTH)
    if wide := matrix.tripped_by_the_way() if matrix.is_whole else []:
        yield f"tripped only by handlers that trip more than {FEW}: {', '.join(wide)}"
    words = Counter((trial.is_right, trial.word) for trial in matrix.trials)
    for is_right, what in ((False, "known-bad"), (True, "right but unusual")):
        counted = [f"{n} {word}" for (right, word), n in words.items() if right is is_right]
        yield f"{what}: {', '.join(counted) or 'none'}"
    yield f"{len(matrix.ids)} contracts, {len(matrix.trials)} handlers, {matrix.seconds:.0f} s"
