"""The check that LiteLLM would file a request under its own task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._model import Call
from litellm_contracts._profile import ZOO, choose_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

ID = "task-0001"
OTHER = "task-0002"
ZOO_ID = ("X-Zoo-Session-ID", ID)


def found(observation: Observation) -> list[Finding]:
    """Return what the check finds."""
    return list(CHECKS["session"](observation, ZOO))


def test_a_session_from_the_vendors_header_is_right(
    message: MakeCall, prompt: MakeCall, sent: Sent, seen: Seen
) -> None:
    observation = seen([message(), prompt()], sent("ask", ZOO_ID), sent("prompt"))
    assert found(observation) == []


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
    [finding] = found(asked(headers))
    assert finding.message == (
        f"LiteLLM would file request 1 {told}; expected session '{ID}' from X-Zoo-Session-ID"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, marks)
    assert finding.cause


MASKED = "`x-zoo-session-id` ignored: `x-litellm-session-id` wins"
EMPTY = "`x-other-session-id` is empty"


@pytest.mark.parametrize(
    ("headers", "cause", "clue"),
    [
        pytest.param([ZOO_ID, ("x-litellm-session-id", ID)], MASKED, "", id="what LiteLLM ignores"),
        pytest.param(
            [ZOO_ID, ("x-other-session-id", ""), ("x-litellm-session-id", ID)],
            f"{MASKED}; {EMPTY}", "", id="all that LiteLLM ignores",
        ),
        pytest.param(
            [("x-litellm-trace-id", "trace-1234")],
            "LiteLLM should find the task id in X-Zoo-Session-ID alone",
            "x-litellm-trace-id decides", id="what decides",
        ),
        pytest.param([], "X-Zoo-Session-ID is not sent", "", id="nothing"),
    ],
)  # fmt: skip
def test_the_cause_is_what_litellm_ignores_or_else_what_decides(
    asked: Seen, headers: list[tuple[str, str]], cause: str, clue: str
) -> None:
    [finding] = found(asked(headers))
    assert (finding.cause, finding.clue) == (cause, clue)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        pytest.param("task-0000", 1, id="another call's"),
        pytest.param("trace-9999", 0, id="of its own"),
    ],
)
def test_a_call_without_a_task_is_not_filed_under_another_calls(
    asked: Seen, message: MakeCall, value: str, count: int
) -> None:
    headers = [("x-litellm-session-id", value)]
    for metadata in ({}, {"task_id": ""}, {"task_id": 5}):
        assert len(found(asked(headers, call=message(metadata=metadata)))) == count


def test_a_session_of_another_call_is_told(asked: Seen, message: MakeCall) -> None:
    headers = [("x-litellm-session-id", "task-0000")]
    [finding] = found(asked(headers, call=message(metadata={})))
    assert finding.message == (
        "LiteLLM would file request 1 under session 'task-0000' (from x-litellm-session-id); "
        "expected no session of another call"
    )


def test_a_task_id_of_another_call_may_be_of_any_type(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("other", ["task-0000"]), message("ask", None)]
    assert found(seen(calls, sent("ask"))) == []


def test_a_call_without_a_task_may_be_filed_nowhere(asked: Seen, message: MakeCall) -> None:
    for task_id in (None, ""):
        assert found(asked([], call=message(task_id=task_id))) == []


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        pytest.param([ZOO_ID], 0, id="right"),
        pytest.param([], 0, id="no header, which is another check's"),
        pytest.param([("X-Zoo-Session-ID", OTHER)], 0, id="another value, likewise"),
        pytest.param([ZOO_ID, ("x-litellm-session-id", ID)], 1, id="masked by the same id"),
        pytest.param([ZOO_ID, ("x-litellm-trace-id", "trace-1234")], 1, id="masked by a trace"),
    ],
)
def test_what_masks_the_header_is_found(
    message: MakeCall, sent: Sent, seen: Seen, headers: list[tuple[str, str]], wrong: int
) -> None:
    findings = list(CHECKS["unmasked"](seen([message()], sent("ask", *headers)), ZOO))
    assert [finding.request for finding in findings] == [1] * wrong


def test_a_call_without_a_task_is_filed_under_no_other(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("other", OTHER), message("ask", metadata={})]
    request = sent("ask", ("x-litellm-session-id", OTHER))
    [finding] = CHECKS["unmasked"](seen(calls, request), ZOO)
    assert finding.call == "ask"


def test_where_litellm_does_not_know_the_header_nothing_masks_it(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    other = choose_profile("opencode-go")
    masked = sent("ask", ("session-id", ID), ("x-litellm-session-id", ID))
    assert list(CHECKS["unmasked"](seen([message()], masked), other)) == []


WINDOW = ("X-Editor-Session-ID", "window-0001")
TRACE = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


@pytest.mark.parametrize(
    ("of_prompt", "of_message", "wrong"),
    [
        pytest.param([WINDOW], [WINDOW], [1, 2], id="the same session"),
        pytest.param([WINDOW], [], [], id="a session of its own"),
        pytest.param([("baggage", "session.id=window-0001")], [WINDOW], [1, 2], id="two rules"),
        pytest.param([TRACE], [TRACE], [], id="the same trace"),
    ],
)
def test_calls_without_a_task_are_in_no_session_together(
    sent: Sent, seen: Seen, of_prompt: list[Any], of_message: list[Any], wrong: list[int]
) -> None:
    prompt = Call(name="prompt", method="complete_prompt", marker="[prompt]")
    message = Call(name="message", method="create_message", marker="[message]")
    requests = [sent("prompt", *of_prompt), sent("message", *of_message)]
    assert [one.request for one in found(seen([prompt, message], *requests))] == wrong


def test_requests_of_no_call_are_passed_over(sent: Sent, seen: Seen) -> None:
    calls = [
        Call(name=name, method="complete_prompt", marker=f"[{name}]") for name in ("one", "two")
    ]
    requests = [sent("", path="/v1/models"), sent("one", WINDOW), sent("two", WINDOW)]
    assert [one.request for one in found(seen(calls, *requests))] == [2, 3]


def test_the_requests_of_one_call_may_be_in_one_session(
    prompt: MakeCall, sent: Sent, seen: Seen
) -> None:
    stray = sent("", WINDOW, path="/v1/models")
    requests = [stray, sent("prompt", WINDOW), sent("prompt", WINDOW)]
    assert found(seen([prompt()], *requests)) == []


def test_a_header_that_is_always_due_may_hold_one_session(sent: Sent, seen: Seen) -> None:
    header = ("X-Vendor-Session-ID", "session-0001")
    calls = [
        Call(name=name, method="complete_prompt", marker=f"[{name}]") for name in ("one", "two")
    ]
    observation = seen(calls, sent("one", header), sent("two", header))
    always = replace(ZOO, header=header[0], complete_prompt="always")
    assert list(CHECKS["session"](observation, always)) == []
    assert len(found(observation)) == 2
