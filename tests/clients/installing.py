"""Installing the clients from their registries."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import program
from uv import find_uv_bin

if TYPE_CHECKING:
    from catalogue import Client

_COMMANDS = {
    # No scripts: what a package fetches when it is installed is not what the registry holds.
    "npm": [["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix=."]],
    "pypi": [
        [find_uv_bin(), "venv", "--quiet", "venv"],
        [find_uv_bin(), "pip", "install", "--quiet", "--python=venv/bin/python"],
    ],
}


def install(client: Client) -> None:
    """Install a client's packages, unless they are there from an earlier run."""
    complete = client.folder / "complete"
    if complete.exists():
        return
    shutil.rmtree(client.folder, ignore_errors=True)
    client.folder.mkdir(parents=True)
    *before, last = _COMMANDS[client.registry]
    for command in [*before, [*last, *client.packages]]:
        program.run(command, client.folder, os.environ)
    if client.scripts:  # of this package alone, and not of what it depends on
        program.run(["npm", "rebuild", client.package], client.folder, os.environ)
    complete.touch()
