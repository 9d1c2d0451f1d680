"""The command `probe`: what the installed openai SDK does, held against its history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from litellm_contracts._cli_output import prepare, show
from litellm_contracts._errors import EXIT_CONFORMANT, UsageError

if TYPE_CHECKING:
    import argparse


def add_probe_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `probe`."""
    probe = commands.add_parser(
        "probe", help="compare the installed openai SDK with its known history"
    )
    probe.add_argument("ids", nargs="*", metavar="ID", help="some probes, such as retries")
    probe.add_argument("--json", type=Path, metavar="F", help="write what was seen as JSON")
    probe.add_argument(
        "--reuse",
        action="store_true",
        help="with --json F: end at once where F is as known, and of the same suite, packages and "
        "Python",
    )
    probe.set_defaults(run=_probe)


def _probe(args: argparse.Namespace) -> int:
    digest = ""
    if args.reuse:
        if args.json is None:
            raise UsageError("--reuse needs --json F, the earlier result")
        from litellm_contracts._reuse import inputs_of_probes

        inputs = inputs_of_probes(args.ids)
        if inputs.unknown:
            sys.stderr.write(f"litellm-contracts: probed again: {inputs.unknown}\n")
        elif _still_holds(args.json, inputs.digest):
            return EXIT_CONFORMANT
        digest = inputs.digest
    from litellm_contracts._probes import run_probes, write_probes

    prepare(args.json)
    return write_probes(run_probes(args.ids), args.json, show, digest)


def _still_holds(path: Path, digest: str) -> bool:
    from litellm_contracts._reuse import earlier, made_on

    document = earlier(path, digest)
    if document is None or any(probe["departs"] for probe in document["probes"]):
        return False
    count = len(document["probes"])
    probes = f"{count} probe{'s' * (count != 1)}"
    show(f"as known: {probes}; nothing has changed since {made_on(path)} ({path})\n")
    return True
