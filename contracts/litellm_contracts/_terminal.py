"""What a terminal gets and a file does not: colour, and a bar that says how far the run is."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal, and nothing asks for plain text.

    Plain text is asked for by `NO_COLOR` (https://no-color.org) or `CI` in the environment, and by
    a terminal that is dumb or takes no UTF-8.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty() and "utf" in stream.encoding.lower()


@contextmanager
def progress_bar(
    total: int, doing: str = "judging", unit: str = "contracts"
) -> Iterator[Callable[[int], None] | None]:
    """Yield a function that is told how many of `total` are done; none for a file."""
    if not wants_colour(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    # Without a thread that refreshes it: a process with threads is not forked.
    with Progress(
        doing,
        BarColumn(),
        MofNCompleteColumn(),
        unit,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task("", total=total)
        bar.refresh()
        yield lambda judged: bar.update(task, completed=judged, refresh=True)
