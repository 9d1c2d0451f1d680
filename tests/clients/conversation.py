"""Holding a conversation of two turns with a client."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import program
from catalogue import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogue import Client

TURN_LIMIT = 120
NOTE = "Plums are ultramarine."


def hold(client: Client, values: Mapping[str, str]) -> list[str]:
    """Take the two turns; return what each command printed.

    The client starts in an environment made from nothing, so that no proxy or key of the
    machine reaches it, and with a home that holds its configuration and nothing else.
    """
    home = Path(values["home"])
    project = home / "project"
    project.mkdir(parents=True)
    project.joinpath("note.txt").write_text(NOTE, encoding="utf-8")
    _furnish(home, client, values)
    programs = [client.folder / "node_modules" / ".bin", client.folder / "venv" / "bin"]
    environment = {
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **{name: Template(value).substitute(values) for name, value in client.env.items()},
    }
    commands = [shlex.split(Template(line).substitute(values)) for line in client.commands]
    return [program.run(command, project, environment, TURN_LIMIT) for command in commands]


def _furnish(home: Path, client: Client, values: Mapping[str, str]) -> None:
    """Write the client's configuration, and put its driver beside its packages."""
    if client.home:
        shutil.copytree(HERE / "homes" / client.home, home, dirs_exist_ok=True)
    for path in filter(Path.is_file, home.rglob("*")):
        filled = Template(path.read_text(encoding="utf-8")).safe_substitute(values)
        path.write_text(filled, encoding="utf-8")
    if client.driver:  # where Node looks for them
        shutil.copy(HERE / client.driver, client.folder)
