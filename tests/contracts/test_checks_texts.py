"""The checks that a request holds its own call's texts, model and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

OTHERS = {"role": "user", "content": "Say hello. [other]"}
OWN = {"role": "user", "content": "Say hello. [ask]"}
SYSTEM = {"role": "system", "content": "You plan."}
PARTS = {"role": "system", "content": [{"type": "text", "text": "You plan.", "cache_control": {}}]}


def told(calls: list[Call], request: RecordedRequest, seen: Seen) -> list[str]:
    """Return what the check says of the last of these calls, which made the request."""
    observation = seen(calls, request)
    return [finding.message for finding in CHECKS["own-text"](observation, ZOO)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"messages": [SYSTEM, OWN]}, id="a message"),
        pytest.param({"messages": [PARTS, OWN]}, id="a list of parts"),
        pytest.param({"system": "You plan.", "messages": [OWN]}, id="a field"),
    ],
)
def test_a_request_with_its_own_texts_is_right(
    message: MakeCall, sent: Sent, seen: Seen, body: dict[str, Any]
) -> None:
    call = message(system_prompt="You plan.")
    assert told([message("other", judged=False), call], sent("ask", **body), seen) == []


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        pytest.param(
            [OWN], "does not hold the system prompt of create_message (ask)", id="no system prompt"
        ),
        pytest.param(
            [SYSTEM, {"role": "user", "content": "[ask]"}],
            "does not hold a message of create_message (ask)",
            id="half a message",
        ),
        pytest.param(
            [SYSTEM, OTHERS, OWN], "holds a text of another call, [other]", id="another's text"
        ),
    ],
)
def test_a_request_with_other_texts_is_found(
    message: MakeCall, sent: Sent, seen: Seen, messages: list[Any], wrong: str
) -> None:
    calls = [message("other", judged=False), message(system_prompt="You plan.")]
    assert told(calls, sent("ask", messages=messages), seen) == [f"request 1 {wrong}"]


def test_a_prompt_is_sent_whole(prompt: MakeCall, sent: Sent, seen: Seen) -> None:
    whole = [{"role": "user", "content": "Hi [prompt]"}]
    assert told([prompt()], sent("prompt", messages=whole), seen) == []
    [finding] = told([prompt()], sent("prompt"), seen)
    assert finding == "request 1 does not hold the prompt of complete_prompt (prompt)"


def test_a_history_may_hold_what_was_said_in_another_call(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    call = message(messages=(OTHERS, OWN))
    calls = [message("other", judged=False), call]
    assert told(calls, sent("ask", messages=[OTHERS, OWN]), seen) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param({"model": "gpt-4o"}, [], id="its own"),
        pytest.param(
            {"model": "4o"},
            ["request 1 names the model '4o'; the handler was built with 'gpt-4o'"],
            id="another",
        ),
    ],
)
def test_a_request_names_the_model_of_its_handler(
    message: MakeCall, sent: Sent, body: dict[str, str], found: list[str]
) -> None:
    observation = observe([Outcome(call=message(), model="gpt-4o")], [sent("ask", **body)])
    told = CHECKS["own-model"](observation, ZOO)
    assert [finding.message for finding in told] == found


def test_a_request_that_names_no_model_is_right(message: MakeCall, sent: Sent) -> None:
    request = sent("ask")
    request.json = {"messages": [OWN]}
    observation = observe([Outcome(call=message(), model="gpt-4o")], [request])
    assert list(CHECKS["own-model"](observation, ZOO)) == []


def test_arguments_that_are_altered_are_found(message: MakeCall) -> None:
    altered = Outcome(call=message(), altered="messages")
    [finding] = CHECKS["arguments"](observe([altered, Outcome(call=message("two"))], []), ZOO)
    assert finding.message == "create_message (ask) altered the messages of its caller"
    assert (finding.call, finding.request) == ("ask", None)
