"""The command `litellm-contracts`."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._errors import (
    EXIT_CONFORMANT,
    EXIT_SUITE,
    ContractsError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from litellm_contracts._model import Report

EXIT_CODES = """\
exit codes:
  0  conformant: every must is kept
  1  a must is broken, or the run is incomplete (such as with -k)
  2  the command line or the configuration is wrong
  3  the handler could not be loaded or started
  4  the suite's own fault
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ContractsError as error:
        _tell(f"litellm-contracts: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _tell("litellm-contracts: interrupted; nothing was decided")
        return EXIT_SUITE
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; say nothing more
        return EXIT_SUITE
    except Exception:  # noqa: BLE001 - by itself Python would exit with 1, which means broken
        _tell(f"{traceback.format_exc()}litellm-contracts: the suite itself failed, see above")
        return EXIT_SUITE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="litellm-contracts",
        description="Judge on the wire whether an LLM client sends its session header through a "
        "LiteLLM proxy as it must.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands)
    listing = commands.add_parser("list", help="name every contract")
    listing.set_defaults(run=_list)
    explain = commands.add_parser("explain", help="say what a contract demands, why, and the fix")
    explain.add_argument("id", metavar="ID", help="such as presence/first-turn")
    explain.set_defaults(run=_explain)
    probe = commands.add_parser(
        "probe", help="compare the installed openai SDK with its known history"
    )
    probe.add_argument("--json", type=Path, metavar="F", help="write what was seen as JSON")
    probe.set_defaults(run=_probe)
    return parser


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check",
        help="judge a handler",
        description="Judge a handler against every contract; without HANDLER the bundled one.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "handler",
        nargs="?",
        metavar="HANDLER",
        help="package.module:factory or path/to/file.py:factory",
    )
    check.add_argument("--profile", metavar="NAME", help="whose client it is (zoo)")
    check.add_argument("--header", metavar="NAME", help="the session header's name")
    check.add_argument(
        "--litellm", default="1.106.2", metavar="V", help="LiteLLM release to judge by"
    )
    check.add_argument("-k", dest="expression", metavar="EXPR", help="run only matching contracts")
    check.add_argument("--seed", type=int, metavar="N", help="seed of the generated examples")
    check.add_argument("--examples", type=int, metavar="N", help="examples per generated contract")
    check.add_argument(
        "--jobs",
        type=int,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="processes to run in (%(default)s here)",
    )
    check.add_argument("--json", type=Path, metavar="F", help="write the report as JSON")
    check.add_argument("--junitxml", type=Path, metavar="F", help="write the report as JUnit XML")
    check.set_defaults(run=_check)


def _check(args: argparse.Namespace) -> int:
    from litellm_contracts._config import read_config
    from litellm_contracts._doors import BUNDLED, PythonDoor, load_factory
    from litellm_contracts._generated import DEFAULT_EXAMPLES, DEFAULT_SEED
    from litellm_contracts._profile import choose_profile
    from litellm_contracts._run import Options
    from litellm_contracts._select import select
    from litellm_contracts._suite import all_contracts, run_suite
    from litellm_contracts.reports._text import write_text

    config = read_config(Path.cwd())
    contracts = all_contracts()
    selected = None
    if args.expression is not None:
        selected = select(args.expression, (contract.id for contract in contracts))
    if args.examples is not None and args.examples < 1:
        raise UsageError(f"--examples must be 1 or more, not {args.examples}")
    if args.jobs < 1:
        raise UsageError(f"--jobs must be 1 or more, not {args.jobs}")
    for path in (args.json, args.junitxml):
        _prepare(path)
    options = Options(
        profile=choose_profile(
            args.profile or config.profile,
            config.header if args.header is None else args.header,
        ),
        litellm=_release(args.litellm),
        seed=DEFAULT_SEED if args.seed is None else args.seed,
        examples=args.examples or DEFAULT_EXAMPLES,
    )
    spec = config.handler or BUNDLED if args.handler is None else args.handler
    door = PythonDoor(load_factory(spec), spec, config.capabilities)
    report = run_suite(door, contracts, options, selected=selected, jobs=args.jobs)
    _print(write_text(report))
    _write_reports(report, args)
    return report.exit_code


def _write_reports(report: Report, args: argparse.Namespace) -> None:
    from litellm_contracts.reports._json import write_json
    from litellm_contracts.reports._junit import write_junit

    writers: tuple[tuple[Path | None, Callable[[Report], str]], ...] = (
        (args.json, write_json),
        (args.junitxml, write_junit),
    )
    for path, writer in writers:
        if path is not None:
            try:
                path.write_text(writer(report), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _prepare(path: Path | None) -> None:
    """Make the folder of a report; find out before the run that it cannot be written."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror} ({path.parent})") from None
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder, expected the name of a file")


def _release(text: str) -> str:
    from fake_litellm import resolve_session

    try:
        resolve_session([], litellm=text)
    except ValueError as error:
        raise UsageError(f"--litellm: {error}") from None
    return text


def _list(_args: argparse.Namespace) -> int:
    from litellm_contracts._suite import all_contracts

    for contract in all_contracts():
        _print(f"{contract.id:<42} {contract.level.value:<6} {contract.requirement}\n")
    return EXIT_CONFORMANT


def _explain(args: argparse.Namespace) -> int:
    from litellm_contracts._explain import explain
    from litellm_contracts._suite import find_contract

    _print(explain(find_contract(args.id)))
    return EXIT_CONFORMANT


def _probe(args: argparse.Namespace) -> int:
    from litellm_contracts._probes import run_probes, write_probes

    _prepare(args.json)
    return write_probes(run_probes(), args.json, _print)


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"  # not every terminal can show what was sent
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
