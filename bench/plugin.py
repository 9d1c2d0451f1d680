"""Measures what the installed plugins cost a pytest run that has nothing to do with them.

Prints medians: with the plugins that this distribution brings, without them, and the difference.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 21
SETTINGS = {**os.environ}
SETTINGS.pop("PYTHONDONTWRITEBYTECODE", None)  # else pytest compiles its plugins in every run
BROUGHT = ("litellm_contracts", "fake_litellm", "pytest_httpserver")


def seconds(folder: Path, *options: str) -> float:
    """Return how long one run takes, from process start to its end."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, env=SETTINGS, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - started


def main() -> None:
    """Measure with and without in turn, and print."""
    without = [f"-pno:{name}" for name in BROUGHT]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("test_unrelated.py").write_text("def test_it(): pass\n", "utf-8")
        seconds(folder)  # compiles what is not yet
        pairs = [(seconds(folder), seconds(folder, *without)) for _ in range(RUNS)]
    loaded, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    cost = statistics.median(one - other for one, other in pairs)
    print(
        f"an unrelated pytest run: {1000 * loaded:.0f} ms, without the plugins "
        f"{1000 * bare:.0f} ms; they cost {1000 * cost:.0f} ms (medians of {RUNS})"
    )


if __name__ == "__main__":
    main()
