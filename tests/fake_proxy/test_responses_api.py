"""Bodies and events as measured on LiteLLM 1.106.2 in front of OpenAI's Responses API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply, ToolCall, Usage

if TYPE_CHECKING:
    import openai

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Ending
    from tests.fake_proxy.conftest import Wire

PATH = "/v1/responses"
ASKED: dict[str, Any] = {"model": "alias", "input": "x"}
CALL = ToolCall(name="read", arguments='{"path":"a.txt"}', id="call_7")
KEYS = [
    *("id", "created_at", "error", "incomplete_details", "instructions", "metadata", "model"),
    *("object", "output", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p"),
    *("max_output_tokens", "previous_response_id", "reasoning", "status", "text", "truncation"),
    *("usage", "user", "store", "background"),
]
STARTED = [
    *("id", "created_at", "metadata", "model", "object", "output", "parallel_tool_calls"),
    *("temperature", "tool_choice", "tools", "top_p", "reasoning", "status", "text"),
    *("truncation", "store", "background"),
]
TEXT_EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


def settled(value: Any) -> Any:  # noqa: ANN401
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", json.dumps(value))
    return json.loads(text)


def test_a_json_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hi", usage=Usage(cached_tokens=3, reasoning_tokens=4)))
    answer = settled(wire.call(PATH, ASKED).json)
    assert list(answer) == KEYS
    assert answer["id"] == "resp_UUID"
    assert (answer["object"], answer["status"], answer["model"]) == (
        "response",
        "completed",
        "alias",
    )
    assert answer["output"] == [
        {
            "id": "msg_UUID",
            "content": [{"annotations": [], "text": "Hi", "type": "output_text", "logprobs": []}],
            "role": "assistant",
            "status": "completed",
            "type": "message",
            "phase": None,
        }
    ]
    assert answer["usage"]["input_tokens_details"]["cached_tokens"] == 3
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] == 4
    assert answer["usage"]["total_tokens"] == 30


def test_the_order_of_keys(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=(CALL,)), Reply(tool_calls=(CALL,)))
    (call,) = wire.call(PATH, ASKED).json["output"]
    events = wire.call(PATH, ASKED | {"stream": True}).events
    assert list(call) == [
        *("arguments", "call_id", "name", "type", "id", "caller", "namespace", "status")
    ]
    passed_on = ["id", "type", "status", "arguments", "call_id", "name"]
    items = [list(event["item"]) for event in events if "item" in event]
    assert items == [passed_on, passed_on]
    (ended,) = events[-1]["response"]["output"]
    assert list(ended) == ["arguments", "call_id", "name", "type", "id", "status"]


def test_a_repeated_function_has_all_its_keys(wire: Wire) -> None:
    asked = {"type": "function", "name": "read", "parameters": {"type": "object"}}
    (told,) = wire.call(PATH, ASKED | {"tools": [asked]}).json["tools"]
    assert list(told.items()) == [
        ("name", "read"),
        ("parameters", {"type": "object"}),
        ("strict", None),
        ("type", "function"),
        ("allowed_callers", None),
        ("defer_loading", None),
        ("description", None),
        ("output_schema", None),
    ]


def test_what_was_asked_is_repeated(wire: Wire) -> None:
    asked = {"instructions": "be kind", "tools": [{"type": "web_search"}], "temperature": 0}
    answer = wire.call(PATH, ASKED | asked | {"metadata": None}).json
    assert {name: answer[name] for name in asked} == asked
    assert answer["metadata"] == {}


def test_a_call_after_reasoning(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(reasoning="hm", tool_calls=(CALL, CALL)))
    reasoning, call, other = settled(wire.call(PATH, ASKED).json["output"])
    assert reasoning["summary"] == [{"text": "hm", "type": "summary_text"}]
    assert call == {
        "arguments": '{"path":"a.txt"}',
        "call_id": "call_7",
        "name": "read",
        "type": "function_call",
        "id": "fc_UUID-0",
        "status": "completed",
        "caller": None,
        "namespace": None,
    }
    assert other["id"] == "fc_UUID-1"


def test_a_stream_of_text(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="a b"))
    answer = wire.call(PATH, ASKED | {"stream": True})
    events = settled(answer.events)
    assert answer.body.startswith(b'data: {"type":"response.created","response":{"id":"resp_')
    assert [event["type"] for event in events] == TEXT_EVENTS
    assert [event["sequence_number"] for event in events] == list(range(10))
    assert {event["model"] for event in events} == {"alias"}
    assert list(events[0]["response"]) == STARTED
    assert events[4] == {
        "type": "response.output_text.delta",
        "item_id": "msg_UUID",
        "output_index": 0,
        "content_index": 0,
        "delta": "a",
        "sequence_number": 4,
        "logprobs": [],
        "model": "alias",
    }
    ended = events[-1]["response"]
    assert ended["status"] == "completed"
    assert ended["output"][0]["content"][0]["text"] == "a b"
    assert ended["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 30,
    }


def test_a_stream_of_reasoning_and_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(reasoning="hm", tool_calls=(CALL,)))
    events = wire.call(PATH, ASKED | {"stream": True}).events
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert (events[8]["item"]["arguments"], events[8]["item"]["status"]) == ("", "in_progress")
    assert events[9]["delta"] + events[10]["delta"] == CALL.arguments
    assert events[12]["output_index"] == 1


def test_each_call_is_streamed_in_its_pieces(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    second = ToolCall(name="list", arguments='{"a":11}', pieces=('{"a":', "1", "1", "}"))
    fake_litellm.script(Reply(text="I look.", tool_calls=(CALL, second)))
    events = wire.call(PATH, ASKED | {"stream": True}).events
    deltas = [event for event in events if event["type"].endswith("arguments.delta")]
    told = [[event["delta"] for event in deltas if event["output_index"] == n] for n in (1, 2)]
    assert (len(told[0]), told[1]) == (2, ['{"a":', "1", "1", "}"])


def test_text_before_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="I look.", tool_calls=(CALL, CALL)))
    message, *calls = wire.call(PATH, ASKED).json["output"]
    assert (message["type"], message["content"][0]["text"]) == ("message", "I look.")
    assert [call["type"] for call in calls] == ["function_call", "function_call"]


def test_a_stream_of_text_and_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="I look.", tool_calls=(CALL, CALL)))
    events = wire.call(PATH, ASKED | {"stream": True}).events
    added = [event for event in events if event["type"] == "response.output_item.added"]
    assert [(event["output_index"], event["item"]["type"]) for event in added] == [
        (0, "message"),
        (1, "function_call"),
        (2, "function_call"),
    ]
    deltas = [event for event in events if "delta" in event]
    assert [event["output_index"] for event in deltas] == [0, 0, 1, 1, 2, 2]
    assert [event["delta"] for event in deltas[:2]] == ["I", " look."]
    assert [item["type"] for item in events[-1]["response"]["output"]] == [
        *("message", "function_call", "function_call")
    ]


def test_a_failure_in_mid_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(ends="error-event"))
    answer = wire.call(PATH, ASKED | {"stream": True})
    assert answer.status == 200
    assert answer.pieces[-2].startswith(b'event: response.failed\ndata: {"type":"response.failed"')
    assert answer.pieces[-1] == b"data: [DONE]\n\n"
    failed = answer.events[-1]
    assert failed["sequence_number"] == 5
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {
        "code": "server_error",
        "message": "scripted failure in mid-stream",
    }
    assert failed["response"]["id"] == answer.events[0]["response"]["id"]


def test_the_sdk_finishes_two_turns(client: openai.OpenAI) -> None:
    first = client.responses.create(model="m", input="x")
    second = client.responses.create(model="m", input="y", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert first.output_text == second.output_text == "Hello from the fake LiteLLM."


def test_the_sdk_reads_a_stream(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=(CALL,)))
    events = list(client.responses.create(model="m", input="x", stream=True))
    ended = events[-1]
    assert ended.type == "response.completed"
    assert [item.type for item in ended.response.output] == ["function_call"]


# The SDK's own words for a broken connection changed between its releases.
@pytest.mark.parametrize("ends", ["drop", "reset"])
@pytest.mark.parametrize("error", [Exception])
def test_the_sdk_reports_a_broken_stream(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM, ends: Ending, error: type[Exception]
) -> None:
    fake_litellm.script(Reply(ends=ends))
    with (
        client.responses.create(model="m", input="x", stream=True) as stream,
        pytest.raises(error),
    ):
        list(stream)
