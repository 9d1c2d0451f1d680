"""The command `matrix merge`: the results of many environments become one page, table and badge."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._cli_output import prepare, show, write_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from litellm_contracts._matrix import Language

_FORMATS = {
    "html": "as one HTML page that needs nothing else",
    "markdown": "as Markdown",
    "json": "as JSON",
    "badge": "as JSON for an endpoint badge of shields.io; grey where something is missing",
}
_LISTS: dict[str, Language] = {"matrix": "python", "node": "node"}
"""What `--expect` takes for a whole list; tox calls them so, too."""


def add_merge_command(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `matrix merge`."""
    merge = actions.add_parser(
        "merge",
        help="make one matrix from the results of many environments",
        description="Merge what `check --json ENV.json` and `probe --json ENV.probes.json` wrote "
        "in each environment. What is missing, cut off or contradictory is named, never merged. "
        "Exit code 0 only where everything is there, conformant, and every SDK as known.",
    )
    merge.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="result files, or a folder of them"
    )
    merge.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="ENV",
        help="an environment that must be there; `matrix` is every release that `matrix` prints, "
        "`node` every one of `matrix --node`",
    )
    for name, what in _FORMATS.items():
        merge.add_argument(f"--{name}", type=Path, metavar="F", help=f"write the matrix {what}")
    merge.set_defaults(run=_merge)


def _merge(args: argparse.Namespace) -> int:
    from litellm_contracts._merge_read import merge
    from litellm_contracts.reports._merged_html import write_merged_html
    from litellm_contracts.reports._merged_json import write_badge, write_merged_json
    from litellm_contracts.reports._merged_markdown import write_merged_markdown
    from litellm_contracts.reports._merged_text import write_merged_text

    writers = {
        "html": write_merged_html,
        "markdown": write_merged_markdown,
        "json": write_merged_json,
        "badge": write_badge,
    }
    for name in _FORMATS:
        prepare(getattr(args, name))
    today = dt.datetime.now(dt.UTC).date().isoformat()
    merged = merge(args.files, expected=set(_expected(args.expect)), date=today)
    for name, write in writers.items():
        path = getattr(args, name)
        if path is not None:
            write_file(path, write(merged))
    show(write_merged_text(merged))
    return merged.exit_code


def _expected(names: list[str]) -> Iterator[str]:
    from litellm_contracts._matrix import load_matrix

    for name in names:
        if name in _LISTS:
            yield from (release.name for release in load_matrix().of(_LISTS[name]))
        else:
            yield name
