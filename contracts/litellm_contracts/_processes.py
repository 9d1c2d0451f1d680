"""Processes beside this one, which end when it ends, in whatever way."""

from __future__ import annotations

import ctypes
import functools
import gc
import multiprocessing
import os
import signal
import ssl
import sys
import threading
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")
_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}
_PAUSE = 0.2
_GOODBYE = 5.0
"""Seconds in which a process that is to end cleans up; one that is killed leaves a complaint."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


class ProcessEndedError(Exception):
    """A process ended before it returned anything.

    Attributes:
        exit_code: Its exit code; of one that a signal ended, the signal's number below 0.
    """

    def __init__(self, exit_code: int) -> None:
        how = f"exit code {exit_code}"
        if exit_code < 0:
            how = f"signal {-exit_code}"
            with suppress(ValueError):
                how = signal.Signals(-exit_code).name
        super().__init__(how)
        self.exit_code = exit_code


def run_apart(
    method: Literal["fork", "spawn"],
    function: Callable[..., T],
    *arguments: Any,  # noqa: ANN401
    meanwhile: Callable[[], None],
) -> T:
    """Call a function in a process of its own, and return what it returns.

    Args:
        method: Where it is spawned, function and arguments are pickled.
        function: Called there.
        arguments: It is called with these.
        meanwhile: Called here again and again.

    Raises:
        ProcessEndedError: where the process ended before.
    """
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(  # type: ignore[attr-defined]
        target=_answer, args=(theirs, method, function, arguments)
    )
    with interrupts_later():
        process.start()
    theirs.close()
    try:
        while not ours.poll(_PAUSE):
            meanwhile()
        value, error, told = ours.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        raise ProcessEndedError(process.exitcode or 0) from None
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join(_GOODBYE)
        process.kill()
        process.join()
        ours.close()
    if error is not None:
        error.add_note(told)
        raise error
    return value  # type: ignore[no-any-return]


def _answer(
    connection: Connection, method: str, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    if method == "fork" and sys.platform == "linux":
        # A thread that watches its parent would forbid to fork once more.
        _ignore_interrupts()
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    else:
        _belong_to_the_parent()
    signal.signal(signal.SIGTERM, _leave)  # so that it ends its own processes
    tune_process()
    value: Any = None
    raised: Exception | None = None
    told = ""
    try:
        value = function(*arguments)
    except Exception as error:  # noqa: BLE001 - told by the parent
        raised, told = error, traceback.format_exc()
    except KeyboardInterrupt:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection.send((value, raised, told))
    connection.close()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # what a handler printed; it may have closed them
            stream.flush()
    os._exit(0)  # threads that handlers left keep nothing alive


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


@functools.cache
def tune_process() -> None:
    """Change once what takes time in a process that judges; its forks are as it is."""
    # Looking for garbage all the time is a tenth of a run, and there is next to none to find.
    gc.set_threshold(100_000)
    # A stream that its handler never closed complains whenever it is collected, which is neither a
    # finding nor anything for the user's eyes.
    sys.unraisablehook = lambda _: None
    _read_certificates_once()


def _read_certificates_once() -> None:
    """Let clients share a TLS context: next to none speaks TLS, yet each reads all certificates.

    That was about a fifth of a run. Where the environment names other certificates meanwhile, a
    context is made of those.
    """
    create = ssl.create_default_context

    @functools.cache
    def shared(_: object, *args: Any, **kwargs: Any) -> ssl.SSLContext:  # noqa: ANN401
        return create(*args, **kwargs)

    def create_default_context(*args: Any, **kwargs: Any) -> ssl.SSLContext:  # noqa: ANN401
        if kwargs.get("cadata"):
            return create(*args, **kwargs)
        named = tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
        return shared(named, *args, **kwargs)

    ssl.create_default_context = create_default_context


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Keep Ctrl-C and SIGTERM back, from this process and from those that are begun meanwhile.

    One that is interrupted while it begins would tell its traceback; an interrupted future keeps a
    lock on which the end of its pool waits for ever.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
    _ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        # Kept back since this process was begun; its own children need not be.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
