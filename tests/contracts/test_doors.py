from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _doors
from litellm_contracts._doors import PythonDoor, PythonHandler, load_factory
from litellm_contracts._errors import HandlerError
from litellm_contracts._model import OMITTED
from litellm_contracts._run import Options
from litellm_contracts._suite import find_contract, run_contract
from litellm_contracts._threads import Worker, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]

KEY = "sk-secret"


def call(handler: object, one: Call) -> Outcome:
    """Make one call of a handler."""
    return asyncio.run(PythonHandler(handler, Worker()).call(one))


def build(factory: Callable[..., Any], *capabilities: str) -> PythonHandler:
    """Build a handler of a factory."""
    door = PythonDoor(factory, "my:factory", capabilities)
    return asyncio.run(door.build("http://127.0.0.1:1", KEY, "gpt-4o"))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param("my_provider", "expected package.module:factory or path", id="no colon"),
        pytest.param(":factory", "cannot read the handler ':factory'", id="no module"),
        pytest.param("my_provider:", "cannot read the handler 'my_provider:'", id="no factory"),
        pytest.param("", "cannot read the handler ''", id="empty"),
        pytest.param("no_such:factory", "No module named 'no_such'", id="no such module"),
        pytest.param("no_such/file.py:factory", "'no_such/file.py' does not exist", id="no file"),
        pytest.param(
            "litellm_handler:LiteLLMHandle",
            "has no attribute 'LiteLLMHandle'; did you mean 'LiteLLMHandler'?",
            id="no such attribute",
        ),
        pytest.param("os.path:sep", "is not callable (it is of type str)", id="not callable"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_told(spec: str, told: str) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)) as raised:
        load_factory(spec)
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="raises"),
        pytest.param("def (", "SyntaxError", id="not Python"),
        pytest.param("import no_such_sdk", "No module named 'no_such_sdk'", id="missing import"),
        pytest.param("raise SystemExit(0)", "SystemExit: 0", id="exits"),
    ],
)
@pytest.mark.parametrize(
    "spec",
    [pytest.param("./provider_x.py:build", id="file"), pytest.param("provider_x:b", id="module")],
)
def test_a_handler_that_fails_to_import_is_told(
    tmp_path: Path, text: str, told: str, spec: str
) -> None:
    tmp_path.joinpath("provider_x.py").write_text(text, encoding="utf-8")
    with pytest.raises(HandlerError, match=told):
        load_factory(spec)


def test_a_file_may_import_what_lies_beside_it(handlers: Path) -> None:
    place = os.path.relpath(handlers / "header_missing.py")
    factory = load_factory(f"{place}:Handler")
    assert factory.__name__ == "Handler"
    assert sys.path[0] == str(handlers)


def test_a_module_is_found_in_the_working_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("provider_here.py").write_text("def build(): ...", encoding="utf-8")
    assert load_factory("provider_here:build").__name__ == "build"


def test_a_door_describes_its_handler() -> None:
    assert PythonDoor(dict, "my:factory", ["create_message"]).describe() == {
        "name": "my:factory",
        "door": "python",
        "language": "python",
        "capabilities": ["create_message"],
    }


def test_the_factory_is_called_by_name() -> None:
    given: dict[str, object] = {}
    build(given.update)
    assert given == {"base_url": "http://127.0.0.1:1", "api_key": KEY, "model": "gpt-4o"}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError(f"{KEY} is not known"), id="error"),
        pytest.param(SystemExit(f"{KEY} is not known"), id="exit"),
    ],
)
def test_a_factory_that_raises_is_told_without_the_key(error: BaseException) -> None:
    def factory(**_: object) -> object:
        raise error

    with pytest.raises(HandlerError) as raised:
        build(factory)
    assert str(raised.value) == (
        f"my:factory raised while it built a handler: {type(error).__name__}: [redacted] is not "
        "known; it is called as factory(base_url='http://127.0.0.1:1', api_key=..., model='gpt-4o')"
    )


