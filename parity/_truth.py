"""The recorded truth: one file per setup, one line per exchange."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from parity import RECORDED, RELEASE, SETUPS

if TYPE_CHECKING:
    from pathlib import Path

    Exchanges = dict[str, dict[str, Any]]


def path_of(setup: str) -> Path:
    """Return the file that holds a setup's exchanges."""
    return RECORDED / f"{setup}.json"


def load(setup: str) -> Exchanges:
    """Read a setup's exchanges; empty where nothing was recorded yet."""
    return _document(setup)["exchanges"] if path_of(setup).exists() else {}


def load_all() -> Exchanges:
    """Read every setup's exchanges."""
    return {name: value for setup in SETUPS for name, value in load(setup).items()}


def recorded_on() -> str:
    """Return the date of the oldest recording."""
    return min(str(_document(setup)["recorded_on"]) for setup in SETUPS)


def recorded_from() -> set[str]:
    """Return what was recorded from."""
    return {_document(setup)["recorded_from"] for setup in SETUPS}


def save(setup: str, exchanges: Exchanges, today: str) -> None:
    """Write a setup's exchanges."""
    lines = [f"  {json.dumps(name)}: {_line(value)}" for name, value in exchanges.items()]
    head = {"recorded_from": f"litellm[proxy] {RELEASE}", "recorded_on": today}
    opening = json.dumps(head, indent=1)[:-2]
    text = f'{opening},\n "exchanges": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    path_of(setup).write_text(text, encoding="utf-8")


def _document(setup: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path_of(setup).read_bytes())
    return document


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
