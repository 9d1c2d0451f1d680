"""`python -m parity.check`: holds the fake against the recorded truth; needs no LiteLLM.

Prints every difference that `known_differences.toml` does not list and every entry that is no
longer true. `--shrink` takes out of the list what has been mended; it never adds.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from parity import SETUPS, _known, _truth
from parity._compare import Difference, compare
from parity._corpus import load
from parity._fake import replay

if TYPE_CHECKING:
    from collections.abc import Iterable


def main(arguments: list[str] | None = None) -> int:
    """Compare; exit code 1 where the list is not exact."""
    parser = argparse.ArgumentParser(prog="python -m parity.check", description=__doc__)
    parser.add_argument("--shrink", action="store_true", help="take out what has been mended")
    parser.add_argument("--all", action="store_true", help="print the listed differences too")
    options = parser.parse_args(arguments)
    found = differences()
    verdict = _known.judge(found, _known.load())
    if options.shrink:
        text = _known.PATH.read_text("utf-8")
        _known.PATH.write_text(_known.shrink(text, verdict), encoding="utf-8")
        verdict = _known.judge(found, _known.load())
    if options.all:
        sys.stdout.writelines(f"{difference}\n" for difference in found)
    sys.stdout.write(f"{verdict}\n" if not verdict.holds else "")
    exchanges = len(_truth.load_all())
    differing = len({difference.case for difference in found})
    sys.stdout.write(f"{exchanges} exchanges, {exchanges - differing} equal in everything\n")
    return 0 if verdict.holds else 1


def differences(setups: Iterable[str] = tuple(SETUPS)) -> list[Difference]:
    """Replay the corpus to the fake and return where it differs from the recorded truth.

    Raises:
        ValueError: corpus and truth do not hold the same exchanges.
    """
    cases = load()
    found = []
    for setup in setups:
        truth = _truth.load(setup)
        chosen = [case for case in cases if case.setup == setup]
        if truth.keys() != {case.id for case in chosen}:
            odd = truth.keys() ^ {case.id for case in chosen}
            raise ValueError(f"{setup}: not both in corpus and truth: {sorted(odd)}; record again")
        fake = replay(setup, chosen)
        found += [item for name in truth for item in compare(name, truth[name], fake[name])]
    return found


if __name__ == "__main__":
    sys.exit(main())
