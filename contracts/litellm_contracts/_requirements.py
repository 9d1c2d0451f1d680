"""Requirement sets: contracts frozen under a name, so that a newer suite keeps an old promise.

A set names each contract with its level and a digest of what it demands. A contract of a
published set is never changed; what is tightened gets a new id.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from litellm_contracts._errors import UsageError, closest
from litellm_contracts._model import Contract, Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = files("litellm_contracts").joinpath("requirements")
EVERYTHING = "all"


@dataclass(frozen=True, kw_only=True)
class RequirementSet:
    """A frozen set: level and digest by contract id."""

    name: str
    levels: Mapping[str, Level]
    digests: Mapping[str, str]


def known_sets() -> list[str]:
    """Return the names of the sets that ship."""
    names = (file.name for file in FOLDER.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def read_set(name: str) -> RequirementSet:
    """Read the set of this name.

    Raises:
        UsageError: naming the closest set.
    """
    known = known_sets()
    if name not in known:
        raise UsageError(
            f"no requirement set is called {name!r}{closest(name, known)} "
            f"(known: {', '.join(known)})"
        )
    entries = tomllib.loads(FOLDER.joinpath(f"{name}.toml").read_text("utf-8"))["contracts"]
    return RequirementSet(
        name=name,
        levels={one: Level(entry["level"]) for one, entry in entries.items()},
        digests={one: entry["digest"] for one, entry in entries.items()},
    )


def in_set(contracts: Sequence[Contract], chosen: RequirementSet) -> tuple[Contract, ...]:
    """Return the contracts of a set, at the levels it froze."""
    return tuple(
        replace(contract, level=chosen.levels[contract.id])
        for contract in contracts
        if contract.id in chosen.levels
    )


def digest_of(contract: Contract) -> str:
    """Return a short digest of what a contract demands; its wording does not count."""
    demand = asdict(contract)
    for told in ("level", "requirement", "why", "fix"):
        del demand[told]
    text = json.dumps(demand, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of_all(contracts: Sequence[Contract]) -> str:
    """Return one digest for a run: ids, levels and demands."""
    parts = sorted(f"{one.id} {one.level} {digest_of(one)}" for one in contracts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def write_set(contracts: Sequence[Contract]) -> str:
    """Return the text of a set that freezes these contracts."""
    lines = [
        "# Frozen: contracts of this set are never changed; what is tightened gets a new id.",
        "schema_version = 1",
        "",
        "[contracts]",
    ]
    lines += [
        f'"{one.id}" = {{ level = "{one.level}", digest = "{digest_of(one)}" }}'
        for one in contracts
    ]
    return "\n".join(lines) + "\n"
