"""Requirement sets: contracts frozen under a name, so that a newer suite keeps an old promise.

A set names each contract with its level and a digest of what it demands. A contract of a
published set is never changed; what is tightened gets a new id.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import ContractsError, UsageError, closest
from litellm_contracts._model import Contract, Level

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """Return the contracts of a set, at the levels it froze.

    Raises:
        ContractsError: where one is missing or demands something else: the suite is not what it
            was released as.
    """
    known = {contract.id: contract for contract in contracts}
    for one, digest in chosen.digests.items():
        if one not in known or digest_of(known[one]) != digest:
            raise ContractsError(
                f"{one} is not what the requirement set {chosen.name} froze: this installation of "
                "the suite was changed; install it again"
            )
    return tuple(
        replace(contract, level=chosen.levels[contract.id])
        for contract in contracts
        if contract.id in chosen.levels
    )


def digest_of(contract: Contract) -> str:
    """Return a short digest of what a contract demands.

    Its wording does not count, nor does a setting that it leaves as it is: a newer suite knows more
    settings, and demands the same.
    """
    demand = _set_in(contract)
    for told in ("level", "requirement", "why", "fix"):
        demand.pop(told, None)
    text = json.dumps(demand, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _set_in(value: Any) -> Any:  # noqa: ANN401
    """Return a value with each dataclass in it as what is set in it, and of which class it is."""
    if is_dataclass(value) and not isinstance(value, type):
        given = {one: getattr(value, one.name) for one in fields(value)}
        set_here = {one.name: _set_in(it) for one, it in given.items() if it != _default(one)}
        return {"": type(value).__name__, **set_here}
    if isinstance(value, Mapping):
        return {name: _set_in(it) for name, it in value.items()}
    return [_set_in(it) for it in value] if isinstance(value, list | tuple) else value


def _default(one: Field[Any]) -> Any:  # noqa: ANN401
    return one.default if one.default_factory is MISSING else one.default_factory()


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
