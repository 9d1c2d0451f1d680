"""The check that a call makes its requests and no more, and that none is beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Reply
from litellm_contracts._checks import CHECKS
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]


@pytest.fixture
def triple(message: MakeCall, sent: Sent, seen: Seen) -> Callable[..., Observation]:
    """Return a factory of a call that made three requests."""

    def make(answers: tuple[Any, ...]) -> Observation:
        return seen([message(answers=answers)], *[sent("ask")] * 3)

    return make


def found(observation: Observation) -> list[Finding]:
    """Return what the check finds."""
    return list(CHECKS["requests"](observation, ZOO))


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        pytest.param((), 1, id="one request"),
        pytest.param((Reply(text="hi"),), 1, id="one request, its answer scripted"),
        pytest.param((Failure(status=500), Reply()), 1, id="gave up"),
        pytest.param((Failure(status=500), Reply()), 2, id="tried again"),
        pytest.param((Cut(), Failure(status=429), Reply()), 3, id="tried twice more"),
    ],
)
def test_the_requests_of_a_call_are_within_bounds(
    message: MakeCall, sent: Sent, seen: Seen, answers: tuple[Any, ...], requests: int
) -> None:
    observation = seen([message(answers=answers)], *[sent("ask")] * requests)
    assert found(observation) == []


def test_a_call_whose_connection_is_reset_may_be_sent_again(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    call = message(reset_connections=1)
    assert found(seen([call], *[sent("ask")] * 2)) == []
    [finding] = found(seen([call], *[sent("ask")] * 3))
    assert "made 3 requests, expected 1 to 2" in finding.message


@pytest.mark.parametrize(
    ("answers", "first", "told"),
    [
        pytest.param((), 2, "made 3 requests, expected exactly 1", id="sent again"),
        pytest.param(
            (Failure(status=500), Reply()), 3, "made 3 requests, expected 1 to 2", id="after 500"
        ),
        pytest.param(
            (Reply(text=""), Reply()), 3, "made 3 requests, expected 1 to 2", id="after nothing"
        ),
        pytest.param((Reply(), Reply()), 2, "expected exactly 1", id="a reply is no fault"),
    ],
)
def test_extra_requests_are_found(
    triple: Callable[..., Observation], answers: tuple[Any, ...], first: int, told: str
) -> None:
    [finding] = found(triple(answers))
    assert told in finding.message
    assert (finding.call, finding.request) == ("ask", first)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1/chat/completions", id="chat"),
        pytest.param("/chat/completions", id="chat without v1"),
        pytest.param("/v1/completions", id="completions"),
        pytest.param("/v1/responses", id="responses"),
        pytest.param("/v1/messages", id="messages"),
        pytest.param("/v1/embeddings", id="embeddings"),
    ],
)
def test_a_side_request_that_litellm_logs_is_found(
    message: MakeCall, sent: Sent, seen: Seen, path: str
) -> None:
    [finding] = found(seen([message()], sent("warm-up", path=path), sent("ask")))
    assert finding.message.startswith("request 1 belongs to no call")
    assert (finding.call, finding.request) == (None, 1)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1/models", id="models"),
        pytest.param("/model/info", id="model info"),
        pytest.param("/health/readiness", id="health"),
    ],
)
def test_a_side_request_that_litellm_does_not_log_is_right(
    message: MakeCall, sent: Sent, seen: Seen, path: str
) -> None:
    assert found(seen([message()], sent("", path=path), sent("ask"))) == []


def test_a_call_that_is_never_answered_may_be_tried_as_often_as_its_handler_likes(
    triple: Callable[..., Observation],
) -> None:
    assert found(triple((Failure(status=400),))) == []


def test_beside_a_call_that_is_never_answered_the_others_are_counted(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("refused", answers=(Failure(status=400),)), message("ask")]
    [finding] = found(seen(calls, sent("refused"), sent("ask"), sent("ask")))
    assert finding.call == "ask"
