"""Which door the command line asks for; and the commands `smoke` and `door`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._errors import EXIT_CONFORMANT, UsageError

if TYPE_CHECKING:
    import argparse

    from litellm_contracts._command_door import CommandRecipe
    from litellm_contracts._config import Config
    from litellm_contracts._door import Recipe

DOORS = {"node": "door.mjs", "schema": "protocol-1.schema.json"}
"""What `door` prints, by name."""


def add_door_arguments(parser: argparse.ArgumentParser) -> None:
    """Add HANDLER, `--command` and `--python`."""
    parser.add_argument(
        "handler",
        nargs="?",
        metavar="HANDLER",
        help="package.module:factory or path/to/file.py:factory",
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--command",
        metavar="CMD",
        help="a program in any language that speaks protocol 1, such as 'node contracts.mjs'",
    )
    other.add_argument(
        "--python", metavar="PY", help="the interpreter, with its packages, that runs HANDLER"
    )


def choose_recipe(config: Config) -> Recipe:
    """Return how to open the door that was asked for; nothing is started yet.

    Raises:
        UsageError: where `python` has no handler, or the command cannot be read.
    """
    from litellm_contracts._doors import BUNDLED, PythonRecipe

    other = _other_language(config)
    if other is not None:
        return other
    handler = find_handler(config)
    return PythonRecipe(BUNDLED if handler is None else handler, frozenset(config.capabilities))


def find_handler(config: Config) -> str | None:
    """Return the handler as the current folder sees it; its module can be imported from there."""
    folder = config.folder("handler")
    if config.handler is None or folder is None:
        return config.handler
    place, colon, name = config.handler.rpartition(":")
    if place.endswith(".py"):
        return f"{folder / place}{colon}{name}"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return config.handler


def add_smoke_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `smoke`."""
    smoke = commands.add_parser(
        "smoke",
        help="try a door by itself, and say what is missing",
        description="Try a program that speaks protocol 1, one step after the other, before any "
        "contract is judged. Exit code 0 when nothing is missing, else 3.",
    )
    add_door_arguments(smoke)
    smoke.add_argument(
        "--limit", type=float, default=15.0, metavar="S", help="seconds for each answer (15)"
    )
    smoke.set_defaults(run=_smoke)


def add_door_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `door`."""
    door = commands.add_parser(
        "door",
        help="print a ready-made door: `litellm-contracts door node > door.mjs`",
        description="Print the protocol's loop for a language, to be kept beside the handler and "
        "imported; or the protocol's JSON Schema.",
    )
    door.add_argument("name", metavar="|".join(DOORS), choices=DOORS)
    door.set_defaults(run=_door)


def _smoke(args: argparse.Namespace) -> int:
    from litellm_contracts._cli_output import show
    from litellm_contracts._config import read_config
    from litellm_contracts._smoke import run_smoke

    flags = {key: getattr(args, key) for key in ("handler", "command", "python")}
    recipe = _other_language(read_config(Path.cwd(), flags))
    if recipe is None:
        raise UsageError(
            "smoke tries a program: expected --command 'node contracts.mjs', or --python PY HANDLER"
        )
    if args.limit <= 0:
        raise UsageError(f"--limit must be more than 0, not {args.limit:g}")
    return run_smoke(recipe, args.limit, show)


def _door(args: argparse.Namespace) -> int:
    from litellm_contracts._cli_output import show
    from litellm_contracts._protocol import FILES

    show(FILES.joinpath(DOORS[args.name]).read_text(encoding="utf-8"))
    return EXIT_CONFORMANT


def _other_language(config: Config) -> CommandRecipe | None:
    from litellm_contracts._command_door import command_recipe, python_recipe

    if config.command is not None:
        recipe = command_recipe(config.command, config.capabilities)
        return replace(recipe, folder=_text(config.folder("command")))
    if config.python is None:
        return None
    handler = find_handler(config)
    if handler is None:
        raise UsageError(
            f"{config.place('python')} needs a HANDLER: package.module:factory or file.py:factory"
        )
    folder = config.folder("python")
    is_path = folder is not None and len(Path(config.python).parts) > 1
    python = f"{folder / config.python}" if folder and is_path else config.python
    recipe = python_recipe(python, handler, config.capabilities)
    return replace(recipe, folder=_text(config.folder("handler")))


def _text(folder: Path | None) -> str | None:
    return None if folder is None else str(folder)
