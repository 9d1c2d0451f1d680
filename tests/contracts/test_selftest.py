"""The self-test: what counts as killed, what is told, and a few specimens end to end."""

from __future__ import annotations

import signal
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._cli import main
from litellm_contracts._selftest import Cell, Matrix, Trial, _trials, run_selftest, try_specimen
from litellm_contracts._tables import find_contract
from litellm_contracts.reports._matrix import trial_line, write_matrix
from litellm_contracts.specimens import Specimen, all_specimens
from litellm_contracts.specimens._base import AsyncHandler, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = "presence/first-turn"
PROMPT = "complete-prompt/omits-header"


@pytest.fixture
def trial() -> Callable[..., Trial]:
    def make(
        cells: dict[str, Cell], expected: str = "a/one", reached: str = "a/one", name: str = "bad-1"
    ) -> Trial:
        return Trial(
            name=name,
            expected=frozenset(expected.split()),
            cells=cells,
            reached=frozenset(reached.split()),
            messages={one: "seen that" for one, cell in cells.items() if cell is not Cell.KEPT},
        )

    return make


@pytest.mark.parametrize(
    ("cell", "reached", "word"),
    [
        pytest.param(Cell.BROKEN, "a/one", "killed", id="broken"),
        pytest.param(Cell.KEPT, "a/one", "WRONG", id="kept"),
        pytest.param(Cell.ERROR, "a/one", "WRONG", id="the suite failed"),
        pytest.param(Cell.NOT_APPLICABLE, "a/one", "WRONG", id="did not apply"),
        pytest.param(Cell.NOT_REACHED, "a/two", "WRONG", id="broken by something else"),
        pytest.param(Cell.NOT_REACHED, "", "not reached", id="never ran"),
    ],
)
def test_known_bad_handler_is_killed_only_where_its_fault_ran(
    trial: Callable[..., Trial], cell: Cell, reached: str, word: str
) -> None:
    assert trial({"a/one": cell, "a/two": Cell.KEPT}, reached=reached).word == word


@pytest.mark.parametrize(
    ("cell", "reached", "word"),
    [
        pytest.param(Cell.KEPT, "a/one", "green", id="kept"),
        pytest.param(Cell.NOT_APPLICABLE, "a/two", "green", id="does not apply"),
        pytest.param(Cell.BROKEN, "a/one", "WRONG", id="blamed"),
        pytest.param(Cell.KEPT, "", "not reached", id="never odd"),
    ],
)
def test_right_handler_is_green_only_where_it_was_odd(
    trial: Callable[..., Trial], cell: Cell, reached: str, word: str
) -> None:
    assert trial({"a/one": cell}, expected="", reached=reached).word == word


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        pytest.param({"a/one": Cell.KEPT}, "missing: a/one: ", id="missing"),
        pytest.param(
            {"a/one": Cell.BROKEN, "b/one": Cell.BROKEN}, "surplus: b/one: seen that", id="surplus"
        ),
        pytest.param(
            {"a/one": Cell.BROKEN, "b/one": Cell.ERROR, "b/two": Cell.ERROR},
            "error: b/one and 1 more: seen that",
            id="alike",
        ),
    ],
)
def test_departures_are_told(
    trial: Callable[..., Trial], cells: dict[str, Cell], told: str
) -> None:
    assert [one.startswith(told) for one in trial(cells).problems()] == [True]


def test_matrix_is_good_when_all_is_as_named(trial: Callable[..., Trial]) -> None:
    trials = (trial({"a/one": Cell.BROKEN}), trial({"a/one": Cell.KEPT}, expected=""))

    assert Matrix(ids=("a/one",), trials=trials).exit_code == 0


@pytest.mark.parametrize(
    ("ids", "cells"),
    [
        pytest.param(("a/one",), {"a/one": Cell.KEPT}, id="not killed"),
        pytest.param(("a/one", "a/two"), {"a/one": Cell.BROKEN}, id="tripped by nobody"),
        pytest.param((), {}, id="no contracts"),
    ],
)
def test_matrix_is_bad_otherwise(
    trial: Callable[..., Trial], ids: tuple[str, ...], cells: dict[str, Cell]
) -> None:
    assert Matrix(ids=ids, trials=(trial(cells),)).exit_code == 1


def test_matrix_is_bad_where_a_contract_is_only_tripped_by_the_way(
    trial: Callable[..., Trial],
) -> None:
    ids = tuple(f"a/{number}" for number in range(7))
    wide = trial(dict.fromkeys(ids, Cell.BROKEN), expected=" ".join(ids))
    narrow = trial({ids[0]: Cell.BROKEN}, expected=ids[0])

    matrix = Matrix(ids=ids, trials=(wide, narrow))

    assert not [problem for one in matrix.trials for problem in one.problems()]
    assert matrix.tripped_by_the_way() == list(ids[1:])
    assert matrix.exit_code == 1


def test_matrix_without_specimens_is_bad() -> None:
    assert Matrix(ids=("a/one",), trials=()).exit_code == 1


