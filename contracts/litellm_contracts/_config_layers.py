"""The places a setting may be given in: the command line, the environment, a pyproject.toml."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from litellm_contracts._errors import UsageError, closest
from litellm_contracts._model import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from litellm_contracts._waivers import Waiver

TABLE = "tool.litellm-contracts"
PREFIX = "LITELLM_CONTRACTS_"

Source: TypeAlias = Literal["flag", "environment", "file"]


@dataclass(frozen=True, kw_only=True)
class Given:
    """A value and where it was given.

    Attributes:
        value: As the run uses it.
        source: Which layer it is from.
        origin: The flag, the variable, or the path of the pyproject.toml.
        place: The same for an error, key included.
        folder: What a path in the value is relative to, where not to the current folder.
    """

    value: Any
    source: Source
    origin: str
    place: str
    folder: Path | None = None


Layer: TypeAlias = dict[str, Given]


def merge(*layers: Layer) -> Layer:
    """Return the settings of all layers, the first one strongest.

    A program and a handler exclude each other: in one layer that is an error, in two the
    stronger layer says which of the two doors it is.
    """
    merged: Layer = {}
    for layer in layers:
        _check_doors(layer)
        settled = {*merged, *_other_doors(merged)}
        merged |= {key: given for key, given in layer.items() if key not in settled}
    return merged


def flags_layer(flags: Mapping[str, Any]) -> Layer:
    """Return what the command line gives; `None` is not given.

    Raises:
        UsageError: where a number is too small; texts are judged where they are used.
    """
    layer: Layer = {}
    for key, value in flags.items():
        if value is not None:
            name = "HANDLER" if key == "handler" else f"--{key}"
            checked = _KINDS[key](value, name) if key in _NUMBERS else value
            layer[key] = Given(value=checked, source="flag", origin=name, place=name)
    return layer


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Return what the environment gives.

    Raises:
        UsageError: where a variable is unknown, empty, or not a number where one is expected.
    """
    known = [f"{PREFIX}{key.upper()}" for key in _KINDS if key not in _FILE_ONLY]
    layer: Layer = {}
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        key = name.removeprefix(PREFIX).lower()
        if key in _FILE_ONLY:
            raise UsageError(f"{name}: {key} can only be set in [{TABLE}] of a pyproject.toml")
        if name not in known:
            raise UsageError(
                f"unknown environment variable {name}{closest(name, known)} "
                f"(known: {', '.join(known)})"
            )
        text = environ[name]
        value = _KINDS[key](_as_number(text) if key in _NUMBERS else text, name)
        layer[key] = Given(value=value, source="environment", origin=name, place=name)
    return layer


def file_layer(folder: Path) -> Layer:
    """Return what the nearest pyproject.toml with the table gives, at or above a folder.

    Paths in it are relative to its own folder.

    Raises:
        UsageError: where the file is not TOML, or the table has an unknown key or a wrong type.
    """
    path = settings_file(folder)
    if path is None:
        return {}
    return _from_table(_table(path) or {}, path, None if path.parent == folder else path.parent)


def settings_file(folder: Path) -> Path | None:
    """Return the pyproject.toml whose table counts in a folder.

    Raises:
        UsageError: where one on the way is not TOML.
    """
    paths = (place / "pyproject.toml" for place in (folder, *folder.parents))
    return next((path for path in paths if _table(path) is not None), None)


def _table(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    tools = document.get("tool", {})
    table = tools.get("litellm-contracts") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: [{TABLE}] must be a table, not {table!r}")
    return table


def _from_table(table: Mapping[str, Any], path: Path, folder: Path | None) -> Layer:
    layer: Layer = {}
    for key, value in table.items():
        if key not in _KINDS:
            raise UsageError(
                f"{path}, [{TABLE}]: unknown key {key!r}{closest(key, _KINDS)} "
                f"(known: {', '.join(_KINDS)})"
            )
        place = f"{path}, [{TABLE}]: {key}"
        layer[key] = Given(
            value=_KINDS[key](value, place),
            source="file",
            origin=str(path),
            place=place,
            folder=folder,
        )
    return layer


def _check_doors(layer: Layer) -> None:
    if "command" not in layer:
        return
    for other in ("handler", "python"):
        if other in layer:
            raise UsageError(
                f"{layer[other].place} and {layer['command'].place} exclude each other: the "
                "program brings its own handler; keep one of the two"
            )


def _other_doors(layer: Layer) -> set[str]:
    """Return the keys that mean nothing beside the door that a layer has chosen."""
    if "command" in layer:
        return {"handler", "python"}
    return {"command"} if {"handler", "python"} & layer.keys() else set()


def _as_number(text: str) -> str | int:
    try:
        return int(text)
    except ValueError:
        return text


def _text(value: object, place: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise UsageError(f"{place} must be a text, not {value!r}")


def _whole(value: object, place: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise UsageError(f"{place} must be a whole number, not {value!r}")


def _positive(value: object, place: str) -> int:
    number = _whole(value, place)
    if number < 1:
        raise UsageError(f"{place} must be 1 or more, not {number}")
    return number


def _methods(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise UsageError(f"{place} must be a list of {', '.join(METHODS)}, not {value!r}")
    for name in value:
        if name not in METHODS:
            raise UsageError(
                f"{place}: unknown capability {name!r}{closest(str(name), METHODS)} "
                f"(known: {', '.join(METHODS)})"
            )
    return tuple(value)


def _waivers(value: object, place: str) -> tuple[Waiver, ...]:
    from litellm_contracts._tables import all_contracts
    from litellm_contracts._waivers import read_waivers

    known = [contract.id for contract in all_contracts()]
    today = dt.datetime.now(tz=dt.UTC).date()
    return read_waivers(value, known, today, place.removesuffix(": waivers"))


_FILE_ONLY = {"capabilities", "waivers"}
_NUMBERS = {"seed", "examples", "jobs"}
_KINDS: dict[str, Callable[[object, str], Any]] = {
    "handler": _text,
    "command": _text,
    "python": _text,
    "profile": _text,
    "header": _text,
    "litellm": _text,
    "requirements": _text,
    "seed": _whole,
    "examples": _positive,
    "jobs": _positive,
    "capabilities": _methods,
    "waivers": _waivers,
}
