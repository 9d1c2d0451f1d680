"""Processes beside this one: they end with it."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from typing import Literal

import pytest

from litellm_contracts._processes import interrupts_later, process_pool

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


def _leave_a_thread() -> None:
    threading.Thread(target=time.sleep, args=(60,)).start()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_ends_with_the_block_whatever_a_handler_left_in_it(
    method: Literal["fork", "spawn"],
) -> None:
    mine = set(multiprocessing.active_children())
    with process_pool(1, method) as pool:
        pool.submit(_leave_a_thread).result()
        [child] = set(multiprocessing.active_children()) - mine
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no signals back")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_kept_back(sent: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(sent, lambda number, _: heard.append(number))
    try:
        with interrupts_later():
            signal.raise_signal(sent)
            assert heard == []
        assert heard == [sent]
    finally:
        signal.signal(sent, before)
