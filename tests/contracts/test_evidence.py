from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import pytest

from fake_litellm import Cut, Failure, Redirect, Reply
from fake_litellm._replies import Ending
from litellm_contracts._checks import Finding
from litellm_contracts._evidence import _ENDINGS, MAX_REQUESTS, evidence
from litellm_contracts._model import OMITTED
from litellm_contracts._observation import Outcome, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from fake_litellm._replies import Answer
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

KEY = "sk-secret"


def test_a_request_is_shown_as_it_was_sent(asked: Seen) -> None:
    findings = [
        Finding(
            message="first", call="ask", request=1, marks=(3,), cause="because", clue="it shows"
        ),
        Finding(message="second", call="ask", request=1, marks=(2, 3)),
        Finding(message="third", call="earlier"),
    ]
    header = [("X-Zoo-Session-ID", "task-0001"), ("Accept", "*/*")]
    shown = evidence(asked(header), findings, KEY, "run it again")
    assert shown["requests"] == [
        {
            "number": 1,
            "of": 1,
            "call": "ask",
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [
                ["Host", "127.0.0.1"],
                ["Authorization", "[redacted]"],
                ["X-Zoo-Session-ID", "task-0001"],
                ["Accept", "*/*"],
            ],
            "marked": [2, 3],
            "status": 200,
            "session_id": "task-0001",
            "source": "x-zoo-session-id",
            "filed": "under session 'task-0001' (from x-zoo-session-id)",
            "near_misses": [],
        }
    ]
    assert shown["findings"][0] == {
        "message": "first",
        "call": "ask",
        "request": 1,
        "cause": "because",
        "clue": "it shows",
    }
    assert shown["reproduce"] == "run it again"


def test_calls_are_shown_with_their_metadata(message: MakeCall, prompt: MakeCall) -> None:
    outcomes = [
        Outcome(call=message()),
        Outcome(call=message("bare", metadata=OMITTED)),
        Outcome(call=prompt(), error="ValueError: no"),
    ]
    assert evidence(observe(outcomes, []), [], KEY, "")["calls"] == [
        {
            "name": "ask",
            "method": "create_message",
            "handler": "handler",
            "error": None,
            "returned": "",
            "metadata": {"task_id": "task-0001"},
        },
        {
            "name": "bare",
            "method": "create_message",
            "handler": "handler",
            "error": None,
            "returned": "",
            "metadata": "(not passed)",
        },
        {
            "name": "prompt",
            "method": "complete_prompt",
            "handler": "handler",
            "error": "ValueError: no",
            "returned": "",
        },
    ]


def test_the_key_is_nowhere(message: MakeCall, sent: Sent) -> None:
    call = message(metadata={"task_id": "task-0001", "deep": [{"key": (KEY, {KEY})}]})
    outcome = Outcome(call=call, error=f"AuthenticationError: {KEY} is not known")
    request = sent("ask", ("X-Mine", f"Bearer {KEY}"), ("api-key", "sk-of-another"), path=f"/{KEY}")
    finding = Finding(message=f"sent {KEY}", call="ask", request=1, cause=f"{KEY} leaks")
    shown = json.dumps(evidence(observe([outcome], [request]), [finding], KEY, f"run {KEY}"))
    assert KEY not in shown
    assert "sk-of-another" not in shown
    assert "AuthenticationError: [redacted] is not known" in shown


def test_evidence_is_plain_data(message: MakeCall) -> None:
    metadata = {"task_id": object(), 5: b"bytes", "many": (1, 2.5, True, None)}
    shown = evidence(observe([Outcome(call=message(metadata=metadata))], []), [], KEY, "")
    [call] = json.loads(json.dumps(shown))["calls"]
    assert call["metadata"]["task_id"].startswith("<object")
    assert call["metadata"]["5"] == "b'bytes'"
    assert call["metadata"]["many"] == [1, 2.5, True, None]


def test_what_is_long_is_cut_after_the_key_is_gone(message: MakeCall) -> None:
    outcome = Outcome(call=message(), error=f"{'x' * 135}{KEY}{'y' * 500}")
    [call] = evidence(observe([outcome], []), [], KEY, "")["calls"]
    assert call["error"] == f"{'x' * 135}[reda… (645 long) …{'y' * 60}"


def test_what_runs_it_again_is_never_cut(message: MakeCall) -> None:
    again = f"litellm-contracts check {'long/' * 100}handler.py:make {KEY}"
    told = evidence(observe([Outcome(call=message())], []), [], KEY, again)["reproduce"]
    assert told == again.replace(KEY, "[redacted]")


