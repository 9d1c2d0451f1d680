"""The checks that a call is answered or fails, and that it ends where its caller cancels it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Page, Reply, ToolCall
from litellm_contracts._checks import CHECKS
from litellm_contracts._model import ANSWER
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]
    Judge = Callable[..., list[Finding]]


TOOLS = Reply(tool_calls=(ToolCall(name="read"),))


def text(*pieces: str) -> list[Any]:
    """Return text chunks."""
    return [{"type": "text", "text": piece} for piece in pieces]


@pytest.mark.parametrize(
    ("answers", "given", "told"),
    [
        pytest.param([Reply(text="One.")], {"chunks": text("One.")}, "", id="whole"),
        pytest.param([Reply(text="One.")], {"chunks": text("One")}, "is no error", id="short"),
        pytest.param([Reply(text="One.")], {"error": "E: no"}, "", id="an error"),
        pytest.param([], {"chunks": text(ANSWER)}, "", id="the default answer"),
        pytest.param([Failure(status=400)], {}, "answered 400", id="refused"),
        pytest.param([Failure(status=400)], {"error": "E: no"}, "", id="refused and told"),
        pytest.param([Reply(text="One.", ends="drop")], {}, "broke the answer off", id="broken"),
        pytest.param([Reply(text="One.", ends="silent")], {}, "", id="no finish reason"),
        pytest.param([Reply(text="One.", unstreamed=True)], {}, "", id="no stream"),
        pytest.param([Page(html="")], {}, "", id="a page instead of a stream"),
        pytest.param([Reply(text=""), Reply(text="One.")], {}, "", id="nothing is taken"),
        pytest.param(
            [Reply(text=""), Reply(text="One.")], {"chunks": text("One.")}, "", id="asked again"
        ),
        pytest.param(
            [Reply(text=""), Reply(text="One.")], {"chunks": text("(none)")}, "is no error",
            id="a notice of its own",
        ),
        pytest.param(
            [Failure(status=429), Reply(text="One.")], {"chunks": text("(wait)", "One.")},
            "is no error", id="a notice before the answer",
        ),
    ],
)  # fmt: skip
def test_a_call_returns_its_answer_or_fails(
    judge: Judge, answers: list[Any], given: dict[str, Any], told: str
) -> None:
    findings = judge("answered-or-error", answers, **given)
    assert len(findings) == bool(told)
    assert all(told in finding.message for finding in findings)


@pytest.mark.parametrize(
    "stop",
    ["never_read", "abandon_after", "cancel", "cancel_after", "cancel_at_once", "may_fail"],
)
def test_a_call_that_nobody_waits_for_or_that_may_fail_has_nothing_to_return(
    message: MakeCall, sent: Callable[..., RecordedRequest], stop: str
) -> None:
    outcome = Outcome(call=message(answers=(Reply(text="One."),), **{stop: 1}))
    assert list(CHECKS["answered-or-error"](observe([outcome], [sent("ask")]), ZOO)) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(Reply(text="One."), 1, id="whole"),
        pytest.param(Reply(text="One", finish="length"), 0, id="cut"),
        pytest.param(Reply(text="No.", finish="content_filter"), 0, id="filtered"),
        pytest.param(TOOLS, 0, id="tool calls"),
        pytest.param(Reply(text=""), 0, id="empty"),
    ],
)
def test_for_a_poor_answer_another_may_be_asked(
    message: MakeCall, sent: Callable[..., RecordedRequest], answer: Reply, found: int
) -> None:
    outcome = Outcome(call=message(answers=(answer,)), chunks=text("One.", "Hello."))
    twice = observe([outcome], [sent("ask"), sent("ask")])
    assert len(list(CHECKS["answered-or-error"](twice, ZOO))) == found
    once = observe([outcome], [sent("ask")])
    assert len(list(CHECKS["answered-or-error"](once, ZOO))) == 1


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        pytest.param(Reply(text="One.", ends="silent"), 1, id="without a finish reason"),
        pytest.param(TOOLS, 2, id="asked for again"),
    ],
)
def test_beside_a_call_that_is_let_be_the_others_are_judged(
    message: MakeCall, sent: Callable[..., RecordedRequest], answer: Reply, requests: int
) -> None:
    outcomes = [
        Outcome(call=message("let-be", answers=(answer,))),
        Outcome(call=message("short", answers=(Reply(text="One."),)), chunks=text("On")),
    ]
    observation = observe(outcomes, [*[sent("let-be")] * requests, sent("short")])
    [finding] = CHECKS["answered-or-error"](observation, ZOO)
    assert finding.call == "short"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({"swallowed": True, "chunks": text("On")}, 1, id="part of the answer"),
        pytest.param({"swallowed": True}, 1, id="nothing"),
        pytest.param({"swallowed": True, "chunks": text("One.")}, 0, id="the whole answer"),
        pytest.param({"swallowed": False, "error": "cancelled"}, 0, id="the cancellation"),
    ],
)
def test_a_cancelled_call_ends_in_the_cancellation(
    message: MakeCall, given: dict[str, Any], found: int
) -> None:
    outcome = Outcome(call=message(answers=(Reply(text="One."),), cancel_after=1), **given)
    findings = list(CHECKS["cancelled"](observe([outcome], []), ZOO))
    assert [(one.call, "was cancelled by its caller" in one.message) for one in findings] == [
        ("ask", True)
    ] * found


@pytest.mark.parametrize(
    ("options", "requests", "found"),
    [
        pytest.param({}, 1, 0, id="asked once"),
        pytest.param({}, 2, 1, id="asked again"),
        pytest.param({"answers": (Failure(status=429), Reply(text="One."))}, 2, 0, id="retried"),
        pytest.param({"answers": (Failure(status=429), Reply(text="One."))}, 3, 1, id="and again"),
        pytest.param({"times": 2}, 2, 0, id="made twice"),
        pytest.param({"times": 2}, 3, 1, id="made twice, asked again"),
    ],
)
def test_a_cancelled_call_is_not_asked_again(
    prompt: MakeCall,
    sent: Callable[..., RecordedRequest],
    options: dict[str, Any],
    requests: int,
    found: int,
) -> None:
    call = prompt(**{"answers": (Reply(text="One."),), "cancel": True} | options)
    outcome = Outcome(call=call, text="One.", swallowed=True)
    observation = observe([outcome], [sent("prompt")] * requests)
    told = [finding.message for finding in CHECKS["cancelled"](observation, ZOO)]
    assert (
        told
        == ["complete_prompt (prompt) was cancelled by its caller, and asked the proxy once more"]
        * found
    )
    ended = replace(observation, outcomes=(replace(outcome, swallowed=False),))
    assert list(CHECKS["cancelled"](ended, ZOO)) == []


def test_a_page_is_no_completion(prompt: MakeCall, sent: Callable[..., RecordedRequest]) -> None:
    outcome = Outcome(call=prompt(answers=(Page(html="<p>Log in</p>"),)), text="<p>Log in</p>")
    [finding] = CHECKS["answered-or-error"](observe([outcome], [sent("prompt")]), ZOO)
    assert "a web page came back" in finding.message
