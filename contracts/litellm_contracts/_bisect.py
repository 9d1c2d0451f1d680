"""Finds the releases in which a row changes, with as few looks as possible."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from litellm_contracts._errors import HandlerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.version import Version

    Look = Callable[[Version], str | None]
    """What a release shows; `None` where it cannot be installed or run."""


@dataclass(frozen=True)
class Change:
    """A release in which the row is not as in the last one before it that could be looked at."""

    before: Version
    at: Version
    old: str
    new: str


class Bisection:
    """Looks at releases, at each of them once.

    Args:
        releases: The releases, in order; the first and the last are always looked at.
        look: How a release is looked at.
        spread: At how many more releases to look where the first and the last are alike.
    """

    def __init__(self, releases: Sequence[Version], look: Look, spread: int) -> None:
        self._releases = list(releases)
        self._look = look
        self._spread = spread
        self._seen: dict[Version, str | None] = {}

    def run(self) -> list[Change]:
        """Return every change that is found, in order.

        Raises:
            HandlerError: where the first or the last release cannot be looked at.
        """
        first, last = 0, len(self._releases) - 1
        for end in (first, last):
            if self._at(end) is None:
                raise HandlerError(
                    f"openai {self._releases[end]} cannot be looked at, see above; choose another"
                )
        points = [first, last]
        if self._at(first) == self._at(last):
            points = [one for one in self._spread_out() if self._at(one) is not None]
        found = (self._between(low, high) for low, high in pairwise(points))
        return [change for changes in found for change in changes]

    def _spread_out(self) -> list[int]:
        last = len(self._releases) - 1
        parts = min(self._spread + 1, last) or 1
        return sorted({round(last * part / parts) for part in range(parts + 1)})

    def _between(self, low: int, high: int) -> list[Change]:
        old, new = self._at(low), self._at(high)
        if old is None or new is None or old == new:
            return []
        middle = self._middle(low, high)
        if middle is None:
            return [Change(self._releases[low], self._releases[high], old, new)]
        return [*self._between(low, middle), *self._between(middle, high)]

    def _middle(self, low: int, high: int) -> int | None:
        """Return the place nearest to the middle that can be looked at, or `None`."""
        middle = (low + high) // 2
        places = sorted(range(low + 1, high), key=lambda place: abs(place - middle))
        return next((place for place in places if self._at(place) is not None), None)

    def _at(self, place: int) -> str | None:
        release = self._releases[place]
        if release not in self._seen:
            self._seen[release] = self._look(release)
        return self._seen[release]


def between(releases: Sequence[Version], first: Version, last: Version) -> list[Version]:
    """Return the releases from the first to the last.

    Raises:
        UsageError: where one of the two is not released, or they are in the wrong order.
    """
    for name, wanted in (("--from", first), ("--to", last)):
        if wanted not in releases:
            below = [one for one in releases if one < wanted]
            hint = f"; the one before it is {below[-1]}" if below else ""
            raise UsageError(f"{name} {wanted}: there is no such release of openai{hint}")
    found = [one for one in releases if first <= one <= last]
    if first >= last:
        raise UsageError(f"--from {first} is not before --to {last}")
    return found
