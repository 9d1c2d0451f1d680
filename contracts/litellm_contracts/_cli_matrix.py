"""The command `matrix`: which SDK releases to run with, and what is written from the list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._cli_matrix_merge import add_merge_command
from litellm_contracts._cli_output import show
from litellm_contracts._errors import EXIT_CONFORMANT, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from litellm_contracts._matrix import Language, Release


def add_matrix_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `matrix`."""
    matrix = commands.add_parser(
        "matrix",
        help="the SDK releases to run the contracts with, and why",
        description="Print the SDK releases that the contracts are run with, what is installed "
        "with each, and why it is in the list.",
    )
    matrix.add_argument("--node", action="store_true", help="the npm package instead")
    matrix.add_argument("--label", default="", metavar="L", help="some: quick, ends, selftest")
    matrix.add_argument(
        "--github", action="store_true", help="print the job list that strategy.matrix takes"
    )
    matrix.set_defaults(run=_list)
    actions = matrix.add_subparsers(metavar="ACTION")
    write = actions.add_parser(
        "write",
        help="write the marked sections of files anew",
        description="Write what stands between `# >>> matrix: NAME` and `# <<< matrix` in files "
        "anew from the list.",
    )
    write.add_argument("files", nargs="+", type=Path, metavar="FILE", help="such as tox.ini")
    write.set_defaults(run=_write)
    pins = actions.add_parser(
        "pins",
        help="what to install for a release of the Python SDK",
        description="Print what to install for a release of the Python SDK, one requirement a "
        "line; it need not be in the list.",
    )
    pins.add_argument("version", metavar="VERSION", help="such as 1.55.3, or latest")
    pins.set_defaults(run=_pins)
    update = actions.add_parser(
        "update",
        help="look for newer SDK releases, and edit the list",
        description="Ask the package indexes that pip and npm are set up for, move the newest "
        "release and the last of each major forward, and add a major that is new.",
    )
    update.add_argument(
        "--minors",
        action="append",
        default=[],
        metavar="MAJOR",
        help="add the first and last release of each minor of this major of the Python SDK, too",
    )
    update.add_argument("--file", type=Path, metavar="F", help="the list (the one that ships)")
    update.set_defaults(run=_update)
    add_merge_command(actions)


def _list(args: argparse.Namespace) -> int:
    from litellm_contracts._matrix import load_matrix
    from litellm_contracts._matrix_sections import jobs

    matrix = load_matrix()
    language: Language = "node" if args.node else "python"
    if args.github:
        show(json.dumps({"include": jobs(matrix, language, args.label)}) + "\n")
    else:
        show("".join(_lines(matrix.of(language, args.label))))
    return EXIT_CONFORMANT


def _lines(releases: Sequence[Release]) -> list[str]:
    texts = [" ".join(one.requirements) for one in releases]
    width = max(map(len, texts), default=0)
    return [f"{text:<{width}}  {one.why}\n" for text, one in zip(texts, releases, strict=True)]


def _write(args: argparse.Namespace) -> int:
    from litellm_contracts._matrix import load_matrix
    from litellm_contracts._matrix_sections import write_sections

    matrix = load_matrix()
    for path in args.files:
        before = _read(path)
        after = write_sections(before, matrix, str(path))
        _save(path, after)
        show(f"{path}: {'written' if after != before else 'as it should be'}\n")
    return EXIT_CONFORMANT


def _pins(args: argparse.Namespace) -> int:
    from litellm_contracts._matrix import load_matrix, requirements_of

    show("".join(f"{one}\n" for one in requirements_of(load_matrix(), args.version)))
    return EXIT_CONFORMANT


def _update(args: argparse.Namespace) -> int:
    from litellm_contracts._matrix import FILE
    from litellm_contracts._matrix_update import released, update

    path = args.file or Path(str(FILE))
    text = _read(path)
    languages: tuple[Language, ...] = ("python", "node")
    found = {language: released(language) for language in languages}
    after, changes = update(text, found, args.minors)
    _save(path, after)
    show("".join(f"{change}\n" for change in changes) or "nothing newer is out\n")
    if changes:
        show("now: litellm-contracts matrix write tox.ini docs/matrix.md, and run what is new\n")
    return EXIT_CONFORMANT


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
