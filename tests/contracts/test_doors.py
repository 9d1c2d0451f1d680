"""What the Python door passes to a handler, and what comes back."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._calling import PythonHandler
from litellm_contracts._model import OMITTED
from litellm_contracts._threads import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]


def call(handler: object, one: Call) -> Outcome:
    """Make one call of a handler."""
    return asyncio.run(PythonHandler(handler, Worker()).call(one))


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


def test_the_list_of_messages_may_be_that_of_the_call_before(message: MakeCall) -> None:
    handler = Recording()
    python = PythonHandler(handler, Worker())

    async def main() -> None:
        for text, in_place in (("one", False), ("two", False), ("three", True)):
            said = ({"role": "user", "content": text},)
            await python.call(message(messages=said, in_place=in_place))
            messages = handler.calls[-1][1]
            seen.append((id(messages), messages[0]["content"]))  # type: ignore[index]

    seen: list[tuple[int, str]] = []
    asyncio.run(main())
    (first, _), (second, _), (third, said_last) = seen
    assert first != second == third
    assert said_last == "three"


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


class Awaitable:
    """A stream that may be awaited as well."""

    def create_message(self, *_: object) -> Awaitable:
        return self

    def __await__(self) -> Iterator[object]:
        return asyncio.sleep(0, "a text").__await__()

    def __aiter__(self) -> AsyncIterator[str]:
        return AsyncGenerating().create_message()


class Starting:
    """Plain methods that start a task in the loop of their caller."""

    def create_message(self, *_: object) -> object:
        return asyncio.get_running_loop().create_task(AsyncListing().create_message())


@pytest.mark.parametrize(
    "handler",
    [
        AsyncGenerating,
        Generating,
        Listing,
        AsyncListing,
        Returning,
        Delegating,
        Awaitable,
        Starting,
    ],
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


class _Unsayable(Exception):  # noqa: N818 - named by what it does
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize("handler", [Raising, AsyncRaising])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(ValueError("no"), "ValueError: no", id="error"),
        pytest.param(TimeoutError("of its own"), "TimeoutError: of its own", id="own timeout"),
        pytest.param(SystemExit(0), "SystemExit: 0", id="exit"),
        pytest.param(KeyboardInterrupt(), "KeyboardInterrupt", id="interrupt"),
        pytest.param(_Unsayable(), "_Unsayable: (its message raises ValueError)", id="unsayable"),
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


class Named:
    """Notes how it is given its metadata."""

    def __init__(self) -> None:
        self.given: list[tuple[int, list[str]]] = []

    def note(self, *arguments: object, **named: object) -> list[object]:
        self.given.append((len(arguments), sorted(named)))
        return []


class TakesIt(Named):
    def create_message(self, system: str, messages: object, metadata: object = None) -> object:
        return self.note(system, messages, metadata)


class TakesAny(Named):
    def create_message(self, *arguments: object, **named: object) -> object:
        return self.note(*arguments, **named)


class TakesAnother(Named):
    def create_message(self, system: str, messages: object, meta: object = None) -> object:
        return self.note(system, messages, meta)


@pytest.mark.parametrize(
    ("handler", "given"),
    [
        pytest.param(TakesIt, [(3, [])] * 4, id="by its name"),
        pytest.param(TakesAny, [(3, []), (2, ["metadata"])] * 2, id="whatever is given"),
        pytest.param(TakesAnother, [(3, [])] * 4, id="by another name"),
    ],
)
def test_every_second_call_is_given_the_metadata_by_name(
    message: MakeCall, handler: Callable[[], Named], given: list[tuple[int, list[str]]]
) -> None:
    one = handler()
    python = PythonHandler(one, Worker())

    async def main() -> list[str | None]:
        return [(await python.call(message())).error for _ in range(4)]

    assert asyncio.run(main()) == [None] * 4
    assert one.given == given
