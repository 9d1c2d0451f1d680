"""Bodies and events as measured on LiteLLM 1.106.2 in front of an OpenAI model."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

PATH = "/v1/messages"
ASKED: dict[str, Any] = {"model": "alias", "max_tokens": 9, "messages": []}
STREAMED = ASKED | {"stream": True}
CALL = ToolCall(name="read", arguments='{"path":"a.txt"}', id="call_7")
START = (
    'event: message_start\ndata: {"type": "message_start", "message": {"id": "msg_UUID", '
    '"type": "message", "role": "assistant", "content": [], "model": "alias", '
    '"stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 0, '
    '"output_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}}}\n\n'
)


def settled(body: bytes) -> str:
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", body.decode())


def test_a_json_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hi"))
    body = re.sub(rb'"resp_[^"]+"', b'"resp_PACKED"', wire.call(PATH, ASKED).body)
    assert body.decode() == (
        '{"id":"resp_PACKED","type":"message","role":"assistant","model":"alias",'
        '"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":20},'
        '"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_details":null}'
    )


def test_the_deployment_is_in_the_id(wire: Wire) -> None:
    answer = wire.call(PATH, ASKED)
    packed = base64.b64decode(answer.json["id"].removeprefix("resp_")).decode()
    deployment = dict(answer.headers)["x-litellm-model-id"]
    name, _, own = packed.rpartition(":")
    assert name == f"litellm:custom_llm_provider:openai;model_id:{deployment};response_id"
    assert re.fullmatch(r"resp_[0-9a-f]{32}", own)


def test_text_before_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="I look.", tool_calls=(CALL, CALL)))
    answer = wire.call(PATH, ASKED).json
    call = {"type": "tool_use", "id": "call_7", "name": "read", "input": {"path": "a.txt"}}
    assert answer["content"] == [{"type": "text", "text": "I look."}, call, call]
    assert answer["stop_reason"] == "tool_use"


def test_a_call_after_reasoning(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(reasoning="hm", tool_calls=(CALL,)))
    answer = wire.call(PATH, ASKED).json
    assert answer["stop_reason"] == "tool_use"
    assert answer["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": None},
        {"type": "tool_use", "id": "call_7", "name": "read", "input": {"path": "a.txt"}},
    ]


def test_arguments_that_are_not_json(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=(ToolCall(name="read", arguments="{"),)))
    assert wire.call(PATH, ASKED).json["content"][0]["input"] == {}


def test_usage_tells_cached_tokens_apart(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    counts = Usage(prompt_tokens=10, cached_tokens=6, cache_creation_tokens=1)
    fake_litellm.script(Reply(usage=counts))
    assert wire.call(PATH, ASKED).json["usage"] == {
        "input_tokens": 3,
        "output_tokens": 20,
        "cache_creation_input_tokens": 1,
        "cache_read_input_tokens": 6,
    }


def test_a_stream_of_text(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="a é"))
    pieces = [settled(piece) for piece in wire.call(PATH, STREAMED).pieces]
    assert pieces[0] == START
    assert "".join(pieces[1:]) == (
        'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, '
        '"content_block": {"type": "text", "text": ""}}\n\n'
        'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
        '"delta": {"type": "text_delta", "text": "a"}}\n\n'
        'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
        '"delta": {"type": "text_delta", "text": " \\u00e9"}}\n\n'
        'event: content_block_stop\ndata: {"type": "content_block_stop", "index": 0}\n\n'
        'event: message_delta\ndata: {"type": "message_delta", "delta": {"stop_reason": '
        '"end_turn", "stop_sequence": null}, "usage": {"input_tokens": 10, '
        '"output_tokens": 20}}\n\n'
        'event: message_stop\ndata: {"type": "message_stop"}\n\n'
    )


def test_a_stream_of_reasoning_and_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(reasoning="hm", tool_calls=(CALL,)))
    events = wire.call(PATH, STREAMED).events
    assert [(event["type"], event.get("index")) for event in events] == [
        ("message_start", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert events[1]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert events[2]["delta"] == {"type": "thinking_delta", "thinking": "hm"}
    assert events[4]["content_block"]["input"] == {}
    halves = [event["delta"] for event in events[5:7]]
    assert {half["type"] for half in halves} == {"input_json_delta"}
    assert "".join(half["partial_json"] for half in halves) == CALL.arguments
    assert events[8]["delta"]["stop_reason"] == "tool_use"


def test_a_call_is_streamed_in_its_pieces(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    call = ToolCall(name="list", arguments='{"a":11}', pieces=('{"a":', "1", "1", "}"))
    fake_litellm.script(Reply(tool_calls=(call,)))
    deltas = [event.get("delta", {}) for event in wire.call(PATH, STREAMED).events]
    told = [delta["partial_json"] for delta in deltas if "partial_json" in delta]
    assert told == ['{"a":', "1", "1", "}"]


def test_a_stream_of_text_and_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="I look.", tool_calls=(CALL, CALL)))
    start, *events, end, stop = wire.call(PATH, STREAMED).events
    assert [(event["type"].removeprefix("content_block_"), event["index"]) for event in events] == [
        *(("start", 0), ("delta", 0), ("delta", 0), ("stop", 0)),
        *(("start", 1), ("delta", 1), ("delta", 1), ("stop", 1)),
        *(("start", 2), ("delta", 2), ("delta", 2), ("stop", 2)),
    ]
    opened = [event["content_block"]["type"] for event in events if "content_block" in event]
    assert opened == ["text", "tool_use", "tool_use"]
    assert [event["delta"]["text"] for event in events[1:3]] == ["I", " look."]
    assert (start["type"], stop["type"]) == ("message_start", "message_stop")
    assert end["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}


def test_a_failure_in_mid_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(ends="error-event"))
    answer = wire.call(PATH, STREAMED)
    assert answer.status == 200
    assert answer.pieces[-1] == (
        b'event: error\ndata: {"type": "error", "error": {"type": "api_error", "message": '
        b'"litellm.InternalServerError: InternalServerError: OpenAIException - '
        b'scripted failure in mid-stream"}}\n\n'
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_a_failure_in_anthropics_envelope(
    wire: Wire, fake_litellm: FakeLiteLLM, status: int, kind: str
) -> None:
    fake_litellm.script(Failure(status=status, message="no"))
    answer = wire.call(PATH, STREAMED)
    assert answer.status == status
    assert answer.json == {"type": "error", "error": {"type": kind, "message": "no"}}


def test_an_unknown_model_is_told_twice(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    error = connect(serve(models=["a"])).call(PATH, ASKED).error
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("anthropic_messages: Invalid model name")
    assert error["provider_specific_fields"] == {"error": error["message"]}


def test_what_is_not_json_is_told_in_litellms_envelope(wire: Wire) -> None:
    wire.request(f"POST {PATH} HTTP/1.1", body=b"{")
    assert wire.answer().error["param"] == "request_body"
