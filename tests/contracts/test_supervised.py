"""Handlers that end the process they run in, or hold its interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Literal

import pytest

from litellm_contracts import _supervised
from litellm_contracts._doors import PythonRecipe
from litellm_contracts._errors import HandlerError
from litellm_contracts._model import Status, Verdict
from litellm_contracts._processes import ProcessEndedError, run_apart
from litellm_contracts._run import Options
from litellm_contracts._suite import run_suite
from litellm_contracts._tables import find_contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._model import Report

    Method = Literal["fork", "spawn"]

HANDLER = """
import ctypes, faulthandler, os
from litellm_handler import LiteLLMHandler

class Leaving(LiteLLMHandler):
    async def complete_prompt(self, prompt):
        {leave}
        return await super().complete_prompt(prompt)
"""
CRASH = "faulthandler.disable(); ctypes.string_at(0)"  # without pytest's story of it
CONTRACTS = ["presence/first-turn", "complete-prompt/omits-header", "absence/no-metadata"]


@pytest.fixture(params=["fork", "spawn"])
def method(request: pytest.FixtureRequest) -> Method:
    """Return how a process is made."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Report]:
    """Return a function that judges a handler whose `complete_prompt` leaves in some way."""

    def judge(leave: str, *ids: str, **given: Any) -> Report:  # noqa: ANN401
        path = tmp_path / "leaving.py"
        path.write_text(HANDLER.format(leave=leave), encoding="utf-8")
        contracts = [find_contract(one) for one in (*CONTRACTS, *ids)]
        door = PythonRecipe(f"{path}:Leaving").open()
        return run_suite(door, contracts, Options(**given), jobs=2, apart=True)

    return judge


def _raise(message: str) -> None:
    raise HandlerError(message)


def nothing() -> None:
    """Do nothing meanwhile."""


def test_what_is_returned_elsewhere_is_returned_here(method: Method) -> None:
    assert run_apart(method, sorted, [2, 1], meanwhile=nothing) == [1, 2]


def test_what_is_raised_elsewhere_is_raised_here_with_its_traceback(method: Method) -> None:
    with pytest.raises(HandlerError, match="no handler") as raised:
        run_apart(method, _raise, "no handler", meanwhile=nothing)
    assert "in _raise" in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        pytest.param((os._exit, 0), "exit code 0", 0, id="exit code 0"),
        pytest.param((os._exit, 7), "exit code 7", 7, id="exit code 7"),
        pytest.param((signal.raise_signal, signal.SIGKILL), "SIGKILL", -9, id="a signal"),
    ],
)
def test_a_process_that_ends_before_is_told(
    method: Method, arguments: tuple[Any, ...], told: str, code: int
) -> None:
    with pytest.raises(ProcessEndedError, match=told) as raised:
        run_apart(method, *arguments, meanwhile=nothing)
    assert raised.value.exit_code == code


def test_something_is_done_meanwhile_and_may_end_the_wait(method: Method) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_apart(method, time.sleep, 600, meanwhile=interrupt)


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        pytest.param("os._exit(0)", "(exit code 0)", id="exit code 0"),
        pytest.param(CRASH, "(SIGSEGV)", id="segmentation fault"),
    ],
)
def test_the_contract_in_which_a_handler_ends_its_process_fails_and_no_other(
    judged: Callable[..., Report], leave: str, told: str
) -> None:
    report = judged(leave)
    assert [one.status for one in report.results] == [Status.PASS, Status.FAIL, Status.PASS]
    assert report.verdict is Verdict.BROKEN
    failed = report.results[1]
    assert failed.message == f"the handler ended the process that it ran in {told}"
    assert failed.evidence["reproduce"].endswith("-k complete-prompt/omits-header")


def test_a_handler_that_holds_the_interpreter_is_stopped(
    judged: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_supervised, "GRACE", 1.0)
    report = judged("ctypes.PyDLL(None).sleep(600)", limit=3.0)
    assert [one.status for one in report.results] == [Status.PASS, Status.FAIL, Status.PASS]
    assert report.results[1].message == "stopped: the handler held the interpreter for 4 s"


COUNTING = """
import os
from litellm_handler import LiteLLMHandler

class Counting(LiteLLMHandler):
    built = 0
    def __init__(self, **given):
        super().__init__(**given)
        Counting.built += 1
        if Counting.built == 3:
            os._exit(0)
"""


def test_a_process_that_is_ended_in_no_contract_alone_is_not_green(tmp_path: Path) -> None:
    path = tmp_path / "counting.py"
    path.write_text(COUNTING, encoding="utf-8")
    door = PythonRecipe(f"{path}:Counting").open()
    with pytest.raises(HandlerError, match="among all contracts and in none of them alone"):
        run_suite(door, [find_contract(one) for one in CONTRACTS], Options(), apart=True)


@pytest.mark.parametrize("leave", ["pass", "os._exit(0)"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_every_contract_is_counted_once(tmp_path: Path, leave: str, jobs: int) -> None:
    told: list[int] = []
    path = tmp_path / "leaving.py"
    path.write_text(HANDLER.format(leave=leave), encoding="utf-8")
    door = PythonRecipe(f"{path}:Leaving").open()
    contracts = [find_contract(one) for one in (*CONTRACTS, "throughout/header")]
    run_suite(door, contracts, Options(), jobs=jobs, apart=True, progress=told.append)
    assert told[-1] == max(told) == len(contracts)


def test_what_must_hold_everywhere_is_judged_by_what_is_left(
    judged: Callable[..., Report],
) -> None:
    report = judged("os._exit(0)", "throughout/header")
    assert report.results[3].status is Status.PASS


def test_where_every_call_ends_the_process_nothing_holds_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(HANDLER.format(leave="os._exit(0)"), encoding="utf-8")
    contracts = [
        find_contract(one) for one in ("complete-prompt/omits-header", "throughout/header")
    ]
    report = run_suite(PythonRecipe(f"{path}:Leaving").open(), contracts, Options(), apart=True)
    assert {one.status for one in report.results} == {Status.FAIL}
    assert report.results[1].message == "no request was sent that it could judge"


def test_a_handler_that_ends_the_process_is_not_green(tmp_path: Path) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(HANDLER.format(leave="os._exit(0)"), encoding="utf-8")
    command = [sys.executable, "-m", "litellm_contracts", "check", f"{path}:Leaving"]
    command += ["-k", "omits-header", "--json", str(tmp_path / "result.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "seen:     the handler ended the process that it ran in (exit code 0)\n" in ran.stdout
    assert tmp_path.joinpath("result.json").exists()