@pytest.mark.parametrize("missing", ["create_message", "complete_prompt"])
def test_a_missing_method_must_be_declared(missing: str) -> None:
    class Half:
        def __init__(self, **_: object) -> None:
            vars(self)[{"create_message": "complete_prompt"}.get(missing, "create_message")] = print

    other = {"create_message": "complete_prompt"}.get(missing, "create_message")
    with pytest.raises(HandlerError, match=rf"no method {missing}; .*capabilities = \['{other}'\]"):
        build(Half, "create_message", "complete_prompt")
    assert build(Half, other)


class Recording:
    """Keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.threads: list[threading.Thread] = []

    def create_message(self, *arguments: object) -> list[object]:
        self.calls.append(arguments)
        self.threads.append(threading.current_thread())
        return []

    def complete_prompt(self, *arguments: object) -> str:
        self.calls.append(arguments)
        return "Hi."


def test_a_call_passes_what_it_says(message: MakeCall, prompt: MakeCall) -> None:
    handler = Recording()
    call(handler, message(metadata=None, system_prompt="Be brief."))
    call(handler, message(metadata=OMITTED, messages=()))
    call(handler, prompt(prompt_text := "ask"))
    assert handler.calls == [
        ("Be brief.", [{"role": "user", "content": "Say hello. [ask]"}], None),
        ("", []),
        (f"Hi [{prompt_text}]",),
    ]
    assert threading.current_thread() not in handler.threads


def test_equal_metadata_is_one_object_and_may_be_changed_in_place(message: MakeCall) -> None:
    handler = Recording()
    python = PythonHandler(handler, Worker())

    async def main() -> None:
        for task_id, in_place in (("one", False), ("two", False), ("one", False), ("two", True)):
            await python.call(message(task_id=task_id, in_place=in_place))
            seen.append((id(handler.calls[-1][2]), dict(handler.calls[-1][2])))  # type: ignore[call-overload]

    seen: list[tuple[int, dict[str, object]]] = []
    asyncio.run(main())
    first, second, again, changed = (identity for identity, _ in seen)
    assert first == again == changed
    assert first != second
    assert [content["task_id"] for _, content in seen] == ["one", "two", "one", "two"]


class AsyncGenerating:
    async def create_message(self, *_: object) -> AsyncIterator[str]:
        yield "a"
        yield "b"


class Generating:
    def create_message(self, *_: object) -> Iterator[str]:
        yield "a"
        yield "b"


class Listing:
    def create_message(self, *_: object) -> list[str]:
        return ["a", "b"]


class AsyncListing:
    async def create_message(self, *_: object) -> list[str]:
        return ["a", "b"]


class Returning:
    async def create_message(self, *_: object) -> AsyncIterator[str]:
        return AsyncGenerating().create_message()


class Delegating:
    """Plain methods that hand out what is asynchronous."""

    def create_message(self, *_: object) -> AsyncIterator[str]:
        return AsyncGenerating().create_message()


@pytest.mark.parametrize(
    "handler",
    [AsyncGenerating, Generating, Listing, AsyncListing, Returning, Delegating],
)
def test_chunks_arrive_however_they_are_returned(
    message: MakeCall, handler: Callable[[], object]
) -> None:
    outcome = call(handler(), message())
    assert (outcome.chunks, outcome.error) == (["a", "b"], None)


class Raising:
    """Raises, synchronously, after one chunk."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def create_message(self, *_: object) -> Iterator[str]:
        yield "a"
        raise self.error

    def complete_prompt(self, _: object) -> str:
        raise self.error


