"""Remove and invert each check in turn; the tests of the checks must go red each time."""

from __future__ import annotations

import io
import multiprocessing
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._observation import Observation
    from litellm_contracts._profile import Profile

    Check = Callable[[Observation, Profile], Iterator[Finding]]

TESTS = sorted(
    str(path)
    for path in Path(__file__).parents[1].glob("contracts/test_checks*.py")
    if path.stem != "test_checks_odd_bodies"  # it judges no finding, and takes longest
)


def removed(_check: Check) -> Check:
    """Return a check that finds nothing."""
    return lambda _observation, _profile: iter(())


def inverted(check: Check) -> Check:
    """Return a check that finds something exactly where this one finds nothing."""

    def opposite(observation: Observation, profile: Profile) -> Iterator[Finding]:
        if not list(check(observation, profile)):
            yield Finding(
                message="inverted", call=observation.outcomes[0].call.name, cause="inverted"
            )

    return opposite


CHANGES = {"as it is": lambda check: check, "removed": removed, "inverted": inverted}


class FirstFailure:
    """A pytest plugin that keeps the name of the first test that fails."""

    def __init__(self) -> None:
        self.test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        if report.failed and not self.test:
            self.test = report.nodeid


def first_failure(change: tuple[str, str]) -> str:
    """Change one check in this process, and return the first test that fails, or nothing."""
    how, name = change
    CHECKS[name] = CHANGES[how](CHECKS[name])
    failure = FirstFailure()
    with redirect_stdout(io.StringIO()):
        code = pytest.main(
            ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *TESTS], plugins=[failure]
        )
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise RuntimeError(f"pytest came to {code!r} where {name} is {how}")
    return failure.test


def main() -> int:
    """Tell of each change which test it makes red; return 1 where one is not noticed."""
    unchanged = ("as it is", next(iter(CHECKS)))
    changes = [unchanged, *((how, name) for name in CHECKS for how in ("removed", "inverted"))]
    wrong = 0
    # forked: what is imported above, once, takes longer than the tests
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        for change, test in zip(changes, pool.imap(first_failure, changes, 1), strict=True):
            how, name = change
            is_right = bool(test) != (change == unchanged)
            wrong += not is_right
            print(f"{'ok' if is_right else 'WRONG':<6}{name:<20}{how:<10}{test or 'all green'}")
    print(f"{len(CHECKS)} checks, each removed and inverted: {wrong or 'none'} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
