"""What the Python door hands over, and whether it is left as it was."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._calling import PythonHandler
from litellm_contracts._model import OMITTED
from litellm_contracts._threads import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]
    Change = Callable[[list[Any], dict[str, Any]], object]

CHANGES = [
    pytest.param(lambda messages, metadata: (messages, metadata), "", id="nothing"),
    pytest.param(lambda messages, _: messages.append({}), "messages", id="a message more"),
    pytest.param(
        lambda messages, _: messages[0].update(cache_control={}), "messages", id="a message"
    ),
    pytest.param(lambda _, metadata: metadata.pop("task_id"), "metadata", id="metadata"),
]


@pytest.mark.parametrize(("change", "altered"), CHANGES)
def test_arguments_that_a_handler_alters_are_noted(
    message: MakeCall, change: Change, altered: str
) -> None:
    class Asynchronous:
        async def create_message(
            self, _: str, messages: list[Any], metadata: dict[str, Any]
        ) -> AsyncIterator[Any]:
            yield {}
            change(messages, metadata)

    class Failing:
        def create_message(
            self, _: str, messages: list[Any], metadata: dict[str, Any]
        ) -> Iterator[Any]:
            yield {}
            change(messages, metadata)
            raise ValueError("no")

    for handler in (Asynchronous(), Failing()):
        call = PythonHandler(handler, Worker()).call(message())
        assert asyncio.run(call).altered == altered


def test_calls_at_the_same_time_are_all_begun_before_one_is_read(message: MakeCall) -> None:
    log = []

    class Handler:
        def create_message(self, *given: object) -> AsyncIterator[Any]:
            log.append("begun")
            return self.read(*given)

        async def read(self, *_: object) -> AsyncIterator[Any]:
            log.append("read")
            yield {}

        async def complete_prompt(self, _: str) -> str:
            raise AssertionError

    async def both() -> None:
        handler = PythonHandler(Handler(), Worker())
        await asyncio.gather(handler.call(message("one")), handler.call(message("two")))

    asyncio.run(both())
    assert log == ["begun", "begun", "read", "read"]


def test_calls_at_the_same_time_keep_their_order(message: MakeCall, prompt: MakeCall) -> None:
    log = []

    class Handler:
        async def create_message(self, *_: object) -> AsyncIterator[Any]:
            log.append("message")
            yield {}

        async def complete_prompt(self, _: str) -> str:
            log.append("prompt")
            return "Hi."

    async def both() -> None:
        handler = PythonHandler(Handler(), Worker())
        await asyncio.gather(handler.call(message("one")), handler.call(prompt("two")))

    asyncio.run(both())
    assert log == ["message", "prompt"]


def test_a_call_beside_another_one_keeps_to_its_own_thread(message: MakeCall) -> None:
    log: dict[str, set[int]] = {}
    both_begun = threading.Barrier(2)

    class Handler:
        def create_message(self, _: str, messages: list[Any], *_rest: object) -> Iterator[Any]:
            threads = log.setdefault(messages[0]["content"], set())
            threads.add(threading.get_ident())
            both_begun.wait(5)
            yield {}
            threads.add(threading.get_ident())

    async def both() -> None:
        handler = PythonHandler(Handler(), Worker())
        await asyncio.gather(handler.call(message("one")), handler.call(message("two")))

    asyncio.run(both())
    one, two = log.values()
    assert (len(one), len(two)) == (1, 1)
    assert one != two


def test_an_answer_that_nobody_reads_is_not_begun(message: MakeCall) -> None:
    log = []

    class Handler:
        async def create_message(self, *_: object) -> AsyncIterator[Any]:
            log.append("read")
            yield {}

    class Synchronous:
        def create_message(self, *_: object) -> Iterator[Any]:
            log.append("read")
            yield {}

    for handler in (Handler(), Synchronous()):
        outcome = asyncio.run(PythonHandler(handler, Worker()).call(message(never_read=True)))
        assert (outcome.error, outcome.chunks) == ("never read by its caller", [])
    assert log == []


def test_all_that_a_log_would_show_of_an_error_is_kept(message: MakeCall, prompt: MakeCall) -> None:
    def fail() -> None:
        error = ValueError("mine")
        error.add_note("with a note")
        raise error from KeyError("the cause")

    class Handler:
        def create_message(self, *_: object) -> Iterator[Any]:
            fail()
            yield {}

        def complete_prompt(self, _: str) -> None:
            fail()

    for call in (message(), prompt()):
        outcome = asyncio.run(PythonHandler(Handler(), Worker()).call(call))
        assert outcome.error == "ValueError: mine"
        told = [part in outcome.told for part in ("mine", "with a note", "the cause")]
        assert told == [True, True, True]


def test_arguments_that_are_altered_for_a_while_are_noted(message: MakeCall) -> None:
    class Asynchronous:
        async def create_message(
            self, _: str, messages: list[Any], __: object
        ) -> AsyncIterator[Any]:
            messages.insert(0, {})
            yield {}
            messages.pop(0)

    class Synchronous:
        def create_message(self, _: str, messages: list[Any], __: object) -> Iterator[Any]:
            messages.insert(0, {})
            yield {}
            messages.pop(0)

    for handler in (Asynchronous(), Synchronous()):
        call = PythonHandler(handler, Worker()).call(message())
        assert asyncio.run(call).altered == "messages"


def test_the_members_of_an_error_group_are_told(prompt: MakeCall) -> None:
    class Handler:
        def complete_prompt(self, _: str) -> None:
            raise ExceptionGroup(
                "all failed", [ValueError("one"), ExceptionGroup("two", [OSError("x")])]
            )

    error = asyncio.run(PythonHandler(Handler(), Worker()).call(prompt())).error or ""
    assert error.startswith("ExceptionGroup: all failed")
    assert error.endswith("; ValueError: one; ExceptionGroup: two (1 sub-exception); OSError: x")


def _given(factory: Callable[..., Any], *calls: Call) -> list[tuple[int, list[str]]]:
    """Return how many arguments each call was given by position, and the names of the others."""
    log: list[tuple[int, list[str]]] = []
    handler = PythonHandler(factory(log), Worker())

    async def perform() -> None:
        for call in calls:
            await handler.call(call)

    asyncio.run(perform())
    return log


def _noting(log: list[Any], *given: object, **named: object) -> Iterator[Any]:
    log.append((len(given), [*named]))
    yield {}


def test_arguments_are_given_by_name_in_turn(message: MakeCall) -> None:
    class Handler:
        def __init__(self, log: list[Any]) -> None:
            self.create_message = functools.wraps(self.named)(functools.partial(_noting, log))

        def named(self, system_prompt: str, messages: list[Any], metadata: object = None) -> None:
            """Name what is given."""

    names = ["system_prompt", "messages", "metadata"]
    assert _given(Handler, *[message()] * 5) == [
        (3, []),
        (2, ["metadata"]),
        (3, []),
        (0, names),
        (3, []),
    ]
    without = message(metadata=OMITTED)
    assert _given(Handler, *[without] * 4) == [(2, []), (2, []), (2, []), (0, names[:2])]


def test_a_handler_with_other_names_is_given_its_metadata_alone_by_name(message: MakeCall) -> None:
    class Named:
        def __init__(self, log: list[Any]) -> None:
            self.log = log

        def create_message(self, system: str, said: object, metadata: object) -> Iterator[Any]:
            return _noting(self.log, system, said, metadata)

    class Wrapped:
        def __init__(self, log: list[Any]) -> None:
            self.log = log

        def named(self, system_prompt: str, messages: list[Any], metadata: object) -> None:
            """Name what is given."""

        @functools.wraps(named)
        def create_message(self, system: str, said: object, metadata: object) -> Iterator[Any]:
            return _noting(self.log, system, said, metadata)

    for factory in (Named, Wrapped):
        assert _given(factory, *[message()] * 4) == [(3, [])] * 4


def test_it_is_told_how_arguments_were_given(message: MakeCall) -> None:
    class Handler:
        def create_message(
            self, system_prompt: str, messages: list[Any], metadata: object = None
        ) -> Iterator[Any]:
            yield {"type": system_prompt, "text": [messages, metadata]}

    async def perform() -> list[str]:
        handler = PythonHandler(Handler(), Worker())
        ids = ("one", "two", "one", "two", "three")
        return [(await handler.call(message("ask", task_id))).given for task_id in ids]

    assert asyncio.run(perform()) == [
        "",
        "metadata by name, an OrderedDict as metadata",
        "",
        "all arguments by name, an OrderedDict as metadata",
        "",
    ]
