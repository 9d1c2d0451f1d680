"""Bodies as measured on LiteLLM 1.106.2, of text models and of OpenAI's chat models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    import openai

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

PATH = "/v1/completions"
ASKED: dict[str, Any] = {"model": "alias", "prompt": "x"}
OF_CHAT_MODEL = ASKED | {"model": "gpt-4o"}


def settled(body: bytes) -> str:
    text = re.sub(r'"created":\d+', '"created":0', body.decode())
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)


def test_a_json_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="é ✓"))
    assert settled(wire.call(PATH, ASKED).body) == (
        '{"id":"cmpl-UUID","object":"text_completion","created":0,"model":"alias",'
        '"choices":[{"finish_reason":"stop","index":0,"text":"é ✓","logprobs":null}],'
        '"usage":{"completion_tokens":20,"prompt_tokens":10,"total_tokens":30,'
        '"completion_tokens_details":null,"prompt_tokens_details":null},'
        '"system_fingerprint":null}'
    )


@pytest.mark.parametrize(
    ("model", "of_chat_model"),
    [
        pytest.param("gpt-4o", True, id="gpt-4o"),
        pytest.param("o3-mini", True, id="o3-mini"),
        pytest.param("ft:gpt-4o:acme", True, id="fine-tuned"),
        pytest.param("gpt-3.5-turbo-instruct", False, id="instruct"),
        pytest.param("openai/gpt-4o", False, id="an alias"),
        pytest.param("codestral", False, id="of another provider"),
    ],
)
def test_openais_chat_models_are_told_by_their_names(
    wire: Wire,
    model: str,
    of_chat_model: bool,  # noqa: FBT001
) -> None:
    answer = wire.call(PATH, ASKED | {"model": model}).json
    assert answer["id"].startswith("chatcmpl-") == of_chat_model
    assert ("system_fingerprint" not in answer) == of_chat_model


def test_the_model_in_the_path_is_the_one_that_tells(wire: Wire) -> None:
    answer = wire.call("/engines/gpt-4o/completions", ASKED).json
    assert answer["id"].startswith("chatcmpl-")


def test_details_of_usage(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(usage=Usage(reasoning_tokens=4, cached_tokens=3)))
    usage = wire.call(PATH, ASKED).json["usage"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 4}
    assert list(usage)[-1] == "prompt_tokens_details"
    assert usage["prompt_tokens_details"] == {
        "audio_tokens": None,
        "cached_tokens": 3,
        "text_tokens": None,
        "image_tokens": None,
        "video_tokens": None,
    }


def test_a_stream(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="a b"))
    pieces = wire.call(PATH, ASKED | {"stream": True}).pieces
    zeros = '"usage":{"completion_tokens":0,"prompt_tokens":0,"total_tokens":0}}\n\n'
    base = 'data: {"id":"cmpl-UUID","object":"text_completion","created":0,"model":"alias",'
    assert [settled(piece) for piece in pieces] == [
        base + '"choices":[{"index":0,"text":"a"}],' + zeros,
        base + '"choices":[{"index":0,"text":" b"}],' + zeros,
        base + '"choices":[{"finish_reason":"stop","index":0}],' + zeros,
        "data: [DONE]\n\n",
    ]


def test_a_stream_of_a_chat_model_opens_with_an_empty_text(wire: Wire) -> None:
    first, second, *_ = wire.call(PATH, OF_CHAT_MODEL | {"stream": True}).events
    assert first["id"].startswith("chatcmpl-")
    assert [first["choices"][0]["text"], second["choices"][0]["text"]] == ["", "Hello"]


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
    assert last["usage"]["completion_tokens_details"] == {"reasoning_tokens": 0, "text_tokens": 20}


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
