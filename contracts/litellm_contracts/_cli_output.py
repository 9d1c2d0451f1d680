"""Where the output of a command goes: the terminal, and a file per report that was asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._errors import UsageError
from litellm_contracts._terminal import wants_colour

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from litellm_contracts._model import Report

_FORMATS = {
    "json": "as JSON",
    "junitxml": "as JUnit XML",
    "html": "as one HTML page that needs nothing else",
    "markdown": "as Markdown, below GitHub's limit of 1 MiB",
}
"""Option, and what it writes; `reports._<module>.write_<module>` is the writer."""
_MODULES = {"junitxml": "junit"}


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an option for each kind of report."""
    for name, what in _FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="F", help=f"write the report {what}")
    parser.add_argument(
        "--github",
        action="store_true",
        help="print annotations for GitHub Actions; append the Markdown to $GITHUB_STEP_SUMMARY",
    )


def prepare_reports(args: argparse.Namespace) -> None:
    """Find out before the run that a report cannot be written; take an earlier run's away."""
    paths = [path for path in (getattr(args, name) for name in _FORMATS) if path is not None]
    for path in paths:
        prepare(path)
        if [other.resolve() for other in paths].count(path.resolve()) > 1:
            raise UsageError(f"two reports would be written to {path}; give each a file of its own")
    for path in paths:  # a run that ends without a verdict must not leave another one's behind
        if path.is_file() and not path.is_symlink():
            path.unlink()
    if args.github:
        prepare(_step_summary())


def reports_exist(args: argparse.Namespace) -> bool:
    """Whether an earlier run left every report that is asked for; annotations it cannot leave."""
    paths = [path for path in (getattr(args, name) for name in _FORMATS) if path is not None]
    return not args.github and all(path.is_file() for path in paths)


def write_reports(report: Report, args: argparse.Namespace) -> None:
    """Show the report, then write every file that was asked for."""
    if args.github:
        from litellm_contracts.reports._github import fenced, write_github
        from litellm_contracts.reports._text import write_text

        show(fenced(write_text(report)) + write_github(report))
        _append_to_step_summary(report)
    else:
        _show_report(report)
    for name in _FORMATS:
        path = getattr(args, name)
        if path is not None:
            write_file(path, _writer(_MODULES.get(name, name))(report))


def prepare(path: Path | None) -> None:
    """Make the folder of a report; find out before the run that it cannot be written."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror} ({path.parent})") from None
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder, expected the name of a file")


def show(text: str) -> None:
    """Write to stdout, also where the terminal cannot show every character that was sent."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _show_report(report: Report) -> None:
    if wants_colour(sys.stdout):
        from rich.console import Console

        from litellm_contracts.reports._console import print_console

        print_console(report, Console())
    else:
        from litellm_contracts.reports._text import write_text

        show(write_text(report))


def _writer(name: str) -> Callable[[Report], str]:
    module = import_module(f"litellm_contracts.reports._{name}")
    return getattr(module, f"write_{name}")  # type: ignore[no-any-return]


def _step_summary() -> Path | None:
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(name) if name else None


def _append_to_step_summary(report: Report) -> None:
    from litellm_contracts.reports._markdown import LIMIT, write_markdown

    path = _step_summary()
    if path is not None:
        # The limit is the step's, and other commands of the step may have written before.
        taken = path.stat().st_size if path.exists() else 0
        write_file(path, write_markdown(report, LIMIT - taken), mode="a")


def write_file(path: Path, text: str, mode: str = "w") -> None:
    """Write a report, also where it holds halves of surrogate pairs."""
    try:
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
