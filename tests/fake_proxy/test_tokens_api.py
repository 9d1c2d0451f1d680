"""Answers as measured on LiteLLM 1.106.2; the numbers for short English texts as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

HI = [{"role": "user", "content": "hi"}]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
COUNT = "/v1/messages/count_tokens"
COUNTER = "/utils/token_counter"
GEMINI = "/v1beta/models/m:countTokens"
INPUT = "/v1/responses/input_tokens"
PATHS = [COUNT, COUNTER, GEMINI, INPUT]
WHOLE: dict[str, Any] = {"model": "m", "messages": HI, "contents": [], "input": "hi"}


@pytest.mark.parametrize(
    ("body", "count"),
    [
        pytest.param({"messages": HI}, 8, id="text"),
        pytest.param({"messages": PARTS}, 8, id="parts"),
        pytest.param({"messages": HI * 2}, 13, id="two"),
        pytest.param({"messages": HI, "system": "be kind"}, 10, id="system"),
        pytest.param({"messages": "hi"}, 4, id="not a list"),
    ],
)
def test_messages_are_counted(wire: Wire, body: dict[str, Any], count: int) -> None:
    answer = wire.call(COUNT, body | {"model": "m"})
    told = f'{{"input_tokens":{count},"litellm_count_source":"local_estimate"}}'
    assert (answer.status, answer.body.decode()) == (200, told)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param({}, "model", id="no model"),
        pytest.param({"model": "m"}, "messages", id="no messages"),
        pytest.param({"model": "m", "messages": []}, "messages", id="empty"),
    ],
)
def test_messages_that_cannot_be_counted(wire: Wire, body: dict[str, Any], name: str) -> None:
    answer = wire.call(COUNT, body)
    assert answer.status == 400
    assert answer.json == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": f"{name} parameter is required"},
    }


@pytest.mark.parametrize(
    ("body", "count"),
    [
        pytest.param({"messages": HI}, 8, id="messages"),
        pytest.param({"prompt": "hello world"}, 2, id="prompt"),
    ],
)
def test_the_token_counter(wire: Wire, body: dict[str, Any], count: int) -> None:
    assert wire.call(COUNTER, body | {"model": "m"}).body.decode() == (
        f'{{"total_tokens":{count},"request_model":"m","model_used":"m","tokenizer_type":'
        '"openai_tokenizer","count_source":"local_estimate","original_response":null,'
        '"error":false,"error_message":null,"status_code":null}'
    )


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        pytest.param(
            b"{",
            422,
            [{"type": "json_invalid", "loc": ["body", 1], "msg": "JSON decode error"}],
            id="not JSON",
        ),
        pytest.param(
            b"{}",
            422,
            [{"type": "missing", "loc": ["body", "model"], "msg": "Field required"}],
            id="no model",
        ),
        pytest.param(
            b'{"model": 7}',
            422,
            [
                {
                    "type": "string_type",
                    "loc": ["body", "model"],
                    "msg": "Input should be a valid string",
                }
            ],
            id="a model that is no text",
        ),
        pytest.param(
            b'{"model": "m"}',
            400,
            "prompt or messages or contents must be provided",
            id="nothing to count",
        ),
    ],
)
def test_the_token_counter_refuses(wire: Wire, body: bytes, status: int, detail: object) -> None:
    wire.request(f"POST {COUNTER} HTTP/1.1", body=body)
    answer = wire.answer()
    assert (answer.status, answer.json) == (status, {"detail": detail})


@pytest.mark.parametrize("path", [GEMINI, "/models/m:countTokens"])
def test_gemini_contents_are_counted(wire: Wire, path: str) -> None:
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    expected = {"litellm_count_source": "local_estimate", "promptTokensDetails": []}
    assert wire.call(path, {"contents": contents}).json == expected | {"totalTokens": 8}
    assert wire.call(path, {}).json == expected | {"totalTokens": 3}


@pytest.mark.parametrize("asked", ["hi", HI])
def test_a_responses_input_is_counted(wire: Wire, asked: object) -> None:
    assert wire.call(INPUT, {"model": "m", "input": asked}).json == {
        "object": "response.input_tokens",
        "input_tokens": 8,
        "litellm_count_source": "local_estimate",
    }


def test_a_missing_responses_input(wire: Wire) -> None:
    answer = wire.call(INPUT, {"model": "m"})
    assert answer.error == {
        "message": "Missing required parameter: 'input'.",
        "type": "invalid_request_error",
        "param": "input",
        "code": "missing_required_parameter",
    }


@pytest.mark.parametrize("path", PATHS)
def test_counting_needs_a_key_and_neither_session_nor_known_model(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire], path: str
) -> None:
    server = serve(api_key="sk-1", missing_session_id="reject", models=["other"])
    assert connect(server).call(path, WHOLE).status == 401
    assert connect(server).call(path, WHOLE, "x-api-key: sk-1").status == 200
    assert not server.journal[1].session.rejected
