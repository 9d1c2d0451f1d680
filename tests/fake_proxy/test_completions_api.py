"""Bodies as measured on LiteLLM 1.106.2 in front of an OpenAI chat model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fake_litellm import Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    import openai

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

PATH = "/v1/completions"
ASKED: dict[str, Any] = {"model": "alias", "prompt": "x"}


def settled(body: bytes) -> str:
    text = re.sub(r'"created":\d+', '"created":0', body.decode())
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)


def test_a_json_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="é ✓"))
    assert settled(wire.call(PATH, ASKED).body) == (
        '{"id":"chatcmpl-UUID","object":"text_completion","created":0,"model":"alias",'
        '"choices":[{"finish_reason":"stop","index":0,"text":"é ✓","logprobs":null}],'
        '"usage":{"completion_tokens":20,"prompt_tokens":10,"total_tokens":30,'
        '"completion_tokens_details":null,"prompt_tokens_details":null}}'
    )


def test_details_of_usage(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(usage=Usage(reasoning_tokens=4)))
    usage = wire.call(PATH, ASKED).json["usage"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 4}


def test_a_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="a b"))
    pieces = wire.call(PATH, ASKED | {"stream": True}).pieces
    zeros = '"usage":{"completion_tokens":0,"prompt_tokens":0,"total_tokens":0}}\n\n'
    base = 'data: {"id":"chatcmpl-UUID","object":"text_completion","created":0,"model":"alias",'
    assert [settled(piece) for piece in pieces] == [
        base + '"choices":[{"index":0,"text":""}],' + zeros,
        base + '"choices":[{"index":0,"text":"a"}],' + zeros,
        base + '"choices":[{"index":0,"text":" b"}],' + zeros,
        base + '"choices":[{"finish_reason":"stop","index":0}],' + zeros,
        "data: [DONE]\n\n",
    ]


def test_1_109_1_sends_no_zeros(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    answer = connect(serve(litellm="1.109.1")).call(PATH, ASKED | {"stream": True})
    assert all("usage" not in event for event in answer.events)


def test_a_stream_with_usage(wire: Wire) -> None:
    body = ASKED | {"stream": True, "stream_options": {"include_usage": True}}
    *events, last = wire.call(PATH, body).events
    assert all("usage" not in event for event in events)
    assert last["choices"] == [{"index": 0}]
    assert last["usage"]["total_tokens"] == 30


def test_an_unknown_model_is_told_as_an_exception(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    assert connect(serve(models=["a"])).call(PATH, ASKED).error == {
        "message": "400: {'error': '/completions: Invalid model name passed in model=alias. "
        "Call `/v1/models` to view available models for your key.'}",
        "type": "None",
        "param": "None",
        "code": "400",
    }


def test_an_error_event(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(ends="error-event"))
    *_, last = wire.call(PATH, ASKED | {"stream": True}).pieces
    assert last == (
        b'data: {"error": {"message": "litellm.MidStreamFallbackError: litellm.APIConnectionError: '
        b'APIConnectionError: OpenAIException - scripted failure in mid-stream", "type": null, '
        b'"param": null, "code": "500"}}\n\n'
    )


def test_the_sdk_reads_both(client: openai.OpenAI) -> None:
    assert client.completions.create(model="m", prompt="x").choices[0].text.startswith("Hello")
    stream = client.completions.create(model="m", prompt="x", stream=True)
    texts = [chunk.choices[0].text or "" for chunk in stream]
    assert "".join(texts) == "Hello from the fake LiteLLM."