class AsyncRaising:
    """Raises, asynchronously, after one chunk."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def create_message(self, *_: object) -> AsyncIterator[str]:
        yield "a"
        raise self.error

    async def complete_prompt(self, _: object) -> str:
        raise self.error


@pytest.mark.parametrize("handler", [Raising, AsyncRaising])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(ValueError("no"), "ValueError: no", id="error"),
        pytest.param(TimeoutError("of its own"), "TimeoutError: of its own", id="own timeout"),
        pytest.param(SystemExit(0), "SystemExit: 0", id="exit"),
        pytest.param(asyncio.CancelledError("own"), "CancelledError: own", id="cancelled"),
        pytest.param(StopIteration("end"), "StopIteration", id="stop iteration"),
    ],
)
def test_what_a_handler_raises_is_its_answer(
    message: MakeCall,
    prompt: MakeCall,
    handler: Callable[[BaseException], object],
    error: BaseException,
    told: str,
) -> None:
    streamed = call(handler(error), message())
    assert streamed.chunks == ["a"]
    assert told in str(streamed.error)
    assert told in str(call(handler(error), prompt()).error)


def test_a_stream_that_is_none_is_an_error(message: MakeCall) -> None:
    class Empty:
        def create_message(self, *_: object) -> None:
            return None

    assert "TypeError" in str(call(Empty(), message()).error)


class AsyncHanging:
    async def complete_prompt(self, _: object) -> None:
        await asyncio.Event().wait()


class Hanging:
    def __init__(self) -> None:
        self.left = threading.Event()

    def complete_prompt(self, _: object) -> None:
        self.left.wait(30)


class Blocking(Hanging):
    """Blocks the event loop."""

    async def complete_prompt(self, _: object) -> None:
        self.left.wait(30)


@pytest.mark.parametrize("handler", [AsyncHanging, Hanging])
def test_a_call_that_hangs_is_stopped(
    monkeypatch: pytest.MonkeyPatch, prompt: MakeCall, handler: Callable[[], object]
) -> None:
    monkeypatch.setattr(_doors, "CALL_LIMIT", 0.05)
    hanging = handler()
    outcome = call(hanging, prompt())
    assert outcome.error == "no answer within 0.05 s"


def test_a_handler_that_blocks_the_event_loop_is_left_and_the_run_goes_on() -> None:
    handler = Blocking()
    vars(handler)["create_message"] = print
    door = PythonDoor(lambda **_: handler, "my:factory")
    options = Options(limit=0.1)
    result = run_contract(find_contract("complete-prompt/omits-header"), door, options)
    handler.left.set()
    assert (result.status, result.message) == (
        "fail",
        "stopped: the handler did not come back within 0.1 s",
    )
    assert result.evidence == {
        "reproduce": "litellm-contracts check my:factory -k complete-prompt/omits-header"
    }


@pytest.mark.parametrize("sync", [True, False])
def test_a_handler_that_does_not_close_is_left(
    monkeypatch: pytest.MonkeyPatch,
    sync: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr("litellm_contracts._doors.CLOSE_LIMIT", 0.05)
    over = threading.Event()

    class Blocking:
        def create_message(self) -> None: ...

        def close(self) -> None:
            over.wait()

    class Waiting:
        async def create_message(self) -> None: ...

        async def aclose(self) -> None:
            await asyncio.Event().wait()

    asyncio.run(PythonHandler(Blocking() if sync else Waiting(), Worker()).close())
    over.set()


def test_closing_is_tried_and_its_errors_do_not_count() -> None:
    closed: list[str] = []

    class Async:
        async def aclose(self) -> None:
            closed.append("aclose")
            raise OSError

        def close(self) -> None:
            closed.append("close, although aclose is there")

    class Sync:
        def close(self) -> None:
            closed.append("close")

    for handler in (Async(), Sync(), object()):
        asyncio.run(PythonHandler(handler, Worker()).close())
    assert closed == ["aclose", "close"]


def test_a_thread_that_outlives_its_loop_is_quiet() -> None:
    left, ended = threading.Event(), threading.Event()

    def work() -> None:
        left.wait(10)
        ended.set()

    async def give_up() -> None:
        await asyncio.wait_for(in_thread(work), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    left.set()
    assert ended.wait(10)
