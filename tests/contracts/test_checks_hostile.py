from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Judge = Callable[..., list[Finding]]

HOSTILE = "task-0001\r\nX-Injected: 1"
HEADER = "X-Zoo-Session-ID"
ALL = ["injection", "refused-or-omitted", "refused-at-once", "unaltered"]


@pytest.fixture
def judge(message: MakeCall, sent: Sent) -> Judge:
    """Return a function that judges a call with a hostile id by the header lines it sent."""

    def make(check: str, *headers: tuple[str, str], may_refuse: bool = True) -> list[Finding]:
        calls = [message("earlier", "task-0000"), message("ask", HOSTILE, may_refuse=may_refuse)]
        requests = [sent("earlier", (HEADER, "task-0000")), sent("ask", *headers)]
        outcomes = [Outcome(call=call) for call in calls]
        return list(CHECKS[check](observe(outcomes, requests), ZOO))

    return make


@pytest.mark.parametrize("check", ALL)
def test_an_id_that_is_left_out_is_right(judge: Judge, check: str) -> None:
    assert judge(check) == []


@pytest.mark.parametrize("check", ALL)
def test_an_id_that_is_refused_at_once_is_right(message: MakeCall, check: str) -> None:
    call = message("ask", HOSTILE, may_refuse=True)
    refused = Outcome(call=call, error="ValueError: no", seconds=0.01)
    assert list(CHECKS[check](observe([refused], []), ZOO)) == []


@pytest.mark.parametrize("check", ALL)
def test_a_good_call_is_not_judged_as_hostile(judge: Judge, check: str) -> None:
    lines = [(HEADER, "task-0000"), (HEADER, "x"), ("X-Injected", "1")]
    assert judge(check, *lines, may_refuse=False) == []


@pytest.mark.parametrize(
    ("headers", "told", "marks"),
    [
        pytest.param(
            [(HEADER, "task-0001"), ("x-injected", "1")],
            "request 2: the task id brought in a header line of its own",
            (3,),
            id="a header of its own",
        ),
        pytest.param(
            [(HEADER, "task-0001"), (HEADER, "1")],
            "request 2: the task id brought in a header line of its own",
            (2, 3),
            id="the header twice",
        ),
        pytest.param(
            [(HEADER, "task-0000")],
            "request 2: create_message (ask) is filed under 'task-0000', the task id of another",
            (2,),
            id="another call's id",
        ),
    ],
)
def test_an_injection_is_found(
    judge: Judge, headers: list[tuple[str, str]], told: str, marks: tuple[int, ...]
) -> None:
    [finding] = judge("injection", *headers)
    assert finding.message.startswith(told)
    assert (finding.call, finding.request, finding.marks) == ("ask", 2, marks)


def test_a_request_that_is_not_http_is_found(message: MakeCall, sent: Sent) -> None:
    request = sent("ask")
    request.malformed = "bad header line b'X'"
    observation = observe([Outcome(call=message())], [request])
    [finding] = CHECKS["injection"](observation, ZOO)
    assert finding.message == "request 1 is not HTTP: bad header line b'X'"


@pytest.mark.parametrize("value", ["task-0001", "task-0001 X-Injected: 1", ""])
def test_a_hostile_id_that_is_sent_is_found(judge: Judge, value: str) -> None:
    [finding] = judge("refused-or-omitted", (HEADER, value))
    assert finding.message == (
        f"request 2: {HEADER} is {value!r} for the task id {HOSTILE!r}; expected an error or no "
        "header"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 2, (2,))


def test_an_id_that_is_sent_as_it_is_is_unaltered(judge: Judge) -> None:
    assert judge("unaltered", (HEADER, HOSTILE)) == []


@pytest.mark.parametrize(
    "values", [pytest.param(["task-0001"], id="mended"), pytest.param([HOSTILE] * 2, id="twice")]
)
def test_an_id_that_is_altered_is_found(judge: Judge, values: list[str]) -> None:
    [finding] = judge("unaltered", *[(HEADER, value) for value in values])
    assert f"{HEADER} is {values} for the task id {HOSTILE!r}; expected it as" in finding.message
    assert finding.marks == tuple(range(2, 2 + len(values)))


def test_whoever_takes_long_over_a_good_call_may_take_as_long_to_refuse(
    message: MakeCall, sent: Sent
) -> None:
    call = message("ask", HOSTILE, may_refuse=True)
    refused = Outcome(call=call, error="ValueError: no", seconds=3.2)
    for seconds, found in ((1.1, 0), (1.0, 1)):
        good = Outcome(call=message("good", "task-0000"), seconds=seconds)
        observation = observe([good, refused], [sent("good", (HEADER, "task-0000"))])
        assert len(list(CHECKS["refused-at-once"](observation, ZOO))) == found


def test_a_good_call_that_waits_for_the_refusal_is_no_measure(
    message: MakeCall, sent: Sent
) -> None:
    waiting = Outcome(call=message("good", "task-0000"), seconds=5.0)
    call = message("ask", HOSTILE, may_refuse=True)
    beside = Outcome(call=replace(call, name="beside", during="good"))
    refused = Outcome(call=call, error="ValueError: no", seconds=3.2)
    observation = observe([waiting, beside, refused], [sent("good", (HEADER, "task-0000"))])
    assert len(list(CHECKS["refused-at-once"](observation, ZOO))) == 1


@pytest.mark.parametrize(
    ("seconds", "error", "requests", "found"),
    [
        pytest.param(3.2, "ValueError: no", 0, 1, id="late"),
        pytest.param(1.0, "ValueError: no", 0, 0, id="early enough"),
        pytest.param(3.2, None, 0, 0, id="not refused"),
        pytest.param(3.2, "ValueError: no", 1, 0, id="sent, and failed later"),
    ],
)
def test_a_late_refusal_is_found(  # noqa: PLR0913
    message: MakeCall, sent: Sent, *, seconds: float, error: str | None, requests: int, found: int
) -> None:
    call = message("ask", HOSTILE, may_refuse=True)
    observation = observe(
        [Outcome(call=call, error=error, seconds=seconds)], [sent("ask")] * requests
    )
    findings = list(CHECKS["refused-at-once"](observation, ZOO))
    assert len(findings) == found
    assert [one for one in findings if "was refused after 3.2 s: ValueErr" not in one.message] == []
