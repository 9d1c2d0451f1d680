"""The command `litellm-contracts`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from litellm_contracts._cli_bisect import add_bisect_command
from litellm_contracts._cli_check import add_check_command, add_waive_command
from litellm_contracts._cli_config import add_config_command
from litellm_contracts._cli_doors import add_door_command, add_smoke_command
from litellm_contracts._cli_matrix import add_matrix_command
from litellm_contracts._cli_output import show
from litellm_contracts._cli_probe import add_probe_command
from litellm_contracts._cli_selftest import add_selftest_command
from litellm_contracts._errors import (
    EXIT_CODES,
    EXIT_CONFORMANT,
    EXIT_SUITE,
    ContractsError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AT_ONCE = 1.0  # seconds
EXIT_READER_LEFT = 141  # as a shell reports a program that SIGPIPE ended
EPILOG = "exit codes:\n" + "".join(f"  {code}  {text}\n" for code, text in EXIT_CODES.items())


def main(argv: Sequence[str] | None = None, *, apart: bool = False) -> int:
    """Run the command line and return the exit code; call handlers in other processes, if asked."""
    args = argparse.Namespace(**vars(_parser().parse_args(argv)), apart=apart)
    try:
        with _interrupted_once():
            return int(args.run(args))
    except ContractsError as error:
        _tell(f"litellm-contracts: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _tell("litellm-contracts: interrupted; nothing was decided")
        return EXIT_SUITE
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; say nothing more
        return EXIT_READER_LEFT
    except Exception:  # noqa: BLE001 - by itself Python would exit with 1, which means broken
        _tell(f"{traceback.format_exc()}litellm-contracts: the suite itself failed, see above")
        return EXIT_SUITE


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, so that nothing is left running.

    Another one at once, as `timeout` sends it, is the same one: it would break off what ends the
    other processes. A later one is heard, should a handler have swallowed the first.
    """
    last = float("-inf")

    def interrupt(*_: object) -> None:
        nonlocal last
        is_the_same = time.monotonic() < last + _AT_ONCE
        if not is_the_same:
            last = time.monotonic()
            raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="litellm-contracts",
        description="Judge on the wire whether an LLM client sends its session header through a "
        "LiteLLM proxy as it must.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_check_command(commands, EPILOG)
    add_waive_command(commands)
    add_config_command(commands)
    add_smoke_command(commands)
    add_door_command(commands)
    add_selftest_command(commands)
    add_matrix_command(commands)
    add_bisect_command(commands)
    listing = commands.add_parser("list", help="name every contract")
    listing.set_defaults(run=_list)
    explain = commands.add_parser("explain", help="say what a contract demands, why, and the fix")
    explain.add_argument("id", metavar="ID", help="such as presence/first-turn")
    explain.set_defaults(run=_explain)
    add_probe_command(commands)
    return parser


def _list(_args: argparse.Namespace) -> int:
    from litellm_contracts._tables import all_contracts

    for contract in all_contracts():
        show(f"{contract.id:<42} {contract.level.value:<6} {contract.requirement}\n")
    return EXIT_CONFORMANT


def _explain(args: argparse.Namespace) -> int:
    from litellm_contracts._explain import explain
    from litellm_contracts._tables import find_contract

    show(explain(find_contract(args.id)))
    return EXIT_CONFORMANT


def run() -> NoReturn:
    """Run the command line and end the process.

    A handler that hangs is left in a daemon thread; Python aborts where such a thread holds the
    lock of a stream while the interpreter shuts down, so that is not done then.
    """
    from litellm_contracts._processes import tune_process

    tune_process()
    code = main(apart=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader has left, or it is closed
            stream.flush()
    if threading.active_count() > 1:
        os._exit(code)
    sys.exit(code)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
