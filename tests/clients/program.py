"""Running another program to its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class ProgramError(RuntimeError):
    """A program is missing, ended with an error, or did not end."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit: float | None = None,
) -> str:
    """Run a program and return what it printed.

    Raises:
        ProgramError: it is missing, it failed, or it took more than `limit` seconds.
    """
    line = shlex.join(command)
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise ProgramError(f"{command[0]} is not installed; expected it in {environment['PATH']}")
    with subprocess.Popen(
        [program, *command[1:]],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        late = False
        try:
            printed, complained = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            with contextlib.suppress(ProcessLookupError):  # whatever it left running
                os.killpg(process.pid, signal.SIGKILL)
        if late:
            printed, complained = process.communicate()
    how = f"was ended after {limit} s" if late else f"ended with {process.returncode}"
    if process.returncode != 0:
        raise ProgramError(f"`{line}` {how}; it said:\n{printed}\n{complained}")
    return printed
