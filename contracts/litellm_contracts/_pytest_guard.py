"""Holds a pytest run to the frozen requirement set: what was left out is told, and fails the run.

A contract counts as judged when its own test said so, whatever took the others away: `-k`, `-m`,
`--deselect`, a skip or xfail mark, a hook in a conftest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litellm_contracts._model import Contract

JUDGED = "litellm-contracts"
"""The user property of a test, `<id> <status>`; xdist brings it to the controller."""

_TOLD = "litellm_contracts"
"""Under this name a worker of xdist tells the controller what must be judged."""
_FAILED = "that fails the run; while you mend, pass --partial-contracts"
_PARTIAL = "the run is partial, as --partial-contracts says"
_FEW = 3
_BROKEN = {"fail", "error"}
_GREEN = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


class Guard:
    """A pytest plugin that knows what a run must judge, and notes what it has.

    Args:
        is_partial: Whether the run may leave out what it must judge.
    """

    def __init__(self, *, is_partial: bool) -> None:
        self._is_partial = is_partial
        self._requirements = ""
        self._musts: set[str] = set()
        self._settled: dict[str, bool] = {}

    def require(self, requirements: str, contracts: Iterable[Contract]) -> None:
        """Require every must among the contracts of a set."""
        self._requirements = requirements
        self._musts |= {one.id for one in contracts if one.level.value == "must"}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a contract; a broken one whose test did not fail is hidden."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == JUDGED:
                one, _, status = str(value).partition(" ")
                self._settled[one] = report.failed or status not in _BROKEN

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - a class of xdist
        """Take over what a worker must judge; the controller collects nothing itself."""
        told = getattr(node, "workeroutput", {}).get(_TOLD)
        if told is not None:
            self._requirements = told[0]
            self._musts |= set(told[1])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that left something out; a worker leaves that to the controller."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_TOLD] = [self._requirements, sorted(self._musts)]
        elif self._complaint() and not self._is_partial and session.exitstatus in _GREEN:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was left out."""
        if complaint := self._complaint():
            advice = _PARTIAL if self._is_partial else _FAILED
            terminalreporter.write_line(f"{complaint}; {advice}", bold=True)

    def _complaint(self) -> str:
        missing = sorted(one for one in self._musts if not self._settled.get(one))
        if not missing:
            return ""
        more = f" and {len(missing) - _FEW} more" if len(missing) > _FEW else ""
        return (
            f"litellm-contracts: {len(missing)} of {len(self._musts)} musts of requirement set "
            f"{self._requirements} were not judged: {', '.join(missing[:_FEW])}{more}"
        )