def test_matrix_names_the_narrowest_first(trial: Callable[..., Trial]) -> None:
    both = {"a/one": Cell.BROKEN, "a/two": Cell.BROKEN}
    wide = trial(both, expected="a/one a/two", name="wide-one")
    narrow = trial({"a/one": Cell.BROKEN, "a/two": Cell.KEPT}, name="narrow-one")

    text = write_matrix(Matrix(ids=("a/one", "a/two"), trials=(wide, narrow)))

    assert f"  {'a/one':<42} narrow-one [1] and 1 more\n" in text
    assert f"  {'a/two':<42} wide-one [2]\n" in text


def test_matrix_tells_what_nobody_trips(trial: Callable[..., Trial]) -> None:
    trials = (trial({"a/one": Cell.BROKEN}),)
    part = Matrix(ids=("a/one", "a/two"), trials=trials, is_whole=False)
    assert (part.exit_code, "NOBODY" in write_matrix(part)) == (0, False)
    assert "nobody" not in write_matrix(part)
    text = write_matrix(Matrix(ids=("a/one", "a/two"), trials=trials))

    assert "tripped by nobody: a/two\n" in text
    assert "known-bad: 1 killed\n" in text
    assert "right but unusual: none\n" in text


def test_matrix_tells_what_only_wide_faults_trip(trial: Callable[..., Trial]) -> None:
    ids = tuple(f"a/{number}" for number in range(7))
    wide = trial(dict.fromkeys(ids, Cell.BROKEN), expected=" ".join(ids))

    assert "trip more than 6: a/0, a/1," in write_matrix(Matrix(ids=ids, trials=(wide,)))


def test_matrix_tells_each_specimen_that_is_wrong(trial: Callable[..., Trial]) -> None:
    cells = {f"a/{number}": Cell.BROKEN for number in range(1, 3)}

    text = write_matrix(Matrix(ids=("a/1", "a/2"), trials=(trial(cells, expected="a/1"),)))

    assert "\nWRONG: bad-1\n  surplus: a/2: seen that\n" in text


def test_trial_line_fits_a_terminal(trial: Callable[..., Trial]) -> None:
    lines = [trial_line(trial({}, name=name)) for name in all_specimens()]

    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        pytest.param("header-never-sent", {FIRST}, id="asynchronous"),
        pytest.param("header-named-without-dash", {FIRST}, id="bare socket"),
        pytest.param("prompt-with-random-id", {PROMPT}, id="synchronous"),
        pytest.param("synchronous", set(), id="right"),
        pytest.param("never-sends", {FIRST, PROMPT}, id="never sends"),
    ],
)
def test_specimen_end_to_end(name: str, broken: set[str]) -> None:
    contracts = [find_contract(FIRST), find_contract(PROMPT)]

    trial = try_specimen(all_specimens()[name], contracts)

    assert trial.broken == broken
    assert trial.problems() == []


class _NeverFaulty(AsyncHandler):
    """Has a fault that never runs, and another one that breaks the contract."""

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if turn.attempt > 1 else {}


class _NeverSending(AsyncHandler):
    """Fails before its request is sent."""

    def headers(self, turn: Turn) -> dict[str, str]:
        raise self.fault(RuntimeError(f"{turn.method}: no connection"))


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_NeverFaulty, id="fault never ran"),
        pytest.param(_NeverSending, id="request never sent"),
    ],
)
def test_mutant_that_was_not_exercised_is_not_killed(handler: type[AsyncHandler]) -> None:
    specimen = Specimen(name="bad-one", about="Is bad.", handler=handler, breaks=FIRST)

    trial = try_specimen(specimen, [find_contract(FIRST)])

    assert trial.cells == {FIRST: Cell.NOT_REACHED}


def test_selftest_runs_in_processes() -> None:
    names = ("id-hashed", "bare-socket")
    specimens = [all_specimens()[name] for name in names]

    matrix = run_selftest(specimens, [find_contract(FIRST)], jobs=2)

    assert [trial.word for trial in matrix.trials] == ["killed", "green"]
    assert matrix.exit_code == 0


def test_command_refuses_no_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--jobs", "0"]) == 2
    assert "--jobs must be 1 or more" in capsys.readouterr().err


def test_command_refuses_unknown_specimen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "-k", "header-never-sentt"]) == 2
    assert "did you mean 'header-never-sent'?" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no signals back")
def test_an_interrupt_waits_until_all_handlers_are_submitted() -> None:
    asked = []

    class Interrupting(SimpleNamespace):
        @property
        def name(self) -> str:
            asked.append(self)
            signal.raise_signal(signal.SIGINT)
            return next(iter(all_specimens()))

    specimens = [Interrupting(is_slow=False) for _ in range(3)]
    with pytest.raises(KeyboardInterrupt):
        next(_trials(specimens, [], jobs=2))  # type: ignore[arg-type]
    assert len(asked) == 3
