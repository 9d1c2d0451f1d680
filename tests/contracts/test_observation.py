from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._observation import Outcome, observe, owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]


def test_requests_are_numbered_from_one_and_given_to_their_calls(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    first, second = message("first"), message("second", judged=False)
    observation = seen([first, second], sent("second"), sent("first"), sent("first"), sent("none"))
    assert [one.number for one in observation.seen] == [1, 2, 3, 4]
    assert [one.number for one in observation.requests_of(first)] == [2, 3]
    assert [one.number for one in observation.requests_of(second)] == [1]
    assert observation.seen[3].call is None
    assert [outcome.call for outcome in observation.judged()] == [first]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            {"messages": [{"content": "[one]"}, {"content": "[two]"}]}, id="the newest message"
        ),
        pytest.param({"messages": [{"content": "[one] [two]"}]}, id="the last in one message"),
        pytest.param(
            {"messages": [{"content": [{"text": "[one]"}, {"text": "[two]"}]}]}, id="parts"
        ),
        pytest.param({"messages": "", "input": ["[one]", "[two]"]}, id="responses API"),
        pytest.param({"messages": None, "prompt": "[one][two]"}, id="not chat-shaped"),
    ],
)
def test_the_marker_that_comes_last_decides(
    message: MakeCall, sent: Sent, body: dict[str, Any]
) -> None:
    one, two = message("one"), message("two")
    request = sent("", **body)
    assert owner(request, [one, two]) is two
    assert owner(request, [two, one]) is two


def test_what_is_no_json_for_litellm_is_read_all_the_same(message: MakeCall, sent: Sent) -> None:
    call = message("one")
    escaped = "".join(f"\\u{ord(character):04x}" for character in call.marker)
    body = f'{{"messages": [{{"content": "{escaped}\\ud83d"}}]}}'.encode()
    assert owner(replace(sent("none"), json=None, body=body), [call]) is call
    assert owner(replace(sent("none"), json=None, body=b"[one] \xff"), [call]) is call
    assert owner(replace(sent("none"), json=None, body=b""), [call]) is None


def test_calls_that_share_a_text_are_told_apart_by_their_order(
    message: MakeCall, sent: Sent
) -> None:
    one, two = message("one"), message("two", marker="[one]")
    outcomes = [Outcome(call=one), Outcome(call=two, began=2)]
    observation = observe(outcomes, [sent("one"), sent("one"), sent("one")])
    assert [seen.call for seen in observation.seen] == [one, one, two]


@pytest.mark.parametrize("task_id", ["task-0002", ["a", "list"], {"a": "table"}, None])
def test_calls_of_one_text_at_the_same_time_may_have_any_task_id(
    message: MakeCall, sent: Sent, task_id: object
) -> None:
    one = message("one", marker="[same]")
    two = message("two", task_id, marker="[same]", together="one")
    assert owner(sent("same", ("X-Zoo-Session-ID", "task-0001")), [two, one]) is one


def test_calls_of_one_text_at_the_same_time_share_what_names_none_of_them(
    message: MakeCall, sent: Sent
) -> None:
    one = message("one", "task-0001", marker="[same]")
    two = message("two", "task-0002", marker="[same]", together="one")
    named, nameless = sent("same", ("X-Zoo-Session-ID", "task-0002")), sent("same")
    for journal in ([named, nameless], [nameless, named]):
        observation = observe([Outcome(call=one), Outcome(call=two)], journal)
        assert len(observation.requests_of(one)) == len(observation.requests_of(two)) == 1
        assert observation.requests_of(two)[0].request is named


@pytest.mark.parametrize(
    "path",
    [
        "/utils/token_counter",
        "/v1/messages/count_tokens",
        "/v1/responses/input_tokens",
        "/v1beta/models/gemini-2.5-pro:countTokens",
    ],
)
def test_counting_the_tokens_of_a_text_is_not_the_call(
    message: MakeCall, sent: Sent, path: str
) -> None:
    assert owner(sent("one", path=path), [message("one")]) is None


def test_what_was_seen_of_some_calls_is_numbered_anew(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    first, second = message("first"), message("second")
    whole = seen([first, second], sent("first"), sent("none"), sent("second"))
    part = whole.about(["second"])
    assert [outcome.call for outcome in part.outcomes] == [second]
    assert [(one.number, one.call) for one in part.seen] == [(1, None), (2, second)]
    assert whole.about([]) is whole


def test_a_body_that_is_not_json_is_searched_as_a_whole(message: MakeCall, sent: Sent) -> None:
    request = replace(sent(""), body=b"\xff [one]", json=None)
    assert owner(request, [message("one")]) == message("one")
    assert owner(request, [message("two")]) is None


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param(
            [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab", id="joined"
        ),
        pytest.param([{"type": "reasoning", "text": "a"}, {"text": "b"}, "c"], "", id="not text"),
        pytest.param([{"type": "text"}], "", id="a text chunk without text"),
    ],
)
def test_the_streamed_text(message: MakeCall, chunks: list[Any], text: str) -> None:
    assert Outcome(call=message(), chunks=chunks).received_text == text


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        pytest.param("Hi.", "Hi.", id="text"),
        pytest.param(None, "", id="nothing"),
        pytest.param(5, "", id="not a text"),
    ],
)
def test_the_completed_text(prompt: MakeCall, returned: object, text: str) -> None:
    assert Outcome(call=prompt(), text=returned).received_text == text


def test_calls_that_failed_in_a_row_are_counted_for_each_handler(
    message: MakeCall, sent: Sent
) -> None:
    outcomes = [
        Outcome(call=message(f"call-{number}", handler=handler), error=error)
        for number, (handler, error) in enumerate(
            [("a", "E"), ("b", None), ("a", "E"), ("b", "E"), ("a", None), ("a", "E"), ("b", None)]
        )
    ]
    requests = [sent(outcome.call.name) for outcome in outcomes]
    observed = observe(outcomes, requests).about({"call-2", "call-4", "call-5", "call-6"})
    assert [one.failed_before for one in observed.outcomes] == [1, 2, 0, 1]
    assert {one.failed_before for one in observe(outcomes, []).outcomes} == {0}


def test_the_whole_is_judged_also_where_a_contract_judges_less(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    calls = [message("one", judged=False), message("two"), message("three", may_refuse=True)]
    whole = seen(calls, sent("one"), sent("two")).whole()
    assert [outcome.call.name for outcome in whole.judged()] == ["one", "two"]
    assert len(whole.requests_of(calls[0])) == 1


@pytest.mark.parametrize(
    ("change", "is_stray"),
    [
        pytest.param({}, True, id="a post without a text"),
        pytest.param({"method": "GET"}, False, id="a get"),
        pytest.param({"path": "/utils/token_counter"}, False, id="counting"),
    ],
)
def test_a_request_of_no_call_may_be_one_whose_text_was_lost(
    message: MakeCall, sent: Sent, seen: Seen, change: dict[str, str], *, is_stray: bool
) -> None:
    [one] = seen([message()], replace(sent("none"), **change)).seen
    assert one.is_stray is is_stray
    [own] = seen([message()], sent("ask")).seen
    assert not own.is_stray
