from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Reply
from litellm_contracts._checks import CHECKS, judge
from litellm_contracts._observation import Observation, Outcome, observe
from litellm_contracts._profile import ZOO, choose_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

ID = "task-0001"
OTHER = "task-0002"
ZOO_ID = ("X-Zoo-Session-ID", ID)


@pytest.fixture
def triple(message: MakeCall, sent: Sent, seen: Seen) -> Callable[..., Observation]:
    """Return a factory of a call that made three requests."""

    def make(answers: tuple[Any, ...]) -> Observation:
        return seen([message(answers=answers)], *[sent("ask")] * 3)

    return make


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


def test_a_call_that_only_prepares_must_be_reached_too(message: MakeCall, seen: Seen) -> None:
    [finding] = found("reached", seen([message(judged=False)]))
    assert finding.call == "ask"


@pytest.mark.parametrize(
    "excuse",
    [
        pytest.param({"may_refuse": True}, id="hostile id"),
        pytest.param({"reset_connections": 1}, id="connection reset"),
    ],
)
def test_a_call_may_be_excused_from_being_reached(
    message: MakeCall, seen: Seen, excuse: dict[str, Any]
) -> None:
    assert found("reached", seen([message(**excuse)])) == []


def test_a_request_that_holds_other_text_is_told_as_the_cause(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    [finding] = found("reached", seen([message()], sent("warm-up")))
    assert "its body does not hold the text" in finding.cause


def test_a_call_that_only_leads_to_the_judged_one_must_be_sent_too(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("silent", judged=False), message()]
    [finding] = found("reached", seen(calls, sent("ask")))
    assert finding.call == "silent"


@pytest.mark.parametrize(
    "excuse",
    [pytest.param("may_refuse", id="hostile"), pytest.param("reset_connections", id="reset")],
)
def test_a_call_may_be_missing_where_it_has_an_excuse(
    message: MakeCall, sent: Sent, seen: Seen, excuse: str
) -> None:
    calls = [message("silent", **{excuse: 1}), message()]
    assert found("reached", seen(calls, sent("ask"))) == []


@pytest.mark.parametrize("check", ["header", "requests", "session", "valid-request"])
def test_no_check_looks_at_a_call_that_is_not_judged(
    message: MakeCall, sent: Sent, seen: Seen, check: str
) -> None:
    calls = [message("silent", judged=False), message(judged=False)]
    wrong = sent("ask", ("X-Zoo-Session-ID", "x"), ("x-zoo-session-id", "y"), model="")
    assert found(check, seen(calls, wrong, wrong)) == []


@pytest.mark.parametrize(
    ("headers", "told", "marks"),
    [
        pytest.param(
            [("User-Agent", "x")], f"no X-Zoo-Session-ID header line; expected {ZOO_ID[0]}: {ID}",
            (), id="missing",
        ),
        pytest.param([("X-Zoo-SessionID", "other")], "no X-Zoo-Session-ID", (2,), id="misspelt"),
        pytest.param([("X-Zoo_Session_ID", "o")], "no X-Zoo-Session-ID", (2,), id="underscores"),
        pytest.param(
            [("Accept", "*/*"), ("X-Conversation", ID)], "no X-Zoo-Session-ID", (3,),
            id="the id under another name",
        ),
        pytest.param(
            [ZOO_ID, ("Accept", "*/*"), ("x-zoo-session-id", ID)],
            "2 X-Zoo-Session-ID header lines; expected exactly one", (2, 4), id="two lines",
        ),
        pytest.param(
            [("X-Zoo-Session-ID", OTHER)], f"X-Zoo-Session-ID is '{OTHER}'; expected '{ID}'", (2,),
            id="other value",
        ),
        pytest.param([("X-Zoo-Session-ID", "")], "is ''; expected", (2,), id="empty"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_found_and_its_lines_marked(
    asked: Seen, headers: list[tuple[str, str]], told: str, marks: tuple[int, ...]
) -> None:
    [finding] = found("header", asked(headers))
    assert finding.message.startswith("request 1: ")
    assert told in finding.message
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, marks)
    assert finding.cause


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("X-Zoo-Session-ID", id="as the vendor writes it"),
        pytest.param("x-zoo-session-id", id="lower case, as httpx2 sends it"),
    ],
)
def test_one_line_with_the_task_id_is_right(asked: Seen, name: str) -> None:
    assert found("header", asked([(name, ID)])) == []


def test_each_request_of_a_call_is_looked_at(message: MakeCall, sent: Sent, seen: Seen) -> None:
    observation = seen([message()], sent("ask", ZOO_ID), sent("ask"), sent("ask", ZOO_ID))
    assert [finding.request for finding in found("header", observation)] == [2]


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="None"),
        pytest.param({}, id="empty"),
        pytest.param({"task_id": None}, id="task id None"),
        pytest.param({"task_id": ""}, id="task id empty"),
    ],
)
def test_without_a_task_id_no_header_is_right_and_any_is_wrong(
    message: MakeCall, asked: Seen, metadata: dict[str, Any] | None
) -> None:
    call = message(metadata=metadata)
    assert found("header", asked([], call=call)) == []
    [finding] = found("header", asked([("X-Zoo-Session-ID", "None")], call=call))
    assert finding.message == (
        "request 1: X-Zoo-Session-ID is sent ('None'), but the call has no task id"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (2,))


