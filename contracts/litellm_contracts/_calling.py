"""How a Python handler is called.

It may be synchronous or asynchronous, may refuse at the call or at the first iteration, and lives
inside one event loop.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import itertools
import threading
import time
import traceback
import weakref
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from litellm_contracts._door import CALL_LIMIT, CANCELLED, NEVER_READ, PATIENCE
from litellm_contracts._model import METHODS, OMITTED
from litellm_contracts._observation import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from litellm_contracts._door import Meanwhile
    from litellm_contracts._model import Call
    from litellm_contracts._threads import Worker

CLOSE_LIMIT = 5.0
"""Seconds a handler is given to close."""
_IN_THE_LOOP: weakref.WeakSet[type] = weakref.WeakSet()
"""Handlers that need the running loop, though their methods do not say so: the first call told."""
_NAMES = ("system_prompt", "messages", "metadata")
"""What the arguments of `create_message` are named."""


def words_of(error: BaseException) -> str:
    """Return an error's type and message; of a group, those of its members too."""
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    try:
        message = str(error)
    except Exception as other:  # noqa: BLE001 - its message is code of the handler's, too
        message = f"(its message raises {type(other).__name__})"
    return "; ".join([f"{type(error).__name__}: {message}", *map(words_of, members)])


def _altered(call: Call, arguments: Sequence[Any]) -> str:
    """Name the argument that is not what the call was made with; never one that is no JSON."""
    if call.no_json:
        return ""
    given = dict(zip(("", "messages", "metadata"), arguments, strict=False))
    wanted = {"messages": list(call.messages), "metadata": call.metadata}
    return next((name for name in wanted if name in given and given[name] != wanted[name]), "")


def _takes_by_name(method: Callable[..., Any]) -> Sequence[str]:
    """Return what a method may be given by name: all, where it names all; else the metadata.

    What wraps another method has to take these names, too; what takes any takes the metadata.
    """
    with suppress(TypeError, ValueError):  # what has no signature
        inner, inner_takes_any = _names(inspect.signature(method))
        outer, outer_takes_any = _names(inspect.signature(method, follow_wrapped=False))
        if inner.issuperset(_NAMES) and (outer_takes_any or outer.issuperset(_NAMES)):
            return _NAMES
        if (inner_takes_any or "metadata" in inner) and (outer_takes_any or "metadata" in outer):
            return _NAMES[-1:]
    return ()


def _manner(by_name: Collection[str], arguments: Sequence[Any]) -> str:
    """Say in which unusual way a call was given its arguments, if it was."""
    told = []
    if by_name:
        told.append("metadata by name" if len(by_name) == 1 else "all arguments by name")
    if isinstance(arguments[-1], OrderedDict):
        told.append("an OrderedDict as metadata")
    return ", ".join(told)


def _names(signature: inspect.Signature) -> tuple[set[str], bool]:
    """Return what may be given by position or by name, and whether any name is taken."""
    known = signature.parameters.values()
    either = {one.name for one in known if one.kind is one.POSITIONAL_OR_KEYWORD}
    return either, any(one.kind is one.VAR_KEYWORD for one in known)


