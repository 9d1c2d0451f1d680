from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Reply
from litellm_contracts import _scenario
from litellm_contracts._observation import Outcome, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]


def callers(observation: Observation) -> list[str | None]:
    """Return whose each request is, in order of arrival."""
    return [seen.call.name if seen.call else None for seen in observation.seen]


def test_calls_are_made_in_order(message: MakeCall, prompt: MakeCall, perform: Perform) -> None:
    observation = perform(message("one"), prompt("two"), message("three"))
    assert callers(observation) == ["one", "two", "three"]
    assert [outcome.error for outcome in observation.outcomes] == [None] * 3
    assert observation.outcomes[0].received_text == "Hello."


def test_each_call_is_answered_by_its_own_script(
    message: MakeCall, prompt: MakeCall, perform: Perform
) -> None:
    observation = perform(
        prompt("one", answers=(Reply(text="First."),)),
        message("two", answers=(Reply(text="Second one."),)),
        prompt("three", answers=(Failure(status=400, message="Third."),)),
    )
    one, two, three = observation.outcomes
    assert (one.received_text, two.received_text) == ("First.", "Second one.")
    assert "Third." in str(three.error)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Failure(status=429, retry_after_ms=5), id="429"),
        pytest.param(Failure(status=500, retry_after_ms=5), id="500"),
        pytest.param(Cut(), id="reset"),
    ],
)
def test_a_retry_gets_the_next_answer(message: MakeCall, perform: Perform, fault: object) -> None:
    observation = perform(message(answers=(fault, Reply(text="Then this."))))
    [outcome] = observation.outcomes
    assert len(observation.seen) in {1, 2}  # some SDK releases do not retry a reset connection
    assert (outcome.received_text == "Then this.") is (len(observation.seen) == 2)


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
    assert callers(observation) == ["long", "inner"]


def test_calls_made_together_arrive_before_either_is_answered(
    message: MakeCall,
    prompt: MakeCall,
    right: type[Any],
    perform: Perform,
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
) -> None:
    monkeypatch.setattr(_scenario, "GATE_LIMIT", 0.1)

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


def test_a_cancelled_call_is_left_in_its_own_task_before_it_is_answered(
    message: MakeCall, prompt: MakeCall, right: type[Any], perform: Perform
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


def test_calls_between_chunks_share_their_context_with_the_stream(
    message: MakeCall, prompt: MakeCall, right: type[Any], perform: Perform
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
    message: MakeCall, prompt: MakeCall, perform: Perform
) -> None:
    failure = (Failure(status=400),)
    observation = perform(message("one", answers=failure), prompt("two", between="one"))
    assert callers(observation) == ["one", "two"]
    assert [outcome.call.name for outcome in observation.outcomes] == ["one", "two"]


def test_calls_are_made_while_another_waits_to_try_again(
    message: MakeCall, prompt: MakeCall, perform: Perform
) -> None:
    answers = (Failure(status=429, retry_after_ms=300), Reply(text="At last."))
    observation = perform(message("one", answers=answers), prompt("two", during="one"))
    assert callers(observation) == ["one", "two", "one"]
    assert observation.outcomes[0].received_text == "At last."


def test_what_breaks_a_stream_off_has_no_answer_without_one(
    prompt: MakeCall, perform: Perform
) -> None:
    broken = (Reply(text="This is cut short.", ends="error-event", ends_after=2),)
    [outcome] = perform(prompt("one", answers=broken)).outcomes
    assert "InternalServerError" in str(outcome.error)


def test_requests_of_the_same_text_go_to_the_call_that_has_begun(
    message: MakeCall, perform: Perform
) -> None:
    again = message("two", messages=message("one").messages, marker="[one]")
    assert callers(perform(message("one"), again)) == ["one", "two"]


@pytest.mark.parametrize("swapped", [False, True])
def test_requests_of_the_same_text_at_the_same_time_are_told_by_their_headers(
    message: MakeCall, sent: Callable[..., Any], *, swapped: bool
) -> None:
    one = message("one", "task-0001", marker="[same]")
    two = message("two", "task-0002", marker="[same]", together="one")
    ids = ["task-0002", "task-0001"] if swapped else ["task-0001", "task-0002"]
    requests = [sent("same", ("X-Zoo-Session-ID", task_id)) for task_id in ids]
    observation = observe([Outcome(call=one), Outcome(call=two)], requests)
    assert callers(observation) == (["two", "one"] if swapped else ["one", "two"])
    single = observe([Outcome(call=one), Outcome(call=two)], requests[:1])
    assert callers(single) == (["two"] if swapped else ["one"])


def test_a_text_that_is_said_again_is_answered_by_the_call_that_says_it(
    prompt: MakeCall, perform: Perform
) -> None:
    first = prompt("one", answers=(Failure(status=400, message="No."),))
    second = replace(first, name="two", answers=())
    observation = perform(first, second, replace(second, name="three", answers=(Reply(text="3."),)))
    one, two, three = observation.outcomes
    assert "No." in str(one.error)
    assert (two.received_text, three.received_text) == ("Hello.", "3.")


def test_a_refused_call_is_cancelled_while_it_waits_to_try_again(
    message: MakeCall, right: type[Any], perform: Perform
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


def test_a_call_is_made_as_often_as_it_says(message: MakeCall, perform: Perform) -> None:
    observation = perform(message("one", times=3), message("two"))
    assert callers(observation) == ["one", "one", "one", "two"]
    assert len(observation.outcomes) == 2
