"""The checks that what a request holds is its own call's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Redirect, Reply
from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from fake_litellm._replies import Answer
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]


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
    request.json = {"messages": []}
    observation = observe([Outcome(call=message(), model="gpt-4o")], [request])
    assert list(CHECKS["own-model"](observation, ZOO)) == []


def test_arguments_that_are_altered_are_found(message: MakeCall) -> None:
    altered = Outcome(call=message(), altered="messages")
    [finding] = CHECKS["arguments"](observe([altered, Outcome(call=message("two"))], []), ZOO)
    assert finding.message == "create_message (ask) altered the messages of its caller"
    assert (finding.call, finding.request) == ("ask", None)


def judge(check: str, call: Call, *requests: RecordedRequest, **given: Any) -> list[Finding]:  # noqa: ANN401
    """Judge a call by its requests."""
    return list(CHECKS[check](observe([Outcome(call=call, **given)], requests), ZOO))


def test_a_request_carries_the_key_of_its_own_handler(message: MakeCall, sent: Sent) -> None:
    assert judge("own-key", message(), sent("ask"), api_key="sk-secret") == []
    key_header = sent("ask", ("x-litellm-api-key", "sk-other"))
    assert judge("own-key", message(), key_header, api_key="sk-other") == []
    other_case = sent("ask", ("x-key", "bearer sk-other"))
    assert judge("own-key", message(), other_case, api_key="sk-other") == []
    [finding] = judge("own-key", message(), sent("ask"), api_key="sk-other")
    assert finding.message == (
        "request 1 does not carry the API key that the handler of create_message (ask) was built "
        "with"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (1,))
    assert judge("own-key", message(judged=False), sent("ask"), api_key="sk-other") == []


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        pytest.param((Failure(status=503), Reply()), 0, id="after a failure"),
        pytest.param((Reply(text=""), Reply()), 0, id="after an empty answer"),
        pytest.param((Reply(), Reply()), 1, id="after an answer"),
    ],
)
def test_another_model_may_be_asked_where_there_is_no_answer(
    message: MakeCall, sent: Sent, answers: tuple[Answer, ...], found: int
) -> None:
    call, second = message(answers=answers), sent("ask", model="gpt-4o-mini")
    assert len(judge("own-model", call, sent("ask"), second, model="gpt-4o")) == found
    assert len(judge("own-model", call, second, sent("ask"), model="gpt-4o")) == 1


@pytest.mark.parametrize(("status", "found"), [(400, 0), (399, 1), (None, 1)])
def test_another_model_may_be_asked_after_an_answer_that_nobody_scripted(
    message: MakeCall, sent: Sent, status: int | None, found: int
) -> None:
    first, second = replace(sent("ask"), status=status), sent("ask", model="gpt-4o-mini")
    assert len(judge("own-model", message(), first, second, model="gpt-4o")) == found


def test_a_request_goes_to_the_proxy_of_its_own_handler(message: MakeCall, sent: Sent) -> None:
    assert judge("own-proxy", message(), sent("ask"), proxy="127.0.0.1") == []
    [finding] = judge("own-proxy", message(), sent("ask"), proxy="127.0.0.2")
    assert finding.message == (
        "request 1 went to 127.0.0.1/v1/chat/completions; the handler of create_message (ask) was "
        "built for 127.0.0.2"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (0,))
    assert judge("own-proxy", message(judged=False), sent("ask"), proxy="127.0.0.2") == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("/litellm/v1/chat/completions", 0, id="below it"),
        pytest.param("/v1/chat/completions", 1, id="at the root"),
        pytest.param("/litellm-2/v1/chat/completions", 1, id="below another"),
    ],
)
def test_a_request_goes_below_the_path_of_its_proxy(
    message: MakeCall, sent: Sent, path: str, found: int
) -> None:
    request = sent("ask", path=path)
    assert len(judge("own-proxy", message(), request, proxy="127.0.0.1/litellm")) == found


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_does_not_go_through_an_http_proxy(
    message: MakeCall, sent: Sent, scheme: str
) -> None:
    target = f"{scheme}://127.0.0.1/v1/chat/completions"
    by_way_of_it = sent("ask", path=f"/{target}")
    [finding] = judge("own-proxy", message(), by_way_of_it, proxy="127.0.0.1")
    assert finding.message == (
        f"request 1 went through an HTTP proxy, with the target {target}; the handler of "
        "create_message (ask) was built for 127.0.0.1"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (0,))
    assert "NO_PROXY" in finding.cause


@pytest.mark.parametrize("check", ["own-key", "own-proxy"])
def test_who_is_sent_elsewhere_goes_there_without_the_key(
    message: MakeCall, sent: Sent, check: str
) -> None:
    found = [
        len(list(CHECKS[check](observe([outcome], [sent("ask")]), ZOO)))
        for answers in ((), (Redirect(location="//another"),))
        for outcome in [Outcome(call=message(answers=answers), api_key="k", proxy="elsewhere")]
    ]
    assert found == [1, 0]


def test_another_model_may_have_been_tried_first_where_nothing_was_recorded(
    message: MakeCall, sent: Sent
) -> None:
    outcomes = [
        Outcome(call=message("reset", reset_connections=1), model="gpt-5-mini"),
        Outcome(call=message("later"), model="gpt-5-mini"),
    ]
    findings = CHECKS["own-model"](observe(outcomes, [sent("reset"), sent("later")]), ZOO)
    assert [finding.call for finding in findings] == ["later"]
