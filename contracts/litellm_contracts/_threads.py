"""Blocking calls beside an event loop, in daemon threads: one that hangs keeps nothing alive."""

from __future__ import annotations

import asyncio
import queue
import threading
import weakref
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
Jobs: TypeAlias = "queue.SimpleQueue[Callable[[], None] | None]"
_LENT: ContextVar[Worker | None] = ContextVar("_LENT", default=None)
"""The worker of the call that is under way in this task."""


class Worker:
    """Runs blocking calls: those that follow one another in one thread, others beside it.

    The thread ends with the worker.
    """

    def __init__(self) -> None:
        self._jobs: Jobs = queue.SimpleQueue()
        self._busy = False
        self.is_lent = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def lend(self) -> Iterator[Worker]:
        """Yield the worker for all that one call runs; for a call beside it, one of its own.

        A call that is made within another one, in the same task, shares its worker.
        """
        within = _LENT.get()
        if within is not None:
            yield within
            return
        worker = Worker() if self.is_lent else self
        worker.is_lent = True
        token = _LENT.set(worker)
        try:
            yield worker
        finally:
            _LENT.reset(token)
            worker.is_lent = False

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run a call and wait for it."""
        if self._busy:
            return await in_thread(function, *arguments)
        self._busy = True
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._jobs,), daemon=True)
            self._thread.start()
            weakref.finalize(self, self._jobs.put, None)
        job, done = _job(function, *arguments)
        self._jobs.put(partial(job, self._rest))
        return await done

    def run_later(self, function: Callable[[], object]) -> None:
        """Run a call once the one that is under way has ended, and wait for neither."""

        def job() -> None:
            with suppress(Exception):  # nobody is there to be told
                function()

        self._jobs.put(job)

    def _rest(self) -> None:
        self._busy = False


def _work(jobs: Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # it holds the worker, which is to end while this waits for the next


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
    """Run a blocking call in a thread of its own and wait for it."""
    job, done = _job(function, *arguments)
    threading.Thread(target=job, args=(lambda: None,), daemon=True).start()
    return await done


def _job(
    function: Callable[..., T],
    *arguments: Any,  # noqa: ANN401
) -> tuple[Callable[[Callable[[], None]], None], asyncio.Future[T]]:
    """Return what a thread has to do, and the future that its result ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(setter: Callable[[Any], None], value: object) -> None:
        if isinstance(value, StopIteration):  # a future refuses it
            value = RuntimeError(f"StopIteration: {value}")
        if not done.done():
            setter(value)

    def run(after: Callable[[], None]) -> None:
        try:
            setter, value = done.set_result, function(*arguments)
        except BaseException as error:  # noqa: BLE001 - handed over to the loop
            setter, value = done.set_exception, error  # type: ignore[assignment]
        after()
        try:
            loop.call_soon_threadsafe(settle, setter, value)
        except RuntimeError:
            return  # the loop gave up on us and is closed

    return run, done
