"""The known differences: which places of which exchanges may differ, how many, and why.

Each entry of `known_differences.toml` says exactly how many places it covers. One more, one fewer
or an entry that covers none is an error: the list tells the truth or the tests fail.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from parity import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity._compare import Difference

PATH = HERE / "known_differences.toml"


@dataclass(frozen=True, kw_only=True)
class Known:
    """One entry.

    Attributes:
        id: Its name.
        reason: Why the difference is there and may stay for now.
        exchanges: Globs of exchange ids.
        places: Globs of places within an exchange.
        count: How many places it covers, over all exchanges.
    """

    id: str
    reason: str
    exchanges: tuple[str, ...]
    places: tuple[str, ...]
    count: int

    def covers(self, difference: Difference) -> bool:
        """Whether this entry is about that difference."""
        return _matches(difference.case, self.exchanges) and _matches(difference.place, self.places)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The differences beside the list.

    Attributes:
        unlisted: Differences that no entry covers.
        counts: How many each entry covers in fact, by id; the first entry that fits takes it.
        wrong: Entries whose count is not that.
    """

    unlisted: list[Difference]
    counts: Counter[str]
    wrong: list[Known]

    @property
    def holds(self) -> bool:
        """Whether the list says exactly what differs."""
        return not self.unlisted and not self.wrong

    def __str__(self) -> str:
        """Say what is wrong, and what to do."""
        lines = [f"unlisted  {difference}" for difference in self.unlisted]
        lines += [self._about(known) for known in self.wrong]
        return "\n".join(lines)

    def _about(self, known: Known) -> str:
        now = self.counts[known.id]
        if now == 0:
            return f"stale     {known.id}: no such difference any more; remove the entry"
        if now < known.count:
            return f"shrunk    {known.id}: {known.count} listed, {now} left; set count = {now}"
        return f"grown     {known.id}: {known.count} listed, {now} found; mend the fake"


def load() -> list[Known]:
    """Read the list.

    Raises:
        ValueError: an id is used twice, or an entry has no reason.
    """
    rows = tomllib.loads(PATH.read_text("utf-8"))["difference"]
    entries = [
        Known(
            id=row["id"],
            reason=row["reason"].strip(),
            exchanges=tuple(row["exchanges"]),
            places=tuple(row["places"]),
            count=row["count"],
        )
        for row in rows
    ]
    for name, times in Counter(entry.id for entry in entries).items():
        if times > 1:
            raise ValueError(f"{PATH.name}: the id {name!r} is used {times} times")
    for entry in entries:
        if not entry.reason:
            raise ValueError(f"{PATH.name}: {entry.id!r} has no reason")
    return entries


def judge(differences: Iterable[Difference], entries: list[Known]) -> Verdict:
    """Hold the differences against the list."""
    counts: Counter[str] = Counter()
    unlisted = []
    for difference in differences:
        entry = next((entry for entry in entries if entry.covers(difference)), None)
        if entry is None:
            unlisted.append(difference)
        else:
            counts[entry.id] += 1
    wrong = [entry for entry in entries if counts[entry.id] != entry.count or not entry.count]
    return Verdict(unlisted=unlisted, counts=counts, wrong=wrong)


def shrink(text: str, verdict: Verdict) -> str:
    """Return the list with lower counts and without stale entries; it never adds anything."""
    blocks = re.split(r"(?m)^(?=\[\[difference\]\])", text)
    return "".join(kept for block in blocks if (kept := _shrunk(block, verdict)))


def _shrunk(block: str, verdict: Verdict) -> str:
    named = re.search(r'(?m)^id = "([^"]+)"', block)
    if not named or named[1] not in {known.id for known in verdict.wrong}:
        return block
    listed, now = next(k.count for k in verdict.wrong if k.id == named[1]), verdict.counts[named[1]]
    if now == 0:
        heading = re.search(r"(?m)^# ---", block)  # of the entries that follow
        return block[heading.start() :] if heading else ""
    return re.sub(r"(?m)^count = \d+", f"count = {min(now, listed)}", block)


def _matches(text: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)
