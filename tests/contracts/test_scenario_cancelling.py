"""Calls that are cancelled: before an answer, in a stream, while a handler waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply
from litellm_contracts._script import patience_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]
    Callers = Callable[[Observation], list[str | None]]


def test_a_cancelled_call_is_left_in_its_own_task_before_it_is_answered(
    message: MakeCall, prompt: MakeCall, right: type[Any], perform: Perform, callers: Callers
) -> None:
    log: list[object] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            log.append(asyncio.current_task())
            try:
                async for chunk in super().create_message(*arguments):
                    yield chunk
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

    calls = [message("one", cancel=True), message("two"), prompt("three")]
    observation = perform(*calls, factory=Logging)
    first, told, second = log
    assert (first, told) == (second, "cancelled")
    assert [outcome.error for outcome in observation.outcomes] == [
        "cancelled by its caller",
        None,
        None,
    ]
    assert callers(observation) == ["one", "two", "three"]


def test_a_call_can_be_cancelled_many_times(
    message: MakeCall, perform: Perform, callers: Callers
) -> None:
    observation = perform(message("one", cancel=True, times=3), message("two"))
    assert callers(observation) == ["one", "one", "one", "two"]
    told = [outcome.error for outcome in observation.outcomes]
    assert told == ["cancelled by its caller", None]


def test_a_call_can_be_cancelled_while_its_stream_is_open(
    message: MakeCall, right: type[Any], perform: Perform
) -> None:
    log: list[object] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            try:
                async for chunk in super().create_message(*arguments):
                    log.append(chunk["text"])
                    yield chunk
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

    answers = (Reply(text="One, two, three."),)
    observation = perform(
        message("one", cancel_after=1, answers=answers), message("two"), factory=Logging
    )
    assert log == ["One,", "cancelled", "Hello."]
    first, second = observation.outcomes
    assert (first.error, first.received_text) == ("cancelled by its caller", "One,")
    assert (second.error, second.received_text) == (None, "Hello.")


def test_a_refused_call_is_cancelled_while_it_waits_to_try_again(
    message: MakeCall, right: type[Any], perform: Perform, callers: Callers
) -> None:
    log: list[str] = []

    class Waiting(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            try:
                async for chunk in super().create_message(*arguments):
                    yield chunk
            except Exception as error:
                log.append(type(error).__name__)
                await asyncio.sleep(60)
                raise

    refused = (Failure(status=400), Reply(text="Never."))
    first, second = message("one", cancel=True, answers=refused), message("two")
    observation = perform(first, second, factory=Waiting)
    assert log == ["BadRequestError"]
    assert [one.error for one in observation.outcomes] == ["cancelled by its caller", None]
    assert callers(observation) == ["one", "two"]


def test_a_call_that_cannot_be_cancelled_is_kept(
    message: MakeCall, right: type[Any], perform: Perform
) -> None:
    class Refusing(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            raise ValueError("no")
            yield arguments

    observation = perform(message("one", cancel=True), factory=Refusing)
    assert [outcome.error for outcome in observation.outcomes] == ["ValueError: no"]


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param({"cancel": True}, id="before an answer"),
        pytest.param({"cancel_after": 1}, id="in the stream"),
        pytest.param({"cancel": True, "together": "other"}, id="beside another call"),
    ],
)
@pytest.mark.parametrize("swallows", [True, False])
def test_it_is_noted_where_a_call_returns_though_it_was_cancelled(
    message: MakeCall, right: type[Any], perform: Perform, stop: dict[str, Any], *, swallows: bool
) -> None:
    class Stopping(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            try:
                async for chunk in super().create_message(*arguments):
                    yield chunk
            except asyncio.CancelledError:
                if not swallows:
                    raise

    observation = perform(message("other"), message("one", **stop), factory=Stopping)
    other, one = observation.outcomes
    assert (other.swallowed, one.swallowed, one.error is None) == (False, swallows, swallows)


def test_a_call_can_be_cancelled_at_the_first_thing_that_it_awaits(
    message: MakeCall, right: type[Any], perform: Perform, callers: Callers
) -> None:
    log: list[str] = []

    class Preparing(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            log.append("begins")
            await asyncio.sleep(0.01)
            log.append("sends")
            async for chunk in super().create_message(*arguments):
                yield chunk

    calls = [message("one", cancel_at_once=True), message("two")]
    observation = perform(*calls, factory=Preparing)
    assert log == ["begins", "begins", "sends"]
    assert [one.error for one in observation.outcomes] == ["cancelled by its caller", None]
    assert callers(observation) == ["two"]


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        pytest.param([], 0.0, id="the default answer"),
        pytest.param([Reply()], 0.0, id="answered"),
        pytest.param([Failure(status=400)], 0.02, id="refused"),
        pytest.param([Failure(status=429, retry_after=60)], 0.02, id="a minute"),
        pytest.param([Failure(status=429, retry_after=61)], 0.2, id="more than a minute"),
        pytest.param([Failure(status=429, retry_after="Sat, 28 Nov")], 0.02, id="a date"),
    ],
)
def test_who_is_told_to_wait_for_long_is_given_longer_to_decide(
    message: MakeCall, answers: list[Any], seconds: float
) -> None:
    assert patience_of(message(answers=tuple(answers))) == seconds
