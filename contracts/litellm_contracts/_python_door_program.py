"""Judges a Python handler inside its own interpreter: `python THIS_FILE HANDLER [CAPABILITIES]`.

It speaks protocol 1 (`doors/protocol-1.schema.json`) for a handler named as
`package.module:factory` or `path/to/file.py:factory`. It is run by path, by an interpreter that
knows nothing of the suite: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and sys.path and sys.path[0] not in ("", "."):
    # The folder of this file holds the suite's modules; the handler must not see them.
    sys.path[0] = ""

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import platform
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from typing import NoReturn

METHODS = ("create_message", "complete_prompt")


class Program:
    """Answers requests; handlers live in one event loop, synchronous ones get threads."""

    def __init__(self, spec: str, capabilities: list[str], output: Any) -> None:  # noqa: ANN401
        self._spec = spec
        self._capabilities = capabilities
        self._factory = load_factory(spec)
        self._handlers: dict[str, Any] = {}
        self._output = output
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, lines: Iterable[bytes]) -> None:
        """Answer each line until `stop`, or the end of the input."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # clients that nobody closed

        def read() -> None:
            for line in lines:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)

        threading.Thread(target=read, daemon=True).start()
        while True:
            line = await queue.get()
            request = json.loads(line.decode("utf-8")) if line else {"op": "stop"}
            if request["op"] == "stop":
                leave(0)  # at once: a call that cannot be cancelled must not keep it alive
            task = loop.create_task(self._answer(request))
            self._tasks.add(task)  # the loop itself keeps only a weak reference
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: dict[str, Any]) -> None:
        answer: dict[str, Any] = {}
        if request["op"] != "start":
            name = "id" if "id" in request else "handler"
            answer[name] = request[name]
        try:
            async for part in self._do(request):
                answer.update(part)
        except asyncio.CancelledError as error:
            answer["error"] = describe(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what it raises is its answer
            answer["error"] = describe(error)
        self._output.write(json.dumps(answer, default=repr).encode("utf-8") + b"\n")
        self._output.flush()

    async def _do(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield the parts of an answer: those before an error are kept."""
        if request["op"] == "start":
            yield self._hello()
        elif request["op"] == "handler":
            yield await self._build(request)
        elif request["op"] == "complete_prompt":
            handler = self._handlers[request["handler"]]
            yield {"text": await invoke(handler, handler.complete_prompt, request["prompt"])}
        elif request["op"] == "create_message":
            handler = self._handlers[request["handler"]]
            arguments = (request["system_prompt"], request["messages"], request["metadata"])
            chunks: list[Any] = []
            yield {"chunks": chunks}
            stream = await invoke(handler, handler.create_message, *arguments)
            if hasattr(stream, "__aiter__"):
                async for chunk in stream:
                    chunks.append(chunk)  # noqa: PERF401 - what came before an error is kept
            else:
                await in_thread(chunks.extend, stream)
        else:
            raise ValueError(f"unknown op {request['op']!r}")

    def _hello(self) -> dict[str, Any]:
        return {
            "protocol": 1,
            "name": self._spec,
            "language": f"python {platform.python_version()}",
            "sdk": sdk(),
            "capabilities": self._capabilities,
        }

    async def _build(self, request: dict[str, Any]) -> dict[str, Any]:
        given = {name: request[name] for name in ("base_url", "api_key", "model")}
        handler = self._factory(**given)
        if inspect.isawaitable(handler):
            handler = await handler
        for method in METHODS:
            if method in self._capabilities and not callable(getattr(handler, method, None)):
                rest = [name for name in self._capabilities if name != method]
                raise TypeError(
                    f"the handler of {self._spec} (a {type(handler).__name__}) has no method "
                    f"{method}; add it, or declare what the handler can do: capabilities = "
                    f"{rest} in [tool.litellm-contracts]"
                )
        self._handlers[request["handler"]] = handler
        return {"ok": True}


def load_factory(spec: str) -> Callable[..., Any]:
    """Import what `package.module:factory` or `path/to/file.py:factory` names."""
    place, _, name = spec.rpartition(":")
    if not place or not name:
        raise ValueError(
            f"cannot read the handler {spec!r}: expected package.module:factory or "
            "path/to/file.py:factory"
        )
    module = _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    factory = getattr(module, name)
    if not callable(factory):
        raise TypeError(f"{spec} is not callable; expected a class or function")
    return factory  # type: ignore[no-any-return]


def _import_file(path: Path) -> Any:  # noqa: ANN401
    if not path.is_file():
        raise ValueError(f"the handler's file {str(path)!r} does not exist")
    sys.path.insert(0, str(path.resolve().parent))
    name = f"litellm_contracts_handler_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{str(path)!r} cannot be imported as Python")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sdk() -> str | None:
    """Name the openai SDK of this interpreter, if there is one."""
    from importlib import metadata

    try:
        return f"openai {metadata.version('openai')}"
    except metadata.PackageNotFoundError:
        return None


def describe(error: BaseException) -> str:
    """Return an error's type and message; of a group, those of its members too."""
    members = getattr(error, "exceptions", ()) if type(error).__name__.endswith("Group") else ()
    return "; ".join([f"{type(error).__name__}: {error}", *map(describe, members)])


async def invoke(handler: Any, method: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
    """Call in the loop what is asynchronous, and in a thread what may block it."""
    methods = [getattr(handler, name, None) for name in METHODS]
    is_async = any(
        inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in methods
    )
    try:
        value = method(*arguments) if is_async else await in_thread(method, *arguments)
    except RuntimeError as error:
        if is_async or "event loop" not in str(error):
            raise
        value = method(*arguments)  # asynchronous, though its methods do not say so
    is_read = hasattr(value, "__aiter__")  # may be awaited as well, as some streams may
    return await value if inspect.isawaitable(value) and not is_read else value


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
    """Run a blocking call in a daemon thread of its own: calls may wait for one another."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def run() -> None:
        try:
            setter, value = done.set_result, function(*arguments)
        except StopIteration as error:  # a future refuses it
            setter, value = done.set_exception, RuntimeError(f"StopIteration: {error}")
        except BaseException as error:  # noqa: BLE001 - handed over to the loop
            setter, value = done.set_exception, error
        loop.call_soon_threadsafe(setter, value)

    threading.Thread(target=run, daemon=True).start()
    return await done


def main(arguments: list[str]) -> None:
    """Keep the real standard streams for the protocol; what the handler prints goes to stderr."""
    lines = os.fdopen(os.dup(0), "rb")
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    spec, *given = arguments
    capabilities = given[0].split(",") if given else list(METHODS)
    try:
        program = Program(spec, capabilities, output)
        asyncio.run(program.serve(lines))
    except BaseException:  # noqa: BLE001 - its last words; the suite shows them
        traceback.print_exc()
        leave(1)


def leave(code: int) -> NoReturn:
    """End the program without waiting for threads and tasks of the handler's own."""
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
