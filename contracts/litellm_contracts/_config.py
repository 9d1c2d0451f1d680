"""`[tool.litellm-contracts]` in a pyproject.toml: what a provider sets once for its project."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import UsageError, closest
from litellm_contracts._model import METHODS

if TYPE_CHECKING:
    from pathlib import Path

    from litellm_contracts._waivers import Waiver

TABLE = "tool.litellm-contracts"


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of a project.

    Attributes:
        handler: `package.module:factory` or `path/to/file.py:factory`.
        profile: Whose client it is, such as "zoo".
        header: The session header's name, where it is not the profile's.
        requirements: A frozen requirement set, such as "2026-11".
        waivers: What is known to be broken, see `litellm_contracts._waivers`.
        capabilities: The methods the handler offers.
    """

    handler: str | None = None
    profile: str | None = None
    header: str | None = None
    requirements: str | None = None
    capabilities: tuple[str, ...] = METHODS
    waivers: tuple[Waiver, ...] = ()


def read_config(folder: Path) -> Config:
    """Read the nearest pyproject.toml at or above a folder; the defaults where there is none.

    Raises:
        UsageError: where the file is not TOML, or the table has an unknown key or a wrong type.
    """
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            return _parse(path)
    return Config()


def _parse(path: Path) -> Config:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    tools = document.get("tool", {})
    table = tools.get("litellm-contracts", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [{TABLE}] must be a table, not {table!r}")
    known = [field.name for field in fields(Config)]
    for key in table:
        if key not in known:
            raise UsageError(
                f"{path}, [{TABLE}]: unknown key {key!r}{closest(key, known)} "
                f"(known: {', '.join(known)})"
            )
    for key in ("handler", "profile", "header", "requirements"):
        if key in table and not (isinstance(table[key], str) and table[key]):
            raise UsageError(f"{path}, [{TABLE}]: {key} must be a text, not {table[key]!r}")
    return Config(**{**table, **_capabilities(table, path), **_waivers(table, path)})


def _waivers(table: dict[str, Any], path: Path) -> dict[str, tuple[Waiver, ...]]:
    if "waivers" not in table:
        return {}
    from litellm_contracts._suite import all_contracts
    from litellm_contracts._waivers import read_waivers

    known = [contract.id for contract in all_contracts()]
    today = dt.datetime.now(tz=dt.UTC).date()
    return {"waivers": read_waivers(table["waivers"], known, today, f"{path}, [{TABLE}]")}


def _capabilities(table: dict[str, Any], path: Path) -> dict[str, tuple[str, ...]]:
    if "capabilities" not in table:
        return {}
    given = table["capabilities"]
    if not isinstance(given, list) or not given:
        raise UsageError(
            f"{path}, [{TABLE}]: capabilities must be a list of {', '.join(METHODS)}, not {given!r}"
        )
    for name in given:
        if name not in METHODS:
            raise UsageError(
                f"{path}, [{TABLE}]: unknown capability {name!r}{closest(str(name), METHODS)} "
                f"(known: {', '.join(METHODS)})"
            )
    return {"capabilities": tuple(given)}
