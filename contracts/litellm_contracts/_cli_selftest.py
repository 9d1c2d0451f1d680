"""The command `litellm-contracts selftest`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    import argparse

    from litellm_contracts._selftest import Trial
    from litellm_contracts.specimens import Specimen


def add_selftest_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `selftest` to the command line."""
    selftest = commands.add_parser(
        "selftest",
        help="prove the suite on handlers whose verdict is known",
        description="Run every known-bad handler and every right but unusual one, and print "
        "which contracts notice which fault. Exit code 0 only where each known-bad handler is "
        "killed by exactly the contracts it names, each right one is green, and, without -k, every "
        "contract is tripped by some known-bad handler.",
    )
    selftest.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes"
    )
    selftest.add_argument(
        "-k", dest="expression", metavar="EXPR", help="run only handlers whose names match"
    )
    selftest.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from litellm_contracts._selftest import run_selftest
    from litellm_contracts._tables import all_contracts
    from litellm_contracts.reports._matrix import trial_line, write_matrix

    if args.jobs < 1:
        raise UsageError(f"--jobs must be 1 or more, not {args.jobs}")

    def tell(trial: Trial) -> None:
        sys.stdout.write(f"{trial_line(trial)}\n")
        sys.stdout.flush()

    matrix = run_selftest(
        _selected(args.expression), all_contracts(), jobs=args.jobs, progress=tell
    )
    matrix = replace(matrix, is_whole=args.expression is None)
    sys.stdout.write(f"\n{write_matrix(matrix)}")
    return matrix.exit_code


def _selected(expression: str | None) -> list[Specimen]:
    from litellm_contracts._select import select
    from litellm_contracts.specimens import all_specimens

    specimens = all_specimens()
    names = specimens.keys() if expression is None else select(expression, specimens, "handler")
    return [specimen for specimen in specimens.values() if specimen.name in names]
