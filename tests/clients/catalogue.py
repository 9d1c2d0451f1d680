"""The table of clients."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "clients"  # within tox's environment: a second run finds them


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client of `clients.toml`, whose head says what each field means."""

    registry: Literal["npm", "pypi"]
    name: str
    packages: tuple[str, ...]
    route: str
    driver: str = ""
    scripts: bool = False
    turns: tuple[str, ...] = ()
    home: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    side_calls: str = "none"
    tool: Mapping[str, str] | None = None
    source: str | None = None
    why: str = ""

    @property
    def package(self) -> str:
        """The package that is the client itself, which is the first."""
        return self._pinned[0]

    @property
    def version(self) -> str:
        """The version of the client itself."""
        return self._pinned[2]

    @property
    def _pinned(self) -> tuple[str, str, str]:
        return self.packages[0].rpartition("@" if self.registry == "npm" else "==")

    @property
    def folder(self) -> Path:
        """Where its packages are installed; rows that name the same ones share it."""
        return INSTALLED / re.sub(r"[^\w.@=-]+", "_", "+".join(self.packages).strip("@"))

    @property
    def commands(self) -> tuple[str, ...]:
        """A command line for each turn, or one for both."""
        program = "node" if self.registry == "npm" else "python"
        driver = self.folder / Path(self.driver).name
        return self.turns or (f"{program} {driver} $base_url $session '$first' '$second'",)


def load() -> list[Client]:
    """Read the table."""
    table = tomllib.loads(HERE.joinpath("clients.toml").read_text(encoding="utf-8"))
    return [_client(registry, row) for registry, rows in table.items() for row in rows]


def _client(registry: Any, row: dict[str, Any]) -> Client:  # noqa: ANN401
    lists = {name: tuple(row[name]) for name in ("packages", "turns") if name in row}
    return Client(registry=registry, **{**row, **lists})
