"""One matrix from the results of many environments: rows, and the ranges in which each is equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from litellm_contracts._errors import EXIT_BROKEN, EXIT_CONFORMANT
from litellm_contracts._model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from litellm_contracts._matrix import Language

MISSING = "no result"


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """The words for one SDK.

    Attributes:
        title: Its name.
        short: What stands before its releases in a sentence.
        registry: Where it comes from.
        runtime: What it runs on.
    """

    title: str
    short: str
    registry: str
    runtime: str


SDKS: dict[Language, Sdk] = {
    "python": Sdk(title="openai for Python", short="openai", registry="PyPI", runtime="Python"),
    "node": Sdk(title="openai for Node (npm)", short="npm", registry="npm", runtime="Node"),
}
"""In the order in which they are told."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment and what it left behind.

    Attributes:
        name: The name of its files.
        label: What it is called in a range: the SDK's version, and what else tells it apart.
        sdk: Which SDK it is.
        openai: The SDK's version; empty where it is not known.
        runtime: The version of what the SDK runs on, Python or Node; empty where it is not known.
        result: What `check --json` wrote; `None` where it is missing or cannot be used.
        probes: What `probe --json` wrote, by id; likewise.
    """

    name: str
    label: str
    sdk: Language = "python"
    openai: str = ""
    runtime: str = ""
    result: Mapping[str, Any] | None = None
    probes: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def verdict(self) -> str:
        """The verdict of its result."""
        return MISSING if self.result is None else str(self.result["verdict"])


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Environments next to each other in which a row is the same.

    Attributes:
        value: A contract's status, what a probe saw, or `no result`.
        environments: The environments, in order.
        changes: Whether the row differs here from the environment before that has a result.
        departs: Whether the SDK departs from its known history.
        shown: What the first environment of the segment has on the row; empty where missing.
    """

    value: str
    environments: tuple[Environment, ...]
    changes: bool
    departs: bool = False
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def range(self) -> str:
        """The environments as one range."""
        return label_range(self.environments)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A contract or a probe, through all environments of one SDK."""

    id: str
    sdk: Language
    kind: Literal["contract", "probe"]
    level: str
    requirement: str
    segments: tuple[Segment, ...]

    @property
    def group(self) -> str:
        """The heading under which it stands."""
        return self.id.partition("/")[0] if self.kind == "contract" else "SDK behaviour"

    @property
    def changes(self) -> bool:
        """Whether it is not the same in every environment."""
        return any(segment.changes for segment in self.segments)

    @property
    def departs(self) -> bool:
        """Whether the SDK departs from its known history anywhere."""
        return any(segment.departs for segment in self.segments)


@dataclass(frozen=True, kw_only=True)
class Table:
    """What belongs to one SDK.

    Attributes:
        sdk: Which one.
        handler: The handler that was judged with it; empty where none was.
        environments: In the order of its releases.
        rows: Contracts, then probes.
    """

    sdk: Language
    handler: str
    environments: tuple[Environment, ...]
    rows: tuple[Row, ...]

    @property
    def words(self) -> Sdk:
        """The words for its SDK."""
        return SDKS[self.sdk]

    @property
    def columns(self) -> tuple[tuple[Environment, ...], ...]:
        """The environments, those together between which no row changes."""
        edges = {segment.environments[0].name for row in self.rows for segment in row.segments}
        columns: list[list[Environment]] = []
        for environment in self.environments:
            if environment.name in edges or not columns:
                columns.append([])
            columns[-1].append(environment)
        return tuple(map(tuple, columns))


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The matrix.

    Attributes:
        date: The day it was merged, as in ISO 8601.
        tables: One for each SDK that has an environment.
        problems: What is missing or contradictory, a sentence each.
        demands: By what all of them were judged: suite and LiteLLM release.
    """

    date: str
    tables: tuple[Table, ...]
    problems: tuple[str, ...]
    demands: Mapping[str, Any]

    @property
    def environments(self) -> tuple[Environment, ...]:
        """The environments of every SDK."""
        return tuple(one for table in self.tables for one in table.environments)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of every SDK."""
        return tuple(row for table in self.tables for row in table.rows)

    @property
    def verdict(self) -> Verdict:
        """`conformant` only where nothing is missing, contradictory or broken."""
        verdicts = {environment.verdict for environment in self.environments}
        if self.problems or not self.environments:
            return Verdict.INCOMPLETE
        return Verdict.CONFORMANT if verdicts == {Verdict.CONFORMANT} else Verdict.BROKEN

    @property
    def broken(self) -> tuple[Environment, ...]:
        """The environments in which the handler was judged, and is not conformant."""
        fine = {MISSING, Verdict.CONFORMANT, Verdict.INCOMPLETE}
        return tuple(one for one in self.environments if one.verdict not in fine)

    @property
    def departing(self) -> tuple[Row, ...]:
        """The probes in which an SDK departs from its known history."""
        return tuple(row for row in self.rows if row.departs)

    @property
    def exit_code(self) -> int:
        """0 only where everything is conformant and every SDK as known."""
        is_fine = self.verdict is Verdict.CONFORMANT and not self.departing
        return EXIT_CONFORMANT if is_fine else EXIT_BROKEN


def label_range(environments: Sequence[Environment]) -> str:
    """Return the labels of the first and the last, or of the only one."""
    first, last = environments[0].label, environments[-1].label
    return first if len(environments) == 1 else f"{first} \N{EN DASH} {last}"


def make_tables(
    environments: Iterable[Environment], handlers: Mapping[Language, str]
) -> Iterator[Table]:
    """Yield a table for each SDK; no range and no row reaches from one to another."""
    known = list(environments)
    for sdk in SDKS:
        mine = tuple(one for one in known if one.sdk == sdk)
        if mine:
            rows = tuple(_make_rows(mine))
            yield Table(sdk=sdk, handler=handlers.get(sdk, ""), environments=mine, rows=rows)


def _make_rows(environments: Sequence[Environment]) -> Iterator[Row]:
    """Yield a row for each contract and probe that any environment knows."""
    sdk = environments[0].sdk
    contracts = [_by_id(one.result["contracts"]) if one.result else None for one in environments]
    for contract in _merged_ids(contracts):
        cells = [None if one is None else one.get(contract) for one in contracts]
        known = next(cell for cell in cells if cell)
        yield Row(
            id=contract,
            sdk=sdk,
            kind="contract",
            level=known["level"],
            requirement=known["requirement"],
            segments=tuple(_segments(environments, cells, "status")),
        )
    probes = [one.probes for one in environments]
    for probe in _merged_ids(probes):
        cells = [None if one is None else one.get(probe) for one in probes]
        known = next(cell for cell in cells if cell)
        yield Row(
            id=probe,
            sdk=sdk,
            kind="probe",
            level="",
            requirement=known["fact"],
            segments=tuple(_segments(environments, cells, "seen")),
        )


def _by_id(entries: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {entry["id"]: entry for entry in entries}


def _merged_ids(columns: Sequence[Mapping[str, Any] | None]) -> list[str]:
    return list(dict.fromkeys(one for column in columns for one in column or {}))


def _segments(
    environments: Sequence[Environment], cells: Sequence[Mapping[str, Any] | None], key: str
) -> Iterator[Segment]:
    def same(pair: tuple[Environment, Mapping[str, Any] | None]) -> tuple[str, bool]:
        cell = pair[1] or {}
        return str(cell.get(key, MISSING)), bool(cell.get("departs"))

    known = None
    for (value, departs), found in groupby(zip(environments, cells, strict=True), key=same):
        pairs = list(found)
        yield Segment(
            value=value,
            environments=tuple(environment for environment, _ in pairs),
            changes=value != MISSING and known not in {None, value},
            departs=departs,
            shown=pairs[0][1] or {},
        )
        known = known if value == MISSING else value