class PythonHandler:
    """One handler, called the same way whether it is synchronous or asynchronous.

    Calls that follow one another run in the same task, or for a synchronous handler in the same
    thread, and are given the same metadata object, as a caller would do it: what a handler leaves
    behind in a context variable, in its thread or in the metadata is there for the next call.

    Args:
        handler: What the factory made.
        worker: Runs what may block.
    """

    def __init__(self, handler: Any, worker: Worker) -> None:  # noqa: ANN401
        self._handler = handler
        self._worker = worker
        self._given: list[tuple[Any, Any]] = []
        self._messages: list[Any] = []
        self._calls = itertools.count()

    async def call(self, call: Call, meanwhile: Meanwhile | None = None) -> Outcome:
        """Make one call and keep what came back, chunks before an error included."""
        outcome = Outcome(call=call)
        started = time.perf_counter()
        limit = PATIENCE if call.is_never_answered else CALL_LIMIT
        try:
            with self._worker.lend():
                async with asyncio.timeout(limit) as scope:
                    await self._try(call, outcome, meanwhile, scope)
                outcome.swallowed = scope.expired() and outcome.error is None
        except TimeoutError:
            if call.cancel_at_once or (call.cancel_after and outcome.chunks):
                outcome.error = CANCELLED
            else:
                outcome.time_is_over(limit)
        outcome.seconds = time.perf_counter() - started
        return outcome

    async def close(self) -> None:
        """Close the handler if it can be closed; its errors are not judged."""
        close = getattr(self._handler, "aclose", None) or getattr(self._handler, "close", None)
        if not callable(close):
            return
        # A clumsy goodbye breaks no contract, and a long one neither.
        with suppress(Exception, SystemExit, KeyboardInterrupt):
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._invoke(close)

    async def _try(
        self, call: Call, outcome: Outcome, meanwhile: Meanwhile | None, scope: asyncio.Timeout
    ) -> None:
        try:
            await self._call(call, outcome, meanwhile, scope)
        except asyncio.CancelledError as error:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # not the handler's: the limit has passed
            outcome.error = words_of(error)
        except BaseException as error:  # noqa: BLE001 - what it raises is its answer
            outcome.error = words_of(error)
            outcome.told = "".join(traceback.format_exception(error, limit=0))

    async def _call(
        self, call: Call, outcome: Outcome, meanwhile: Meanwhile | None, scope: asyncio.Timeout
    ) -> None:
        if call.method == "complete_prompt":
            await asyncio.sleep(0)  # as below, so that calls at the same time keep their order
            outcome.text = await self._invoke(self._handler.complete_prompt, call.prompt)
            return
        messages = self._list_for(call)
        arguments: list[Any] = [
            call.system_prompt,
            tuple(messages) if call.no_json == "messages" else messages,
        ]
        if call.no_json == "metadata":
            arguments.append({**call.metadata, "signal": threading.Event()})
        elif call.metadata is not OMITTED:
            arguments.append(self._object_for(call))
        try:
            await self._stream(call, outcome, meanwhile, scope, arguments)
        finally:
            outcome.altered = outcome.altered or _altered(call, arguments)

    async def _stream(
        self,
        call: Call,
        outcome: Outcome,
        meanwhile: Meanwhile | None,
        scope: asyncio.Timeout,
        arguments: list[Any],
    ) -> None:
        chunks = await self._begin(outcome, scope, arguments)
        if call.never_read:
            outcome.error = NEVER_READ
            return
        if hasattr(chunks, "__aiter__"):
            async for chunk in chunks:
                outcome.chunks.append(chunk)
                number = len(outcome.chunks)
                if number == 1:
                    outcome.altered = _altered(call, arguments)
                    if meanwhile is not None:
                        await meanwhile()
                if number == call.cancel_after:
                    scope.reschedule(0)  # whatever it awaits next is cancelled
                if number == call.abandon_after:
                    break
            return
        try:
            await self._iterate(call, outcome, meanwhile, arguments, iter(chunks))
        except asyncio.CancelledError:
            if getattr(chunks, "gi_running", False):
                # Its thread cannot be cancelled; once it is done, nobody reads on.
                with self._worker.lend() as worker:
                    worker.run_later(chunks.close)
            raise

    async def _iterate(
        self,
        call: Call,
        outcome: Outcome,
        meanwhile: Meanwhile | None,
        arguments: list[Any],
        chunks: Iterator[Any],
    ) -> None:
        await self._blocking(outcome.chunks.extend, itertools.islice(chunks, 1))
        outcome.altered = _altered(call, arguments)
        if meanwhile is not None:
            await meanwhile()
        stop = call.abandon_after or call.cancel_after or None  # a thread cannot be cancelled
        stop = stop and stop - len(outcome.chunks)
        await self._blocking(outcome.chunks.extend, itertools.islice(chunks, stop))
        if stop is not None and hasattr(
            chunks, "close"
        ):  # as the end of a `for` does, in the same thread
            await self._blocking(chunks.close)

    async def _begin(
        self, outcome: Outcome, scope: asyncio.Timeout, arguments: Sequence[Any]
    ) -> Any:  # noqa: ANN401 - whatever it is that yields chunks
        call = outcome.call
        if call.cancel_at_once:
            scope.reschedule(0)  # whatever it awaits first is cancelled
            return await self._create(outcome, arguments)
        chunks = await self._create(outcome, arguments)
        if call.let_go:
            self._handler = None
        await asyncio.sleep(0)  # a caller may begin to read after it has made other calls
        return chunks

    async def _create(self, outcome: Outcome, arguments: Sequence[Any]) -> Any:  # noqa: ANN401
        """Call `create_message`, every second time with arguments by name where it has these.

        In turn these are the metadata alone, and all of them.
        """
        create = self._handler.create_message
        turn = next(self._calls) % 4
        names = _takes_by_name(create) if turn % 2 else ()
        if turn == 1:
            names = names[-1:]
        by_name = {
            name: value for name, value in zip(_NAMES, arguments, strict=False) if name in names
        }
        outcome.given = _manner(by_name, arguments)
        given = arguments[: len(arguments) - len(by_name)]
        return await self._invoke(functools.partial(create, **by_name), *given)

    def _list_for(self, call: Call) -> list[Any]:
        """Return the list of messages: where it is changed in place, that of the call before."""
        messages = copy.deepcopy(list(call.messages))
        if call.in_place:
            self._messages[:] = messages
        else:
            self._messages = messages
        return self._messages

    def _object_for(self, call: Call) -> Any:  # noqa: ANN401
        """Return the metadata object: the one that earlier calls with equal metadata were given.

        Every second one is an `OrderedDict`, which is as good a dict as any.

        Where it is changed in place, it is the one of the call before, whatever that held.
        """
        if call.in_place and self._given:
            _, given = self._given.pop()
            given.clear()
            given.update(copy.deepcopy(call.metadata))
            self._given.append((call.metadata, given))
            return given
        for index, (original, given) in enumerate(self._given):
            if original == call.metadata:
                self._given.append(self._given.pop(index))  # the last one is the latest
                return given
        given = copy.deepcopy(call.metadata)
        if isinstance(given, dict) and len(self._given) % 2:
            given = OrderedDict(given)
        self._given.append((call.metadata, given))
        return given

    async def _invoke(self, method: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        """Call in the loop what is asynchronous, and in a thread what may block it."""
        if self._is_async() or type(self._handler) in _IN_THE_LOOP:
            value = method(*arguments)
        else:
            try:
                value = await self._blocking(method, *arguments)
            except RuntimeError as error:
                if "event loop" not in str(error):
                    raise
                _IN_THE_LOOP.add(type(self._handler))
                value = method(*arguments)  # asynchronous, though its methods do not say so
        is_read = hasattr(value, "__aiter__")  # may be awaited as well, as some streams may
        return await value if inspect.isawaitable(value) and not is_read else value

    async def _blocking(self, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        with self._worker.lend() as worker:
            return await worker.run(function, *arguments)

    def _is_async(self) -> bool:
        methods = [getattr(self._handler, name, None) for name in METHODS]
        return any(
            inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
            for method in methods
        )
