"""Bodies and events as measured on LiteLLM 1.106.2 in front of an OpenAI model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

PATH = "/v1beta/models/m:generateContent"
STREAM = "/v1beta/models/m:streamGenerateContent?alt=sse"
ASKED: dict[str, Any] = {"contents": []}
CALL = ToolCall(name="read", arguments='{"path":"a.txt"}')
CALL_PART = {"functionCall": {"name": "read", "args": {"path": "a.txt"}}}


def test_a_json_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hi"))
    assert wire.call(PATH, ASKED | {"stream": True}).body == (
        b'{"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"},'
        b'"finishReason":"STOP","index":0,"safetyRatings":[]}],"usageMetadata":'
        b'{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":30}}'
    )


def test_a_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="a b"))
    assert wire.call(STREAM, ASKED).pieces == (
        (
            b'data: {"candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, '
            b'"finishReason": null, "index": 0, "safetyRatings": []}]}\n\n'
        ),
        (
            b'data: {"candidates": [{"content": {"parts": [{"text": " b"}], "role": "model"}, '
            b'"finishReason": null, "index": 0, "safetyRatings": []}]}\n\n'
        ),
        (
            b'data: {"candidates": [{"content": {"parts": [], "role": "model"}, '
            b'"finishReason": "STOP", "index": 0, "safetyRatings": []}], "usageMetadata": '
            b'{"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0}}\n\n'
        ),
    )


def test_text_before_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    reply = Reply(text="I look.", tool_calls=(CALL, CALL))
    fake_litellm.script(reply, reply)
    (candidate,) = wire.call(PATH, ASKED).json["candidates"]
    assert candidate["content"]["parts"] == [{"text": "I look."}, CALL_PART, CALL_PART]
    assert candidate["finishReason"] == "STOP"
    events = [event["candidates"][0] for event in wire.call(STREAM, ASKED).events]
    assert [event["content"]["parts"] for event in events] == [
        [{"text": "I"}],
        [{"text": " look."}],
        [CALL_PART],
        [CALL_PART],
        [],
    ]
    assert [event["finishReason"] for event in events] == [*[None] * 4, "STOP"]


def test_reasoning_is_dropped(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    reply = Reply(reasoning="hm", tool_calls=(CALL,))
    fake_litellm.script(reply, reply)
    (candidate,) = wire.call(PATH, ASKED).json["candidates"]
    assert candidate["content"]["parts"] == [CALL_PART]
    events = wire.call(STREAM, ASKED).events
    parts = [event["candidates"][0]["content"]["parts"] for event in events]
    assert parts == [[CALL_PART], []]


@pytest.mark.parametrize("litellm", ["1.106.2", "1.109.1"])
def test_a_failure_in_mid_stream(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire], litellm: str
) -> None:
    server = serve(litellm=litellm, reply=Reply(ends="error-event"))
    answer = connect(server).call(STREAM, ASKED)
    assert len(answer.pieces) == 2
    assert answer.events[-1]["error"]["message"] == (
        "litellm.MidStreamFallbackError: litellm.APIConnectionError: APIConnectionError: "
        "OpenAIException - scripted failure in mid-stream"
    )


def test_a_failure_in_litellms_envelope(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=429, message="no"))
    assert wire.call(PATH, ASKED).error == {
        "message": "no",
        "type": "throttling_error",
        "param": None,
        "code": "429",
    }


@pytest.mark.parametrize(
    ("query", "status"), [("?key=sk-1", 200), ("?key=wrong", 400), ("?alt=sse", 401)]
)
def test_the_key_may_be_in_the_query(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    query: str,
    status: int,
) -> None:
    wire = connect(serve(api_key="sk-1"))
    assert wire.call(PATH + query, ASKED).status == status
    assert wire.call("/v1/embeddings?key=sk-1", {"model": "m", "input": "x"}).status == 401


def test_only_one_of_the_routes_wants_contents(wire: Wire) -> None:
    assert wire.call(PATH, {}).error["param"] == "contents"
    assert wire.call(STREAM, {}).status == 200


def test_a_body_names_no_other_model(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    answer = connect(serve(models=["m"])).call(PATH, ASKED | {"model": "other"})
    assert dict(answer.headers)["x-litellm-model-group"] == "m"
