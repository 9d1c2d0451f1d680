"""The Python door: how a handler is loaded, built and called.

A handler may be synchronous or asynchronous, may refuse at the call or at the first iteration,
and lives inside one event loop.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import importlib
import importlib.util
import inspect
import itertools
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from litellm_contracts._door import CALL_LIMIT, CANCELLED, NEVER_READ
from litellm_contracts._errors import HandlerError, closest
from litellm_contracts._model import METHODS, OMITTED
from litellm_contracts._observation import Outcome
from litellm_contracts._threads import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from litellm_contracts._door import Meanwhile
    from litellm_contracts._model import Call

BUNDLED = "litellm_handler:LiteLLMHandler"
CLOSE_LIMIT = 5.0
"""Seconds a handler is given to close."""


def load_factory(spec: str) -> Callable[..., Any]:
    """Import the factory that `package.module:factory` or `path/to/file.py:factory` names.

    Raises:
        HandlerError: where it cannot be imported, has no such attribute or cannot be called.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise HandlerError(
            f"cannot read the handler {spec!r}: expected package.module:factory or "
            "path/to/file.py:factory"
        )
    module = _import_file(place) if place.endswith(".py") else _import_module(place)
    try:
        factory = getattr(module, name)
    except AttributeError:
        hint = closest(name, (known for known in dir(module) if not known.startswith("_")))
        raise HandlerError(f"{place} has no attribute {name!r}{hint}") from None
    except ImportError as error:
        raise HandlerError(f"cannot import {spec}: {error}") from error
    if not callable(factory):
        raise HandlerError(
            f"{spec} is not callable (it is of type {type(factory).__name__}); expected a class or "
            "function called as factory(base_url=..., api_key=..., model=...)"
        )
    return factory  # type: ignore[no-any-return]


def _import_module(name: str) -> Any:  # noqa: ANN401
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise HandlerError(
            f"cannot import the handler's module {name!r}: {what}; is it installed in this "
            "environment, or should the path to a file be given (path/to/file.py:factory)?"
        ) from error


def _import_file(place: str) -> Any:  # noqa: ANN401
    path = Path(place)
    if not path.is_file():
        raise HandlerError(f"the handler's file {place!r} does not exist")
    name = f"litellm_contracts_handler_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise HandlerError(f"{place!r} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise HandlerError(f"cannot import the handler's file {place!r}: {what}") from error
    return module


@dataclass(frozen=True)
class PythonRecipe:
    """How a Python door is opened.

    Attributes:
        handler: `package.module:factory` or `path/to/file.py:factory`.
        capabilities: The methods the handler declares.
    """

    handler: str
    capabilities: frozenset[str] = frozenset(METHODS)

    def open(self) -> PythonDoor:
        """Import the handler.

        Raises:
            HandlerError: as `load_factory`.
        """
        return PythonDoor(load_factory(self.handler), self.handler, self.capabilities)

    def words(self) -> list[str]:
        """Return the words by which `litellm-contracts check` opens this door."""
        return [] if self.handler == BUNDLED else [self.handler]


_WITH_METADATA = 3
"""How many arguments there are where the metadata is passed."""


def _words(error: BaseException) -> str:
    """Return an error's type and message; of a group, those of its members too."""
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "; ".join([f"{type(error).__name__}: {error}", *map(_words, members)])


def _altered(call: Call, arguments: Sequence[Any]) -> str:
    """Name the argument that is not what the call was made with."""
    given = dict(zip(("", "messages", "metadata"), arguments, strict=False))
    wanted = {"messages": list(call.messages), "metadata": call.metadata}
    return next((name for name in wanted if name in given and given[name] != wanted[name]), "")


def _takes_metadata(method: Callable[..., Any]) -> bool:
    """Tell whether a method may be given the metadata by name: it has that one, or takes any."""
    with suppress(TypeError, ValueError):  # what has no signature
        known = inspect.signature(method).parameters.values()
        takes_any = any(one.kind is one.VAR_KEYWORD for one in known)
        return takes_any or any(
            one.name == "metadata" and one.kind is one.POSITIONAL_OR_KEYWORD for one in known
        )
    return False


