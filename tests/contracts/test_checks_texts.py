"""The check that a request holds its own call's texts and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
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
            [SYSTEM, OTHERS, OWN], "holds a text of another call, [other]", id="another's text"
        ),
    ],
)
def test_a_request_with_other_texts_is_found(
    message: MakeCall, sent: Sent, seen: Seen, messages: list[Any], wrong: str
) -> None:
    calls = [message("other", judged=False), message(system_prompt="You plan.")]
    assert told(calls, sent("ask", messages=messages), seen) == [f"request 1 {wrong}"]


def test_a_history_may_hold_what_was_said_in_another_call(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    call = message(messages=(OTHERS, OWN))
    calls = [message("other", judged=False), call]
    assert told(calls, sent("ask", messages=[OTHERS, OWN]), seen) == []
