"""The commands `check` and `waive`: what the flags and the configuration ask for, and the run."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._cli_doors import add_door_arguments
from litellm_contracts._cli_output import (
    add_report_arguments,
    prepare_reports,
    reports_exist,
    show,
    write_reports,
)
from litellm_contracts._errors import EXIT_CONFORMANT, EXIT_SUITE, UsageError
from litellm_contracts._model import Status, Verdict
from litellm_contracts._terminal import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litellm_contracts._config import Config
    from litellm_contracts._door import Door
    from litellm_contracts._model import Contract, Report
    from litellm_contracts._reuse import Inputs
    from litellm_contracts._run import Options


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run, ready to start."""

    door: Door
    contracts: Sequence[Contract]
    options: Options
    selected: set[str] | None
    jobs: int
    apart: bool

    def run(self) -> Report:
        """Judge the handler."""
        from litellm_contracts._suite import run_suite

        total = len(self.contracts if self.selected is None else self.selected)
        with self.door as door, progress_bar(total) as progress:
            return run_suite(
                door,
                self.contracts,
                self.options,
                selected=self.selected,
                jobs=self.jobs,
                apart=self.apart,
                progress=progress,
            )


def add_check_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], epilog: str
) -> None:
    """Register `check`."""
    check = commands.add_parser(
        "check",
        help="judge a handler",
        description="Judge a handler against every contract; without HANDLER the bundled one.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_run_arguments(check)
    check.add_argument("-k", dest="expression", metavar="EXPR", help="run only matching contracts")
    add_report_arguments(check)
    check.add_argument(
        "--reuse",
        action="store_true",
        help="with --json F: end at once where F is conformant, and of the same suite, handler, "
        "packages, Python and settings",
    )
    check.add_argument(
        "--depends",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="with --reuse: a file or folder of a handler that is not an installed package",
    )
    check.set_defaults(run=_check)


def add_waive_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `waive`."""
    waive = commands.add_parser(
        "waive",
        help="write waivers for what fails now",
        description="Judge a handler, and write a waiver for each contract it breaks into "
        "[tool.litellm-contracts] of the nearest pyproject.toml that has it, else of the one here.",
    )
    add_run_arguments(waive)
    waive.add_argument("--reason", required=True, metavar="TEXT", help="why it is broken for now")
    waive.add_argument("--issue", metavar="URL", help="where the mending is tracked")
    waive.add_argument("--until", type=_date, metavar="YYYY-MM-DD", help="when it must be mended")
    waive.set_defaults(run=_waive, expression=None)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of what `read_config` reads; a default would hide the other places."""
    add_door_arguments(parser)
    parser.add_argument("--profile", metavar="NAME", help="whose client it is (zoo)")
    parser.add_argument("--header", metavar="NAME", help="the session header's name")
    parser.add_argument("--litellm", metavar="V", help="LiteLLM release to judge by (1.106.2)")
    parser.add_argument("--requirements", metavar="SET", help="a frozen set, such as 2026-11")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the generated examples")
    parser.add_argument("--examples", type=int, metavar="N", help="examples per generated contract")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes to run in")


def configured(args: argparse.Namespace) -> Config:
    """Return the settings: what `args` gives, then the environment, then the project."""
    from litellm_contracts._config import KEYS, read_config

    given = vars(args)
    return read_config(Path.cwd(), {key: given[key] for key in KEYS if key in given})


def _check(args: argparse.Namespace) -> int:
    inputs = _inputs(args)
    if inputs is not None and _still_holds(args, inputs):
        return EXIT_CONFORMANT
    prepare_reports(args)
    report = _plan(args).run()
    write_reports(report if inputs is None else replace(report, inputs=inputs.digest), args)
    return report.exit_code


def _inputs(args: argparse.Namespace) -> Inputs | None:
    """Return what the run depends on, where an earlier result may be reused."""
    if not args.reuse:
        if args.depends:
            raise UsageError("--depends says when a result may be reused: it needs --reuse")
        return None
    if args.json is None:
        raise UsageError("--reuse needs --json F, the earlier result")
    if args.expression is not None:  # a part of a run decides nothing, and is never reused
        return None
    from litellm_contracts._reuse import inputs_of_check

    return inputs_of_check(configured(args), args.depends)


def _still_holds(args: argparse.Namespace, inputs: Inputs) -> bool:
    """Whether the earlier result and every other report are there and still hold; says so."""
    from litellm_contracts._reuse import earlier, made_on

    if inputs.unknown:
        sys.stderr.write(f"litellm-contracts: judged again: {inputs.unknown}\n")
    document = earlier(args.json, inputs.digest)
    if document is None or document["verdict"] != Verdict.CONFORMANT or not reports_exist(args):
        return False
    counts = ", ".join(f"{count} {status}" for status, count in document["counts"].items() if count)
    show(f"conformant: {counts}; nothing has changed since {made_on(args.json)} ({args.json})\n")
    return True


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date such as 2027-01-31: {error}"
        ) from None


def _waive(args: argparse.Namespace) -> int:
    from litellm_contracts._config_layers import settings_file
    from litellm_contracts._waive import new_entries, write_waivers
    from litellm_contracts._waivers import in_force

    path = settings_file(Path.cwd()) or Path("pyproject.toml")
    plan = _plan(args)
    given = {"reason": args.reason, "issue": args.issue, "until": args.until}
    new_entries([plan.contracts[0].id], **given)  # what is wrong with them is told before the run
    report = plan.run()
    failing = [one.id for one in report.results if one.status in {Status.FAIL, Status.WARN}]
    waived = in_force(plan.options.waivers, report.handler)
    stale = [one for one in failing if one in waived]  # what is broken and waived does not fail
    broken = [one for one in failing if one not in waived]
    if broken:
        write_waivers(new_entries(broken, **given), path)
    for one in broken:
        show(f"waived {one}\n")
    show(
        f"{len(broken)} waivers added to {path}\n" if broken else "nothing fails; nothing waived\n"
    )
    for one in stale:
        show(f"stale: {one} is kept; remove its waiver from {path}\n")
    for result in report.results:
        if result.status is Status.ERROR:
            show(f"not judged: {result.id}: {result.message}\n")
    return EXIT_SUITE if report.verdict is Verdict.ERROR else EXIT_CONFORMANT


def _plan(args: argparse.Namespace) -> Plan:
    from litellm_contracts._cli_doors import choose_recipe
    from litellm_contracts._options import contracts_of, options_of
    from litellm_contracts._select import select

    config = configured(args)
    contracts = contracts_of(config)
    selected = None
    if args.expression is not None:
        selected = select(args.expression, (contract.id for contract in contracts))
    options = options_of(config)
    return Plan(
        door=choose_recipe(config).open(),
        contracts=contracts,
        options=options,
        selected=selected,
        jobs=config.jobs,
        apart=args.apart,
    )
