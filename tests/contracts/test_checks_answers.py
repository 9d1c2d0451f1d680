from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Page, Reply, ToolCall, Usage
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


TOOLS = Reply(
    text="",
    tool_calls=(
        ToolCall(name="read", arguments='{"a": 1}', id="call_1"),
        ToolCall(name="write", arguments="{}", id="call_2"),
    ),
)


def text(*pieces: str) -> list[Any]:
    """Return text chunks."""
    return [{"type": "text", "text": piece} for piece in pieces]


def part(index: int, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    """Return a chunk of a tool call."""
    return {
        "type": "tool_call_partial",
        "index": index,
        "id": call_id,
        "name": name,
        "arguments": arguments,
    }


@pytest.mark.parametrize("check", ["text", "tool-calls"])
def test_a_call_that_gives_up_before_it_is_answered_has_nothing_to_return(
    judge: Judge, check: str
) -> None:
    answers = [Failure(status=500), Reply(text="Two.")]
    assert judge(check, answers, error="InternalServerError: 500") == []
    [finding] = judge(check, answers[1:], error="InternalServerError: 500")
    assert "failed although it was answered" in finding.message


@pytest.mark.parametrize("check", ["text", "tool-calls"])
def test_each_call_is_looked_at(
    message: MakeCall, sent: Callable[..., RecordedRequest], check: str
) -> None:
    outcomes = [
        Outcome(call=message("gave-up", answers=(Failure(status=500), TOOLS)), error="E: 500"),
        Outcome(call=message("failed", answers=(TOOLS,)), error="E: no"),
        Outcome(call=message("wrong", answers=(TOOLS,)), chunks=text("One.")),
    ]
    requests = [sent(outcome.call.name) for outcome in outcomes]
    findings = CHECKS[check](observe(outcomes, requests), ZOO)
    assert {finding.call for finding in findings} == {"failed", "wrong"}


@pytest.mark.parametrize("check", ["text", "tool-calls"])
def test_a_call_without_a_request_is_told_of_elsewhere(message: MakeCall, check: str) -> None:
    call = message(answers=(Failure(status=500), Reply()))
    observation = observe([Outcome(call=call, error="E: no")], [])
    assert list(CHECKS[check](observation, ZOO)) == []
    assert len(list(CHECKS["reached"](observation, ZOO))) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"error": "APIConnectionError: lost", "chunks": text("One")}, [], id="error"),
        pytest.param({"chunks": text("One two.")}, [], id="whole"),
        pytest.param(
            {"chunks": text("One ", "One two.")},
            ["returned 'One One two.'; the proxy sent 'One two.', and there is no error"],
            id="begun anew",
        ),
        pytest.param(
            {"chunks": [*text("One two."), part(0, "call_1", "read", "{}")]},
            ["yielded tool call 0, {'id': 'call_1', 'name': 'read', 'arguments': '{}'}"],
            id="a tool call left of the broken one",
        ),
    ],
)
def test_a_broken_stream_ends_in_an_error_or_in_one_whole_text(
    judge: Judge, given: dict[str, Any], told: list[str]
) -> None:
    answers = [Reply(text="One two.", ends="drop"), Reply(text="One two.")]
    findings = judge("whole-or-error", answers, **given)
    assert [part in one.message for part, one in zip(told, findings, strict=True)] == [
        True for _ in told
    ]


@pytest.mark.parametrize("check", ["text", "error", "tool-calls", "usage"])
def test_a_call_that_is_not_judged_may_give_back_nothing(judge: Judge, check: str) -> None:
    assert judge(check, [TOOLS], judged=False) == []


@pytest.mark.parametrize(
    ("answers", "pieces"),
    [
        pytest.param([], [ANSWER], id="default"),
        pytest.param([Reply(text="One. Two.")], ["One. ", "Two."], id="scripted, in pieces"),
        pytest.param([Failure(status=500), Reply(text="Two.")], ["Two."], id="after a fault"),
    ],
)
def test_the_whole_text_is_right(judge: Judge, answers: list[Any], pieces: list[str]) -> None:
    assert judge("text", answers, chunks=[*text(*pieces), {"type": "usage"}]) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"chunks": text("One.")}, "returned 'One.'; the proxy sent 'One. ", id="cut"),
        pytest.param({"chunks": text("Two.", "One. ")}, "returned 'Two.One. '", id="order"),
        pytest.param({"chunks": text("One. Two.") * 2}, "returned 'One. Two.One", id="twice"),
        pytest.param({}, "returned ''; the proxy sent", id="nothing"),
        pytest.param(
            {"chunks": ["One. Two.", {"type": "reasoning", "text": "One. Two."}]},
            "returned ''",
            id="another type of chunk",
        ),
        pytest.param(
            {"chunks": text("One. Two."), "error": "ValueError: no"},
            "create_message (ask) failed although it was answered: ValueError: no",
            id="an error after all",
        ),
    ],
)
def test_another_text_is_found(judge: Judge, given: dict[str, Any], told: str) -> None:
    [finding] = judge("text", [Reply(text="One. Two.")], **given)
    assert told in finding.message
    assert (finding.call, finding.request) == ("ask", None)


