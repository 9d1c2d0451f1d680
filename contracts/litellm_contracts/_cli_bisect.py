"""The command `bisect`: the first release of the SDK in which a row of the matrix changes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from litellm_contracts._cli_output import show
from litellm_contracts._errors import EXIT_BROKEN, EXIT_CONFORMANT, UsageError, closest
from litellm_contracts._terminal import progress_bar

if TYPE_CHECKING:
    import argparse

    from litellm_contracts._bisect import Change
    from litellm_contracts._bisect_environments import Question

_SPREAD = 8


def add_bisect_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `bisect`."""
    bisect = commands.add_parser(
        "bisect",
        help="find the first SDK release in which a probe or a contract changes",
        description="Look at a probe, or judge a handler by a contract, with releases of the "
        "openai SDK, each in an environment of its own made by uv, until the releases in which it "
        "changes are found. Exit code 0 where there is one, 1 where nothing changes.",
    )
    row = bisect.add_mutually_exclusive_group(required=True)
    row.add_argument("--probe", metavar="ID", help="a fact about the SDK, such as redirect-307")
    row.add_argument("--contract", metavar="ID", help="a contract, such as presence/first-turn")
    bisect.add_argument(
        "handler", nargs="?", metavar="HANDLER", help="module:factory or file.py:factory"
    )
    bisect.add_argument("--from", required=True, dest="first", metavar="V", help="such as 3.0.0")
    bisect.add_argument("--to", required=True, dest="last", metavar="V", help="such as 3.57.0")
    bisect.add_argument(
        "--with",
        action="append",
        default=[],
        dest="requirements",
        metavar="REQ",
        help="install this as well: what the handler needs, or the handler's own package",
    )
    bisect.add_argument(
        "--spread",
        type=int,
        default=_SPREAD,
        metavar="N",
        help="where both ends are alike, look at so many releases in between (%(default)s)",
    )
    bisect.add_argument(
        "--memory",
        type=Path,
        default=Path(".litellm-contracts", "bisect"),
        metavar="DIR",
        help="where it remembers what it saw, to go on there (%(default)s)",
    )
    bisect.add_argument("--fresh", action="store_true", help="look again at everything")
    bisect.set_defaults(run=_bisect)


def _bisect(args: argparse.Namespace) -> int:
    from litellm_contracts._bisect import Bisection, between
    from litellm_contracts._bisect_environments import find_uv, look
    from litellm_contracts._bisect_memory import Memory
    from litellm_contracts._matrix_update import released

    question = _question(args)
    first, last = _version("--from", args.first), _version("--to", args.last)
    uv = find_uv()
    releases = between(released("python"), first, last)
    memory = Memory(args.memory, question)
    if not args.fresh:
        memory.load()
    most = 2 + math.ceil(math.log2(len(releases)))
    show(f"{len(releases)} releases from {first} to {last}, about {most} to look at\n")
    done = 0

    def step(release: Version) -> str | None:
        nonlocal done
        value = memory.get(release)
        known = " (seen before)" if value is not None else ""
        if value is None:
            with progress_bar(max(most, done + 1), f"openai {release}", "releases") as progress:
                if progress is not None:
                    progress(done)
                value = look(question, release, uv, lambda text: show(f"{text}\n"))
        done += 1
        if value is not None:
            memory.put(release, value)
            show(f"{release!s:<10} {value}{known}\n")
        return value

    changes = Bisection(releases, step, args.spread).run()
    for change in changes:
        show(_told(change))
    if not changes:
        show(
            f"nothing changes between {first} and {last} as far as was looked; a change that was "
            "taken back is found with ends closer to it, or a higher --spread\n"
        )
    return EXIT_CONFORMANT if changes else EXIT_BROKEN


def _told(change: Change) -> str:
    return f"changed in {change.at}: {change.new} (until {change.before}: {change.old})\n"


def _question(args: argparse.Namespace) -> Question:
    from litellm_contracts._bisect_environments import Question
    from litellm_contracts._probes import read_history
    from litellm_contracts._tables import find_contract

    if args.spread < 0:
        raise UsageError(f"--spread must be 0 or more, not {args.spread}")
    if args.probe is None:
        return Question(
            kind="contract",
            id=find_contract(args.contract).id,
            handler=args.handler,
            requirements=tuple(args.requirements),
        )
    known = [entry["id"] for entry in read_history()]
    if args.probe not in known:
        raise UsageError(f"no probe is called {args.probe!r}{closest(args.probe, known)}")
    if args.handler:
        raise UsageError("a probe needs no handler; HANDLER belongs to --contract")
    return Question(kind="probe", id=args.probe, requirements=tuple(args.requirements))


def _version(option: str, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise UsageError(f"{option} {text!r} is no version; expected one such as 3.0.0") from None
