"""Calls that are made while another one's answer is held back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from fake_litellm import Failure, Redirect, Reply
from litellm_contracts import _scenario, _script

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]
    Callers = Callable[[Observation], list[str | None]]


@pytest.fixture
def logging(right: type[Any]) -> type[Any]:
    """Return a handler whose `log` names the methods of the calls that ended, in order."""

    class Logging(right):
        log: ClassVar[list[str]] = []

        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            try:
                async for chunk in super().create_message(*arguments):
                    yield chunk
            finally:
                self.log.append("message")

        async def complete_prompt(self, prompt: str) -> str:
            text: str = await super().complete_prompt(prompt)
            self.log.append("prompt")
            return text

    return Logging


def test_calls_may_be_made_while_the_answer_to_a_second_try_is_held_back(
    message: MakeCall, prompt: MakeCall, logging: type[Any], perform: Perform, callers: Callers
) -> None:
    again = (Failure(status=429, retry_after_ms=1), Reply(text="Hello."))
    calls = [message("one", answers=again, held=2), prompt("two", during="one")]
    observation = perform(*calls, factory=logging)
    assert (callers(observation), logging.log) == (["one", "one", "two"], ["prompt", "message"])
    assert [outcome.received_text for outcome in observation.outcomes] == ["Hello.", "Hello."]


def test_a_refusal_is_given_before_others_are_made(
    message: MakeCall, prompt: MakeCall, logging: type[Any], perform: Perform
) -> None:
    refused = message("one", answers=(Failure(status=400),))
    perform(refused, prompt("two", during="one"), factory=logging)
    assert logging.log == ["message", "prompt"]


@pytest.mark.parametrize("answer", [Failure(status=400), Redirect(location="?redirected")])
def test_a_refusal_or_a_redirect_may_be_held_back_while_others_are_made(
    message: MakeCall,
    prompt: MakeCall,
    logging: type[Any],
    perform: Perform,
    answer: Failure | Redirect,
) -> None:
    held = message("one", answers=(answer,), held=1)
    perform(held, prompt("two", during="one"), factory=logging)
    assert logging.log == ["prompt", "message"]


def test_an_answer_is_held_as_long_as_the_calls_beside_it_come_back(
    message: MakeCall, prompt: MakeCall, logging: type[Any], perform: Perform
) -> None:
    slow = (Reply(latency=_script.GATE_LIMIT * 0.4),)
    prompts = [prompt(name, answers=slow, during="one") for name in ("two", "three", "four")]
    perform(message("one"), *prompts, factory=logging)
    assert logging.log == ["prompt"] * 3 + ["message"]


def test_an_answer_is_not_held_for_ever_though_the_calls_beside_it_come_back(
    message: MakeCall,
    prompt: MakeCall,
    logging: type[Any],
    perform: Perform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_script, "GATE_LIMIT", 0.2)
    monkeypatch.setattr(_scenario, "LONGEST_HOLD", 0.0)
    slow = (Reply(latency=0.15),)
    names = [f"prompt {number}" for number in range(6)]
    prompts = [prompt(name, answers=slow, during="one") for name in names]
    perform(message("one"), *prompts, factory=logging)
    assert logging.log[-1] == "prompt"
