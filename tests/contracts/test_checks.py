"""The checks that each call arrives, and as a valid request; and how checks are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply
from litellm_contracts._checks import CHECKS, judge
from litellm_contracts._observation import Observation, Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

ID = "task-0001"
ZOO_ID = ("X-Zoo-Session-ID", ID)


def found(check: str, observation: Observation) -> list[Finding]:
    """Return what one check finds."""
    return list(CHECKS[check](observation, ZOO))


def test_a_call_that_reached_the_proxy_is_reached(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    assert found("reached", seen([message()], sent("ask"))) == []


@pytest.mark.parametrize(
    ("error", "told", "cause"),
    [
        pytest.param(None, " and returned without an error", "base_url is ignored", id="silent"),
        pytest.param("ValueError: no", ": ValueError: no", "the handler refuses", id="refused"),
        pytest.param("TypeError: no", ": TypeError: no", "the handler refuses", id="of a type"),
        pytest.param(
            "TypeError: takes 3 positional arguments",
            ": TypeError: takes 3 positional arguments",
            "the methods are called",
            id="signature",
        ),
    ],
)
def test_a_call_without_a_request_is_not_reached(
    message: MakeCall, error: str | None, told: str, cause: str
) -> None:
    [finding] = found("reached", observe([Outcome(call=message(), error=error)], []))
    assert finding.message == f"create_message (ask) sent no request to the proxy{told}"
    assert (finding.call, finding.request, finding.marks) == ("ask", None, ())
    assert finding.cause.startswith(cause)


def test_a_call_that_is_made_three_times_sends_three_requests(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    call = message("ask", times=3)
    [finding] = found("reached", seen([call], sent("ask"), sent("ask")))
    assert "sent 2 requests for 3 calls to the proxy" in finding.message
    assert found("reached", seen([call], *[sent("ask")] * 3)) == []


def test_a_request_that_holds_other_text_is_told_as_the_cause(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    [finding] = found("reached", seen([message()], sent("warm-up")))
    assert "sent no request that holds its text to the proxy" in finding.message
    assert "its body does not hold the text" in finding.cause


def test_a_call_that_only_leads_to_the_judged_one_must_be_sent_too(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("silent", judged=False), message()]
    [finding] = found("reached", seen(calls, sent("ask")))
    assert finding.call == "silent"


@pytest.mark.parametrize(
    "excuse",
    [
        pytest.param("may_refuse", id="hostile"),
        pytest.param("reset_connections", id="reset"),
        pytest.param("abandon_after", id="left before any text"),
    ],
)
def test_a_call_may_be_missing_where_it_has_an_excuse(
    message: MakeCall, sent: Sent, seen: Seen, excuse: str
) -> None:
    calls = [message("silent", **{excuse: 1}), message()]
    assert found("reached", seen(calls, sent("ask"))) == []


def test_a_call_may_be_missing_after_five_that_were_sent_and_failed(
    message: MakeCall, sent: Sent
) -> None:
    outcomes = [Outcome(call=message(f"call-{number}"), error="E: no") for number in range(7)]
    five = [sent(f"call-{number}") for number in range(5)]
    assert found("reached", observe(outcomes, five)) == []
    missed = found("reached", observe(outcomes, five[:4]))
    assert [finding.call for finding in missed] == ["call-4", "call-5", "call-6"]


def test_a_call_that_may_fail_is_missing_only_where_it_does(message: MakeCall) -> None:
    call = message(may_fail=True)
    for given in ({"error": "E: no"}, {"error": "no answer within 15 s", "hangs": True}):
        assert found("reached", observe([Outcome(call=call, **given)], [])) == []
    [missed] = found("reached", observe([Outcome(call=call)], []))
    assert missed.call == "ask"


def test_failed_tries_of_one_call_count_as_much_as_those_of_several(
    message: MakeCall, sent: Sent
) -> None:
    outcomes = [Outcome(call=message(name), error="E: no") for name in ("one", "two", "three")]
    tries = [sent("one")] * 3 + [sent("two")] * 2
    assert found("reached", observe(outcomes, tries)) == []
    [missed] = found("reached", observe(outcomes, tries[:4]))
    assert missed.call == "three"


def test_calls_that_were_made_many_times_did_not_all_fail(message: MakeCall, sent: Sent) -> None:
    outcomes = [Outcome(call=message("many", times=6), error="E: no"), Outcome(call=message())]
    outcomes[1].error = "E: too many calls"
    [missed] = found("reached", observe(outcomes, [sent("many")] * 6))
    assert missed.call == "ask"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        pytest.param({"error": "E: busy", "seconds": 1.0}, 0, id="has waited"),
        pytest.param({"error": "E: busy", "seconds": 0.9}, 1, id="at once"),
        pytest.param({"seconds": 1.0}, 1, id="without a word"),
    ],
)
def test_a_call_between_chunks_may_fail_once_it_has_waited(
    message: MakeCall, sent: Sent, given: dict[str, Any], missing: int
) -> None:
    inner = message("inner", between="ask")
    outcomes = [Outcome(call=message()), Outcome(call=inner, **given)]
    assert len(found("reached", observe(outcomes, [sent("ask")]))) == missing


@pytest.mark.parametrize(
    "given",
    [pytest.param({}, id="silently"), pytest.param({"error": "E", "hangs": True}, id="hung")],
)
def test_a_call_after_failures_is_missing_only_where_it_says_so(
    message: MakeCall, sent: Sent, given: dict[str, Any]
) -> None:
    failed = [Outcome(call=message(f"call-{number}"), error="E: no") for number in range(5)]
    five = [sent(outcome.call.name) for outcome in failed]
    [missed] = found("reached", observe([*failed, Outcome(call=message("last"), **given)], five))
    assert missed.call == "last"
    assert ("waits for what never comes" in missed.cause) is bool(given)


def test_a_call_that_is_cancelled_beside_another_may_be_missing(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    beside = message("beside", together="ask", cancel=True)
    assert found("reached", seen([message(), beside], sent("ask"))) == []
    [finding] = found("reached", seen([message(), message("alone", cancel=True)], sent("ask")))
    assert finding.call == "alone"


@pytest.mark.parametrize(
    ("picture", "error", "missing"),
    [
        pytest.param("another", "E: not from there", 0, id="refused"),
        pytest.param("another", None, 1, id="left out silently"),
        pytest.param("", "E: no", 1, id="no picture"),
    ],
)
def test_a_call_with_a_picture_elsewhere_may_be_refused(
    message: MakeCall, picture: str, error: str | None, missing: int
) -> None:
    outcome = Outcome(call=message(picture=picture), error=error)
    assert len(found("reached", observe([outcome], []))) == missing


def test_a_request_for_models_is_no_lost_text(message: MakeCall, sent: Sent, seen: Seen) -> None:
    [finding] = found("reached", seen([message()], replace(sent("none"), method="GET")))
    assert "sent no request to the proxy" in finding.message
    assert finding.cause == "base_url is ignored, or the stream is never started"


def test_a_call_that_was_left_after_some_text_must_have_been_sent(message: MakeCall) -> None:
    chunks = [{"type": "text", "text": "made up"}]
    outcome = Outcome(call=message(abandon_after=1), chunks=chunks)
    [finding] = found("reached", observe([outcome], []))
    assert "sent no request" in finding.message


def test_a_call_that_was_answered_must_come_back(message: MakeCall, sent: Sent) -> None:
    outcome = Outcome(call=message(), hangs=True, error="no answer within 15 s")
    [finding] = found("reached", observe([outcome], [sent("ask")]))
    assert finding.message == (
        "create_message (ask) did not come back although it was answered: no answer within 15 s"
    )


@pytest.mark.parametrize(
    ("status", "error", "count"),
    [
        pytest.param(401, "E: not asked: the key has expired", 0, id="said again"),
        pytest.param(403, "E: not asked: the key has expired", 0, id="no access"),
        pytest.param(401, "E: the proxy answered 401 before", 0, id="said by its status"),
        pytest.param(401, "E: cannot connect to 127.0.0.1:40123", 1, id="a port like its status"),
        pytest.param(401, "E: the client is closed", 1, id="something else"),
        pytest.param(400, "E: not asked: the key has expired", 1, id="another refusal"),
    ],
)
def test_a_call_with_a_key_that_was_refused_may_be_missing(
    message: MakeCall, sent: Sent, status: int, error: str, count: int
) -> None:
    told = "litellm.AuthenticationError: the key has expired"
    refused = message("refused", answers=(Failure(status=status, message=told),))
    outcomes = [
        Outcome(call=refused, error=f"E: {told}"),
        Outcome(call=message(), error=error),
    ]
    assert len(found("reached", observe(outcomes, [sent("refused")]))) == count


def test_a_call_after_one_that_succeeded_is_missing_whatever_was_refused(
    message: MakeCall, sent: Sent
) -> None:
    refused = message("refused", answers=(Failure(status=401, message="no such key"),))
    outcomes = [
        Outcome(call=refused, error="E: no such key"),
        Outcome(call=message("fine"), chunks=[{"type": "text", "text": "Hello."}]),
        Outcome(call=message(), error="E: no such key"),
    ]
    [finding] = found("reached", observe(outcomes, [sent("refused"), sent("fine")]))
    assert finding.call == "ask"


def test_a_call_that_is_to_be_tried_again_may_take_its_time(message: MakeCall, sent: Sent) -> None:
    call = message(answers=(Failure(status=503), Reply()))
    outcome = Outcome(call=call, hangs=True, error="no answer within 15 s")
    assert found("reached", observe([outcome], [sent("ask")])) == []


def test_calls_between_chunks_may_wait_for_each_other(message: MakeCall, sent: Sent) -> None:
    calls = [message("streaming"), message("inner", between="streaming")]
    outcomes = [Outcome(call=call, hangs=True, error="no answer") for call in calls]
    requests = [sent(call.name) for call in calls]
    assert found("reached", observe(outcomes, requests)) == []


@pytest.mark.parametrize("check", ["header", "requests", "session", "valid-request"])
def test_no_check_looks_at_a_call_that_is_not_judged(
    message: MakeCall, sent: Sent, seen: Seen, check: str
) -> None:
    calls = [message("silent", judged=False), message(judged=False)]
    wrong = sent("ask", ("X-Zoo-Session-ID", "x"), ("x-zoo-session-id", "y"), model="")
    assert found(check, seen(calls, wrong, wrong)) == []


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        pytest.param([], {"model": ""}, "body at model", id="body"),
        pytest.param([("X-Zoo-Session-ID", "a b")], {}, "header X-Zoo-Session-ID", id="header"),
    ],
)
def test_an_invalid_request_is_found(
    asked: Seen, headers: list[tuple[str, str]], body: dict[str, Any], told: str
) -> None:
    assert found("valid-request", asked([ZOO_ID])) == []
    [finding] = found("valid-request", asked(headers, body))
    assert finding.message.startswith(f"request 1 is not valid by openapi/litellm.yaml: {told}")
    assert (finding.call, finding.request) == ("ask", 1)


def test_a_request_of_another_api_is_not_held_against_the_document(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    responses, chat = sent("ask", path="/v1/responses", model=""), sent("ask", model="")
    findings = found("valid-request", seen([message()], responses, chat))
    assert [finding.request for finding in findings] == [2]


def test_the_findings_come_in_the_order_of_the_checks(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    observation = seen([message("silent"), message()], sent("ask"), sent("warm-up"))
    findings = judge(("reached", "header", "requests"), observation, ZOO)
    assert [(finding.call, finding.request) for finding in findings] == [
        ("silent", None),
        ("ask", 1),
        (None, 2),
    ]
    assert judge(("requests",), observation, ZOO) == findings[2:]