def test_complete_prompt_returns_the_text(prompt: MakeCall) -> None:
    outcomes = [
        Outcome(call=prompt("right"), text=ANSWER),
        Outcome(call=prompt("wrong"), text=None),
    ]
    [finding] = CHECKS["text"](observe(outcomes, []), ZOO)
    assert finding.message.startswith("complete_prompt (wrong) returned ''; the proxy sent")


def test_an_answer_that_fails_must_be_an_error(judge: Judge) -> None:
    assert judge("error", [Failure(status=400)], error="ValueError: no") == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(Failure(status=400), "the proxy answered 400", id="failure"),
        pytest.param(Reply(ends="drop"), "the proxy broke the answer off (drop)", id="broken off"),
        pytest.param(Cut(), "the proxy cut the connection", id="cut"),
        pytest.param(Page(html=""), "the proxy was not reached: a web page came back", id="page"),
    ],
)
def test_a_failure_that_is_no_error_is_found(judge: Judge, answer: object, told: str) -> None:
    [finding] = judge("error", [answer], chunks=text("One."))
    assert "returned 'One.' without an error" in finding.message
    assert told in finding.message
    assert finding.call == "ask"


def test_chunks_that_came_in_place_of_an_error_are_told(judge: Judge) -> None:
    [finding] = judge("error", [Cut()], chunks=[{"type": "usage"}])
    assert "returned [{'type': 'usage'}] without an error" in finding.message


HANGS: dict[str, Any] = {"hangs": True, "error": "no answer within 15 s"}


def test_an_answer_that_broke_off_is_not_waited_for(judge: Judge) -> None:
    [finding] = judge("error", [Reply(ends="reset")], **HANGS)
    assert finding.message == (
        "create_message (ask) did not come back, although the proxy broke the answer off (reset)"
    )


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([Failure(status=503)], id="failure"),
        pytest.param([Cut()], id="cut"),
        pytest.param([Reply(ends="drop"), Cut()], id="cut after it broke off"),
    ],
)
def test_who_tries_again_for_long_may_do_so(judge: Judge, answers: list[Any]) -> None:
    assert judge("error", answers, **HANGS) == []


def test_a_call_that_sent_nothing_is_left_to_reached(message: MakeCall) -> None:
    observation = observe([Outcome(call=message(answers=(Failure(status=400),)))], [])
    assert list(CHECKS["error"](observation, ZOO)) == []


@pytest.mark.parametrize(
    ("answers", "error", "found"),
    [
        pytest.param([Failure(status=400, message="too long")], "E: too long", 0, id="told"),
        pytest.param([Failure(status=400, message="too long")], "E: failed", 1, id="kept back"),
        pytest.param([Failure(status=400)], "E: failed", 0, id="the proxy said nothing special"),
        pytest.param([Failure(status=400, message="too long")], None, 0, id="no error at all"),
        pytest.param([Cut()], "E: failed", 0, id="cut"),
        pytest.param(
            [Failure(status=500, message="first"), Failure(status=500, message="last")],
            "E: last",
            0,
            id="the last failure counts",
        ),
    ],
)
def test_an_error_names_its_cause(
    judge: Judge, answers: list[Any], error: str | None, found: int
) -> None:
    assert len(judge("error-cause", answers, error=error)) == found


USAGE = {"type": "usage", "input_tokens": 3, "output_tokens": 4}


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        pytest.param([USAGE], 0, id="once"),
        pytest.param([*text("a"), {**USAGE, "cache_read_tokens": 1}], 0, id="with more"),
        pytest.param([], 1, id="never"),
        pytest.param([USAGE, USAGE], 1, id="twice"),
        pytest.param([{**USAGE, "output_tokens": 5}], 1, id="wrong"),
        pytest.param([{"type": "usage"}], 1, id="empty"),
    ],
)
def test_usage_is_reported_once(judge: Judge, chunks: list[Any], found: int) -> None:
    answer = Reply(usage=Usage(prompt_tokens=3, completion_tokens=4))
    findings = judge("usage", [answer], chunks=chunks)
    assert len(findings) == found
    assert [one for one in findings if "expected [(3, 4)]" not in one.message] == []


@pytest.mark.parametrize(
    "given", [pytest.param({"given_up": True}, id="given up"), pytest.param({}, id="never sent")]
)
def test_an_error_of_the_suites_own_names_no_cause(
    message: MakeCall, sent: Callable[..., RecordedRequest], given: dict[str, Any]
) -> None:
    call = message(answers=(Failure(status=503, message="down"),))
    outcome = Outcome(call=call, error="no answer within 5 s", **given)
    requests = [sent("ask")] if given else []
    assert list(CHECKS["error-cause"](observe([outcome], requests), ZOO)) == []
