"""Calls in company: together, during another one, and between its chunks."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply
from litellm_contracts import _scenario, _script
from litellm_contracts._door import CANCELLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]
    Callers = Callable[[Observation], list[str | None]]


@pytest.mark.parametrize("method", ["message", "prompt"])
def test_a_call_during_another_ones_stream_is_made_while_the_stream_is_open(
    request: pytest.FixtureRequest,
    message: MakeCall,
    right: type[Any],
    perform: Perform,
    method: str,
) -> None:
    log: list[str] = []

    class Logging(right):
        async def create_message(self, system: str, messages: Any, metadata: Any = None) -> Any:  # noqa: ANN401
            name = messages[-1]["content"]
            async for chunk in super().create_message(system, messages, metadata):
                log.append(f"piece of {name}")
                yield chunk
            log.append(f"end of {name}")

        async def complete_prompt(self, prompt: str) -> str:
            text = await super().complete_prompt(prompt)
            log.append(f"end of {prompt}")
            return text

    make = request.getfixturevalue(method)
    observation = perform(message("long"), make("inner", during="long"), factory=Logging)
    ends = [line.rpartition("[")[2] for line in log if line.startswith("end")]
    assert ends == ["inner]", "long]"]
    assert log[0] == "piece of Say hello. [long]"
    assert [seen.call and seen.call.name for seen in observation.seen] == ["long", "inner"]


def test_calls_made_together_arrive_before_either_is_answered(
    message: MakeCall,
    prompt: MakeCall,
    right: type[Any],
    perform: Perform,
    callers: Callers,
) -> None:
    log: list[str] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            log.append("start")
            async for chunk in super().create_message(*arguments):
                yield chunk
            log.append("end")

        async def complete_prompt(self, prompt: str) -> str:
            log.append("start")
            text: str = await super().complete_prompt(prompt)
            log.append("end")
            return text

    calls = [message("one"), message("two", together="one"), prompt("three", together="one")]
    observation = perform(*calls, factory=Logging)
    assert log == ["start"] * 3 + ["end"] * 3
    assert sorted(map(str, callers(observation))) == ["one", "three", "two"]


def test_a_handler_that_takes_turns_is_not_held_up_for_ever(
    message: MakeCall,
    right: type[Any],
    perform: Perform,
    monkeypatch: pytest.MonkeyPatch,
    callers: Callers,
) -> None:
    monkeypatch.setattr(_script, "GATE_LIMIT", 0.1)

    class InTurn(right):
        def __init__(self, **given: str) -> None:
            super().__init__(**given)
            self.turn = asyncio.Lock()

        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            async with self.turn:
                async for chunk in super().create_message(*arguments):
                    yield chunk

    calls = [message("one"), message("two", together="one")]
    observation = perform(*calls, factory=InTurn)
    assert [outcome.error for outcome in observation.outcomes] == [None, None]
    assert callers(observation) == ["one", "two"]


def test_a_call_that_never_gets_to_the_proxy_does_not_hold_up_its_partner(
    message: MakeCall,
    perform: Perform,
    right: type[Any],
) -> None:
    class Refusing(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            if "[one]" in str(arguments):
                raise ValueError("no")
            async for chunk in super().create_message(*arguments):
                yield chunk

    calls = [message("one"), message("two", together="one"), message("three", during="one")]
    observation = perform(*calls, factory=Refusing)
    assert [outcome.error for outcome in observation.outcomes] == ["ValueError: no", None, None]


def test_calls_between_chunks_share_their_context_with_the_stream(
    message: MakeCall, prompt: MakeCall, right: type[Any], perform: Perform, callers: Callers
) -> None:
    log: list[object] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            log.append(("stream", asyncio.current_task()))
            async for chunk in super().create_message(*arguments):
                log.append(chunk["text"])
                yield chunk

        async def complete_prompt(self, prompt: str) -> str:
            log.append(("prompt", asyncio.current_task()))
            return str(await super().complete_prompt(prompt))

    answers = (Reply(text="One, two."),)
    calls = [message("one", answers=answers), prompt("two", between="one")]
    observation = perform(*calls, factory=Logging)
    (_, task), *_ = log
    assert log == [("stream", task), "One,", ("prompt", task), " two."]
    assert [outcome.error for outcome in observation.outcomes] == [None, None]
    assert callers(observation) == ["one", "two"]


def test_calls_between_chunks_are_made_in_the_thread_that_reads(
    message: MakeCall, prompt: MakeCall, perform: Perform
) -> None:
    threads: list[threading.Thread] = []

    class Blocking:
        def __init__(self, **_: str) -> None:
            return

        def create_message(self, *_: object) -> Iterator[str]:
            for piece in ("One,", " two."):
                threads.append(threading.current_thread())
                yield piece

        def complete_prompt(self, _: str) -> str:
            threads.append(threading.current_thread())
            return "Done."

    calls = [message("one"), prompt("two", between="one")]
    observation = perform(*calls, factory=Blocking)
    assert len(threads) == 3
    assert len(set(threads)) == 1
    one, two = observation.outcomes
    assert (one.chunks, two.text) == (["One,", " two."], "Done.")


def test_calls_between_chunks_are_made_also_where_there_is_no_chunk(
    message: MakeCall, prompt: MakeCall, perform: Perform, callers: Callers
) -> None:
    failure = (Failure(status=400),)
    observation = perform(message("one", answers=failure), prompt("two", between="one"))
    assert callers(observation) == ["one", "two"]
    assert [outcome.call.name for outcome in observation.outcomes] == ["one", "two"]


def test_calls_are_made_while_another_waits_to_try_again(
    message: MakeCall, prompt: MakeCall, perform: Perform, callers: Callers
) -> None:
    answers = (Failure(status=429, retry_after_ms=300), Reply(text="At last."))
    observation = perform(message("one", answers=answers), prompt("two", during="one"))
    assert callers(observation) == ["one", "two", "one"]
    assert observation.outcomes[0].received_text == "At last."


def test_a_call_may_fail_first_and_outlast_the_one_beside_it(
    message: MakeCall, perform: Perform, callers: Callers
) -> None:
    answers = (Failure(status=429, retry_after_ms=300), Reply(text="At last."))
    observation = perform(message("one"), message("two", together="one", answers=answers))
    assert callers(observation)[-1] == "two"
    assert [outcome.error for outcome in observation.outcomes] == [None, None]


def test_a_call_may_be_cancelled_beside_another(
    message: MakeCall, prompt: MakeCall, perform: Perform
) -> None:
    observation = perform(
        message("one"), message("two", together="one", cancel=True), prompt("three")
    )
    errors = {outcome.call.name: outcome.error for outcome in observation.outcomes}
    assert errors == {"one": None, "two": CANCELLED, "three": None}


def test_a_handler_may_be_closed_while_anothers_stream_is_open(
    message: MakeCall, right: type[Any], perform: Perform
) -> None:
    log: list[str] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            async for chunk in super().create_message(*arguments):
                yield chunk
            log.append(arguments[1][-1]["content"])

        async def aclose(self) -> None:
            await super().aclose()
            log.append("closed")

    perform(
        message("long"),
        message("inner", during="long", handler="other", closes=True),
        factory=Logging,
    )
    assert log == ["Say hello. [inner]", "closed", "Say hello. [long]", "closed"]


def test_a_call_may_be_made_between_the_ends_of_two_streams(
    message: MakeCall, prompt: MakeCall, right: type[Any], perform: Perform
) -> None:
    log: list[str] = []

    class Logging(right):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            async for chunk in super().create_message(*arguments):
                yield chunk
            log.append(arguments[1][-1]["content"].rpartition(" ")[2])

        async def complete_prompt(self, prompt: str) -> str:
            log.append("prompt")
            text: str = await super().complete_prompt(prompt)
            return text

    perform(
        message("one"),
        message("two", together="one"),
        prompt("three", during="two"),
        factory=Logging,
    )
    assert log == ["[one]", "prompt", "[two]"]


def test_a_call_that_is_cancelled_beside_another_is_given_time_to_send(
    message: MakeCall, right: type[Any], perform: Perform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_scenario, "BACK_OFF", 0.3)  # much, beside what a busy machine takes
    log: list[str] = []

    class SlowlySecond(right):  # type: ignore[misc]
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            is_second = "two" in str(arguments)
            await asyncio.sleep(0.05 if is_second else 0)
            log.append("two" if is_second else "one")
            async for chunk in super().create_message(*arguments):
                yield chunk

    before = message("before")  # so that the first of the two is sent at once
    calls = [before, message("one"), message("two", together="one", cancel=True)]
    _, one, two = perform(*calls, factory=SlowlySecond).outcomes
    assert (one.error, two.error) == (None, CANCELLED)
    assert log == ["one", "one", "two"]
