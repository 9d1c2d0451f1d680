"""Measures the matrix, Python and Node: from nothing, and again with nothing changed.

Beside it stands the floor: the same environments made, and the SDK imported in them, nothing else.
Run with warm package caches; `results` of earlier runs are set aside.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from litellm_contracts._matrix import load_matrix

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "node-javascript"
IMPORT = "testenv.commands=python -c 'import openai'"


def tox(*words: str) -> float:
    """Run tox in parallel, and return how many seconds it took."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "tox", "run-parallel", *words]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    if ended.returncode:
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout[-3000:]}")
    return time.perf_counter() - started


def node_floor(folder: Path) -> list[str]:
    """Return tox's words for installing each npm release in a folder and importing it."""
    words = []
    for release in load_matrix().of("node"):
        place = folder / release.name
        shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("node_modules"))
        install = f"npm install --no-audit --no-fund --prefix {place} {release.requirement}"
        load = (
            f"node --input-type=module -e \"await import('{place}/node_modules/openai/index.mjs')\""
        )
        words += ["-x", f"testenv:{release.name}.commands={install}\n{load}"]
        words += ["-x", f"testenv:{release.name}.allowlist_externals=npm\nnode"]
    return words


def main() -> None:
    """Measure and print; the labels may be given as words: `python bench/matrix.py node`."""
    results, aside = ROOT / "results", ROOT / "results.aside"
    if results.exists():
        results.rename(aside)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            whole, floor = Path(scratch, "whole"), Path(scratch, "floor")
            for labels in [sys.argv[1:]] if sys.argv[1:] else [["matrix", "ends"], ["node"]]:
                chosen = ["-m", *labels, "--workdir"]
                replaced = ["-x", IMPORT]
                if labels == ["node"]:
                    replaced = node_floor(Path(scratch, "npm"))
                made = tox(*chosen, str(floor), *replaced)
                first, again = tox(*chosen, str(whole)), tox(*chosen, str(whole))
                print(
                    f"{' and '.join(labels)}: floor {made:.0f} s; from nothing {first:.0f} s, "
                    f"{first / made:.1f} times; again {again:.0f} s, {again / made:.1f} times"
                )
    finally:
        shutil.rmtree(results, ignore_errors=True)
        if aside.exists():
            aside.rename(results)


if __name__ == "__main__":
    main()