def test_complete_prompt_carries_no_header(prompt: MakeCall, sent: Sent, seen: Seen) -> None:
    assert found("header", seen([prompt()], sent("prompt"))) == []
    [finding] = found("header", seen([prompt()], sent("prompt", ZOO_ID)))
    assert finding.message.endswith(f"('{ID}'), but complete_prompt never sends it")
    assert finding.marks == (2,)


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
    assert found("requests", observation) == []


@pytest.mark.parametrize(
    ("answers", "first", "told"),
    [
        pytest.param((), 2, "made 3 requests, expected exactly 1", id="sent again"),
        pytest.param((Failure(status=500),), 3, "made 3 requests, expected 1 to 2", id="after 500"),
        pytest.param((Reply(), Reply()), 2, "expected exactly 1", id="a reply is no fault"),
    ],
)
def test_extra_requests_are_found(
    triple: Callable[..., Observation], answers: tuple[Any, ...], first: int, told: str
) -> None:
    [finding] = found("requests", triple(answers))
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
    [finding] = found("requests", seen([message()], sent("warm-up", path=path), sent("ask")))
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
    assert found("requests", seen([message()], sent("", path=path), sent("ask"))) == []


def test_a_session_from_the_vendors_header_is_right(
    message: MakeCall, prompt: MakeCall, sent: Sent, seen: Seen
) -> None:
    observation = seen([message(), prompt()], sent("ask", ZOO_ID), sent("prompt"))
    assert found("session", observation) == []


@pytest.mark.parametrize(
    ("headers", "told", "marks"),
    [
        pytest.param([], "alone, in a session of its own", (), id="none"),
        pytest.param(
            [("X-Zoo-Session-ID", "short")], "alone, in a session of its own", (), id="ignored"
        ),
        pytest.param(
            [ZOO_ID, ("x-litellm-session-id", ID)],
            f"under session '{ID}' (from x-litellm-session-id)", (3,), id="masked by the same id",
        ),
        pytest.param(
            [("X-Zoo-Session-ID", OTHER)], f"under session '{OTHER}' (from x-zoo-session-id)",
            (2,), id="another id",
        ),
    ],
)  # fmt: skip
def test_a_session_that_is_not_the_task_is_found(
    asked: Seen, headers: list[tuple[str, str]], told: str, marks: tuple[int, ...]
) -> None:
    [finding] = found("session", asked(headers))
    assert finding.message == (
        f"LiteLLM would file request 1 {told}; expected session '{ID}' from X-Zoo-Session-ID"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, marks)
    assert finding.cause


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
    responses = sent("ask", path="/v1/responses", model="")
    assert found("valid-request", seen([message()], responses)) == []


def test_judge_asks_whether_calls_were_reached_before_its_own_checks(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    observation = seen([message("silent"), message()], sent("ask"), sent("warm-up"))
    findings = judge(("header", "requests"), observation, ZOO)
    assert [(finding.call, finding.request) for finding in findings] == [
        ("silent", None),
        ("ask", 1),
        (None, 2),
    ]
    assert judge((), observation, ZOO) == findings[:1]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param([], "is sent 0 times (no value)", id="missing"),
        pytest.param([""], "is sent 1 times ('')", id="empty"),
        pytest.param(["a", "b"], "is sent 2 times ('a', 'b')", id="twice"),
    ],
)
def test_a_profile_may_want_a_header_with_any_value(
    prompt: MakeCall, sent: Sent, seen: Seen, values: list[str], told: str
) -> None:
    always = choose_profile("opencode-go")
    right = seen([prompt("ask")], sent("ask", (always.header, "anything")))
    assert list(CHECKS["header"](right, always)) == []
    wrong = seen([prompt("ask")], sent("ask", *[(always.header, value) for value in values]))
    [finding] = CHECKS["header"](wrong, always)
    assert finding.message == (
        f"request 1: {always.header} {told}; expected one line with some value"
    )
    assert finding.call == "ask"
    assert finding.marks == tuple(range(2, 2 + len(values)))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("task-0000", 1, id="another call's"),
        pytest.param("trace-9999", 0, id="of its own"),
    ],
)
def test_a_call_without_a_task_is_not_filed_under_another_calls(
    asked: Seen, message: MakeCall, value: str, found: int
) -> None:
    headers = [("x-litellm-session-id", value)]
    for metadata in ({}, {"task_id": ""}, {"task_id": 5}):
        observation = asked(headers, call=message(metadata=metadata))
        findings = list(CHECKS["session"](observation, ZOO))
        assert len(findings) == found


def test_a_call_without_a_task_may_be_filed_nowhere(asked: Seen, message: MakeCall) -> None:
    for task_id in (None, ""):
        assert found("session", asked([], call=message(task_id=task_id))) == []
