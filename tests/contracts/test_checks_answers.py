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


def test_a_call_that_fails_without_a_request_did_not_give_up(message: MakeCall) -> None:
    call = message(answers=(Failure(status=500), Reply()))
    [finding] = CHECKS["text"](observe([Outcome(call=call, error="E: no")], []), ZOO)
    assert "failed although it was answered: E: no" in finding.message


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


@pytest.mark.parametrize("stop", ["never_read", "abandon_after", "cancel", "cancel_after"])
def test_a_call_that_nobody_waits_for_has_nothing_to_return(
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


def test_a_page_is_no_completion(prompt: MakeCall, sent: Callable[..., RecordedRequest]) -> None:
    outcome = Outcome(call=prompt(answers=(Page(html="<p>Log in</p>"),)), text="<p>Log in</p>")
    [finding] = CHECKS["answered-or-error"](observe([outcome], [sent("prompt")]), ZOO)
    assert "a web page came back" in finding.message