class PythonDoor:
    """Builds handlers with a factory in this process.

    Args:
        factory: Called as `factory(base_url=..., api_key=..., model=...)`; may be async.
        spec: How the user named it.
        capabilities: The methods the handler declares.
    """

    def __init__(
        self,
        factory: Callable[..., Any],
        spec: str,
        capabilities: Collection[str] = METHODS,
    ) -> None:
        self.factory = factory
        self.spec = spec
        self.capabilities = frozenset(capabilities)
        self._workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()

    def describe(self) -> dict[str, Any]:
        """Return the report's facts about the handler."""
        return {
            "name": self.spec,
            "door": "python",
            "language": "python",
            "capabilities": sorted(self.capabilities),
        }

    @property
    def in_process(self) -> bool:
        """True: the stream is read in this process."""
        return True

    @property
    def recipe(self) -> PythonRecipe:
        """How this door is opened in another process."""
        return PythonRecipe(self.spec, self.capabilities)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    async def build(self, base_url: str, api_key: str, model: str) -> PythonHandler:
        """Build one handler.

        Raises:
            HandlerError: where the factory raises, or a declared method is missing.
        """
        try:
            handler = self.factory(base_url=base_url, api_key=api_key, model=model)
            if inspect.isawaitable(handler):
                handler = await handler
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {error}".replace(api_key, "[redacted]")
            raise HandlerError(
                f"{self.spec} raised while it built a handler: {what}; it is called as "
                f"factory(base_url={base_url!r}, api_key=..., model={model!r})"
            ) from error
        for method in METHODS:
            if method in self.capabilities and not callable(getattr(handler, method, None)):
                raise HandlerError(
                    f"the handler of {self.spec} (a {type(handler).__name__}) has no method "
                    f"{method}; add it, or declare what the handler can do: capabilities = "
                    f"{sorted(self.capabilities - {method})} in [tool.litellm-contracts]"
                )
        loop = asyncio.get_running_loop()
        return PythonHandler(handler, self._workers.setdefault(loop, Worker()))


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
        self._calls = itertools.count()

    async def call(self, call: Call, meanwhile: Meanwhile | None = None) -> Outcome:
        """Make one call and keep what came back, chunks before an error included."""
        outcome = Outcome(call=call)
        started = time.perf_counter()
        try:
            with self._worker.lend():
                async with asyncio.timeout(CALL_LIMIT) as scope:
                    await self._try(call, outcome, meanwhile, scope)
        except TimeoutError:
            outcome.hangs = not (call.cancel_after and outcome.chunks)
            outcome.error = f"no answer within {CALL_LIMIT:g} s" if outcome.hangs else CANCELLED
        outcome.seconds = time.perf_counter() - started
        return outcome

    async def close(self) -> None:
        """Close the handler if it can be closed; its errors are not judged."""
        close = getattr(self._handler, "aclose", None) or getattr(self._handler, "close", None)
        if not callable(close):
            return
        with suppress(Exception):  # a clumsy goodbye breaks no contract, and a long one neither
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._invoke(close)

    async def _try(
        self, call: Call, outcome: Outcome, meanwhile: Meanwhile | None, scope: asyncio.Timeout
    ) -> None:
        try:
            await self._call(call, outcome, meanwhile, scope)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what it raises is its answer
            outcome.error = _words(error)
            outcome.told = "".join(traceback.format_exception(error, limit=0))
        except asyncio.CancelledError as error:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # not the handler's: the limit has passed
            outcome.error = f"{type(error).__name__}: {error}"

    async def _call(
        self, call: Call, outcome: Outcome, meanwhile: Meanwhile | None, scope: asyncio.Timeout
    ) -> None:
        if call.method == "complete_prompt":
            await asyncio.sleep(0)  # as below, so that calls at the same time keep their order
            outcome.text = await self._invoke(self._handler.complete_prompt, call.prompt)
            return
        arguments: list[Any] = [call.system_prompt, copy.deepcopy(list(call.messages))]
        if call.metadata is not OMITTED:
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
        chunks = await self._create(*arguments)
        await asyncio.sleep(0)  # a caller may begin to read after it has made other calls
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
        chunks = iter(chunks)
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

    async def _create(self, *arguments: Any) -> Any:  # noqa: ANN401
        """Call `create_message`, every second time with the metadata by name where it has that."""
        create = self._handler.create_message
        by_name = next(self._calls) % 2 and len(arguments) == _WITH_METADATA
        if not by_name or not _takes_metadata(create):
            return await self._invoke(create, *arguments)
        *given, metadata = arguments
        return await self._invoke(functools.partial(create, metadata=metadata), *given)

    def _object_for(self, call: Call) -> Any:  # noqa: ANN401
        """Return the metadata object: the one that earlier calls with equal metadata were given.

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
        self._given.append((call.metadata, given))
        return given

    async def _invoke(self, method: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        """Call in the loop what is asynchronous, and in a thread what may block it."""
        if self._is_async():
            value = method(*arguments)
        else:
            try:
                value = await self._blocking(method, *arguments)
            except RuntimeError as error:
                if "event loop" not in str(error):
                    raise
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
