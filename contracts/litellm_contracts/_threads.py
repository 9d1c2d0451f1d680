"""Blocking calls beside an event loop, in daemon threads: one that hangs keeps nothing alive."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Worker:
    """Runs blocking calls: those that follow one another in one thread, others beside it."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[Callable[[], None]], None]] = queue.SimpleQueue()
        self._busy = False
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run a call and wait for it."""
        if self._busy:
            return await in_thread(function, *arguments)
        self._busy = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        job, done = _job(function, *arguments)
        self._jobs.put(job)
        return await done

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            job(self._rest)

    def _rest(self) -> None:
        self._busy = False


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
