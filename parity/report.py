"""`python -m parity.report`: prints the README's line on what the fake was validated against.

`--update FILE` writes it into a file, in place of the line that begins as it does.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from parity import RELEASE, _known, _truth

_LINE = re.compile(r"(?m)^Fake validated against LiteLLM .*$")


def line() -> str:
    """Return the line."""
    exchanges = len(_truth.load_all())
    known = len(_known.load())
    return (
        f"Fake validated against LiteLLM {RELEASE} on {_truth.recorded_on()}: "
        f"{exchanges} exchanges, {known} known differences."
    )


def lines_in(text: str) -> list[str]:
    """Return every such line of a document."""
    return _LINE.findall(text)


def main(arguments: list[str] | None = None) -> int:
    """Print the line, or write it."""
    parser = argparse.ArgumentParser(prog="python -m parity.report", description=__doc__)
    parser.add_argument("--update", metavar="FILE", type=Path, help="rewrite the line in FILE")
    options = parser.parse_args(arguments)
    if options.update is None:
        sys.stdout.write(f"{line()}\n")
        return 0
    text = options.update.read_text("utf-8")
    if not lines_in(text):
        sys.stderr.write(f"{options.update}: has no line that begins as: {line()}\n")
        return 1
    options.update.write_text(_LINE.sub(lambda _: line(), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
