"""In which order calls are made, and which script answers a request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Reply
from litellm_contracts._observation import Outcome, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]
    Callers = Callable[[Observation], list[str | None]]


def test_calls_are_made_in_order(
    message: MakeCall, prompt: MakeCall, perform: Perform, callers: Callers
) -> None:
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


def test_what_breaks_a_stream_off_has_no_answer_without_one(
    prompt: MakeCall, perform: Perform
) -> None:
    broken = (Reply(text="This is cut short.", ends="error-event", ends_after=2),)
    [outcome] = perform(prompt("one", answers=broken)).outcomes
    assert "InternalServerError" in str(outcome.error)


def test_requests_of_the_same_text_go_to_the_call_that_has_begun(
    message: MakeCall, perform: Perform, callers: Callers
) -> None:
    again = message("two", messages=message("one").messages, marker="[one]")
    assert callers(perform(message("one"), again)) == ["one", "two"]


@pytest.mark.parametrize("swapped", [False, True])
def test_requests_of_the_same_text_at_the_same_time_are_told_by_their_headers(
    message: MakeCall, sent: Callable[..., Any], callers: Callers, *, swapped: bool
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


def test_a_call_is_made_as_often_as_it_says(
    message: MakeCall, perform: Perform, callers: Callers
) -> None:
    observation = perform(message("one", times=3), message("two"))
    assert callers(observation) == ["one", "one", "one", "two"]
    assert len(observation.outcomes) == 2
