"""Processes beside this one, which end when it ends, in whatever way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def process_pool(size: int, method: Literal["fork", "spawn"]) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of `size` processes, which are killed where the block is left.

    By itself the pool would wait for what they have begun, threads that handlers left included.
    """
    mine = set(multiprocessing.active_children())
    context = multiprocessing.get_context(method)
    pool = ProcessPoolExecutor(size, mp_context=context, initializer=_belong_to_the_parent)
    try:
        yield pool
    finally:
        for child in set(multiprocessing.active_children()) - mine:
            child.kill()
        pool.shutdown(cancel_futures=True)


def _belong_to_the_parent() -> None:
    """Ignore Ctrl-C, which reaches the whole group: the parent ends its children.

    One that is killed cannot, and its children would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
