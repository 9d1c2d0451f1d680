"""Processes beside this one: they end with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, time
from litellm_contracts._processes import process_pool

if __name__ == "__main__":
    with process_pool(2, sys.argv[1]) as pool:
        for _ in range(2):
            pool.submit(time.sleep, 0.2).result()
        pool.submit(print, "ready", flush=True).result()
        time.sleep(60)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_who_is_killed_leaves_no_process_behind(method: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, method], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
        # Its children write to the same pipe, which ends with the last of them.
        assert parent.communicate(timeout=30) == ("", None)
