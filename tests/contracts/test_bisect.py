from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from litellm_contracts._bisect import Bisection, between
from litellm_contracts._errors import HandlerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASES = [Version(f"1.{minor}.0") for minor in range(101)]


def changes(
    look: Callable[[int], str | None], spread: int = 8
) -> tuple[list[tuple[int, int, str, str]], list[int]]:
    """Bisect 101 releases by their minors: the changes, and where it looked, in order."""
    looked: list[int] = []

    def see(release: Version) -> str | None:
        looked.append(release.minor)
        return look(release.minor)

    found = Bisection(RELEASES, see, spread).run()
    return [(one.before.minor, one.at.minor, one.old, one.new) for one in found], looked


@pytest.mark.parametrize("edge", [1, 2, 37, 50, 99, 100])
def test_one_change_is_found_with_few_looks(edge: int) -> None:
    found, looked = changes(lambda minor: "new" if minor >= edge else "old")
    assert found == [(edge - 1, edge, "old", "new")]
    assert looked[:2] == [0, 100]
    assert len(looked) == len(set(looked)) <= 9


def test_a_change_that_was_taken_back_is_found_where_both_ends_are_alike() -> None:
    found, looked = changes(lambda minor: "broken" if 40 <= minor < 55 else "fine")
    assert found == [(39, 40, "fine", "broken"), (54, 55, "broken", "fine")]
    assert len(looked) < 20


def test_three_values_are_two_changes() -> None:
    found, _ = changes(lambda minor: str((minor >= 30) + (minor >= 60)))
    assert found == [(29, 30, "0", "1"), (59, 60, "1", "2")]


def test_where_nothing_changes_only_the_spread_is_looked_at() -> None:
    found, looked = changes(lambda _: "same", spread=4)
    assert (found, looked) == ([], [0, 100, 20, 40, 60, 80])


def test_without_a_spread_only_the_ends_are_looked_at() -> None:
    assert changes(lambda _: "same", spread=0) == ([], [0, 100])


def test_a_release_that_cannot_be_looked_at_is_passed_over() -> None:
    found, looked = changes(lambda minor: None if minor % 2 else str(minor >= 60))
    assert found == [(58, 60, "False", "True")]
    assert 59 in looked
    assert len(looked) == len(set(looked))


@pytest.mark.parametrize("end", [0, 100])
def test_an_end_that_cannot_be_looked_at_is_an_error(end: int) -> None:
    with pytest.raises(HandlerError, match=rf"openai 1\.{end}\.0 cannot be looked at"):
        changes(lambda minor: None if minor == end else "same")


def test_two_releases_need_no_look_between_them() -> None:
    found = Bisection(RELEASES[:2], str, 8).run()
    assert [(str(one.before), str(one.at)) for one in found] == [("1.0.0", "1.1.0")]


def test_the_ends_are_among_the_releases() -> None:
    assert between(RELEASES, Version("1.3.0"), Version("1.5.0")) == RELEASES[3:6]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param("1.3.1", "1.5.0", r"--from 1.3.1: .*before it is 1.3.0", id="from"),
        pytest.param("1.3.0", "2.0.0", r"--to 2.0.0: .*before it is 1.100.0", id="to"),
        pytest.param("0.9", "1.5.0", r"--from 0.9: there is no such release of openai$", id="old"),
        pytest.param("1.5.0", "1.3.0", r"--from 1.5.0 is not before --to 1.3.0", id="order"),
        pytest.param("1.5.0", "1.5.0", r"--from 1.5.0 is not before --to 1.5.0", id="same"),
    ],
)
def test_ends_that_make_no_range_are_refused(first: str, last: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        between(RELEASES, Version(first), Version(last))