def test_two_long_values_of_a_message_are_both_shown(message: MakeCall) -> None:
    finding = Finding(message=f"{'a' * 255}; expected {'a' * 256}")
    shown = evidence(observe([Outcome(call=message())], []), [finding], KEY, "")
    assert shown["findings"][0]["message"] == finding.message


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param("sk-0123456789ab****", "sk-[redacted]****", id="most of it"),
        pytest.param("sk-0123456****cdef", "sk-0123456****cdef", id="less of it"),
    ],
)
def test_most_of_the_key_is_nowhere(message: MakeCall, told: str, shown: str) -> None:
    outcome = Outcome(call=message(), error=told)
    [call] = evidence(observe([outcome], []), [], "sk-0123456789abcdef", "")["calls"]
    assert call["error"] == shown


def test_a_key_of_the_environment_is_nowhere(
    message: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("SHORT_TOKEN", "task")
    outcome = Outcome(call=message(), error="401 for sk-of-the-environment in a task")
    [call] = evidence(observe([outcome], []), [], KEY, "")["calls"]
    assert call["error"] == "401 for [redacted] in a task"


@pytest.mark.parametrize("name", ["X-Auth-Token", "Cookie", "proxy-authorization", "X-My-Secret"])
def test_a_header_that_looks_like_a_secret_is_not_shown(
    message: MakeCall, sent: Sent, name: str
) -> None:
    request = sent("ask", (name, "of-somebody"))
    [shown] = evidence(observe([Outcome(call=message())], [request]), [], KEY, "")["requests"]
    assert [name, "[redacted]"] in shown["headers"]


def test_a_task_id_is_shown_whatever_its_header_is_called(message: MakeCall, sent: Sent) -> None:
    call = message(metadata={"task_id": "task-0001"})
    request = sent("ask", ("X-Session-Token", "task-0001"))
    [shown] = evidence(observe([Outcome(call=call)], [request]), [], KEY, "")["requests"]
    assert ["X-Session-Token", "task-0001"] in shown["headers"]


def test_the_call_that_departs_is_among_those_that_are_kept(message: MakeCall) -> None:
    outcomes = [Outcome(call=message(f"call-{number}")) for number in range(100)]
    finding = Finding(message="late", call="call-70")
    shown = evidence(observe(outcomes, []), [finding], KEY, "")["calls"]
    assert [one["name"] for one in shown] == [f"call-{number}" for number in range(51, 71)]


def test_the_requests_with_a_finding_are_kept(message: MakeCall, sent: Sent, seen: Seen) -> None:
    observation = seen([message()], *[sent("ask")] * (MAX_REQUESTS + 30))
    findings = [Finding(message="late", request=MAX_REQUESTS + 25)]
    numbers = [one["number"] for one in evidence(observation, findings, KEY, "")["requests"]]
    assert numbers == [*range(1, MAX_REQUESTS), MAX_REQUESTS + 25]


def test_what_a_call_got_and_beside_which_it_was_made(message: MakeCall, prompt: MakeCall) -> None:
    streamed = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}]
    outcomes = [
        Outcome(call=message(handler="a"), chunks=streamed),
        Outcome(call=message("beside", together="ask")),
        Outcome(call=prompt(during="ask"), text="Hi."),
    ]
    first, beside, during = evidence(observe(outcomes, []), [], KEY, "")["calls"]
    assert (first["handler"], first["returned"]) == ("a", "Hello.")
    assert (beside["together"], during["during"], during["returned"]) == ("ask", "ask", "Hi.")
    assert first.keys().isdisjoint({"together", "during", "answers"})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(Reply(), None, id="in order"),
        pytest.param(Failure(status=429), ["HTTP 429"], id="failure"),
        pytest.param(Cut(at="in-headers"), ["connection reset (in-headers)"], id="cut"),
        pytest.param(Redirect(location="/v1"), ["HTTP 307 to /v1"], id="redirect"),
        pytest.param(Redirect(location="//b"), ["HTTP 307 to another host"], id="redirect away"),
        pytest.param(Reply(ends="drop"), ["the answer breaks off"], id="broken stream"),
        pytest.param(Reply(finish="length"), ["finish reason length"], id="cut short"),
        pytest.param(Reply(model="gpt-5"), ["by the model gpt-5"], id="fallen back"),
        pytest.param(Reply(headers=(("x-left", "0"),)), ["with x-left"], id="unusual lines"),
    ],
)
def test_an_unusual_answer_is_told(
    message: MakeCall, answer: Answer, told: list[str] | None
) -> None:
    outcome = Outcome(call=message(answers=(answer,)))
    [call] = evidence(observe([outcome], []), [], KEY, "")["calls"]
    assert call.get("answers") == told


def test_every_way_a_stream_can_end_has_words() -> None:
    assert set(_ENDINGS) == set(get_args(Ending))
