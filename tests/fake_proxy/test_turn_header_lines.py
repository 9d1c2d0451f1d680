"""LiteLLM's header lines on every route that carries a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure

if TYPE_CHECKING:
    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

CHAT: dict[str, Any] = {"model": "m", "messages": []}
TEXT: dict[str, Any] = {"model": "m", "prompt": "x"}
CHAT_TEXT = TEXT | {"model": "gpt-4o"}
EMBED: dict[str, Any] = {"model": "m", "input": "x"}
RESPONSE: dict[str, Any] = {"model": "m", "input": "x"}
MESSAGE: dict[str, Any] = {"model": "m", "messages": [], "max_tokens": 9}
GEMINI: dict[str, Any] = {"contents": []}

COMMON = ["x-litellm-version", "x-litellm-response-cost", "x-litellm-key-spend"]
CHECKED = [
    pytest.param("/v1/chat/completions", COMMON[1:], id="chat"),
    pytest.param("/v1/completions", [], id="completions"),
    pytest.param("/v1/embeddings", COMMON, id="embeddings"),
    pytest.param("/v1/responses", COMMON, id="responses"),
    pytest.param("/v1/messages", [], id="messages"),
    pytest.param("/v1beta/models/m:generateContent", COMMON, id="gemini"),
]


@pytest.mark.parametrize(("path", "lines"), CHECKED)
def test_the_lines_of_a_refusal(wire: Wire, path: str, lines: list[str]) -> None:
    names = wire.call(path, {"model": 7}).names
    assert [name for name in names if "litellm" in name] == ["x-litellm-call-id", *lines]


@pytest.mark.parametrize(
    ("path", "body", "lines"),
    [
        pytest.param("/v1/completions", TEXT, [], id="completions"),
        pytest.param("/v1/embeddings", EMBED, [*COMMON, "x-litellm-timeout"], id="embeddings"),
        pytest.param(
            "/v1/responses",
            RESPONSE,
            ["x-litellm-model-id", *COMMON, "x-litellm-timeout"],
            id="responses",
        ),
        pytest.param(
            "/v1/messages",
            MESSAGE,
            ["x-litellm-model-id", *COMMON, "x-litellm-timeout"],
            id="messages",
        ),
        pytest.param(
            "/v1beta/models/m:generateContent",
            GEMINI,
            [*COMMON, "x-litellm-timeout"],
            id="gemini",
        ),
    ],
)
def test_the_lines_of_a_failure(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any], lines: list[str]
) -> None:
    fake_litellm.script(Failure(status=500))
    names = wire.call(path, body).names
    assert [name for name in names if "litellm" in name] == ["x-litellm-call-id", *lines]


@pytest.mark.parametrize(
    ("path", "body", "seconds"),
    [
        pytest.param("/v1/chat/completions", CHAT, "6000.0", id="chat"),
        pytest.param("/v1/embeddings", EMBED, "6000.0", id="embeddings"),
        pytest.param("/v1/responses", RESPONSE, "600.0", id="responses"),
        pytest.param("/v1/messages", MESSAGE, "600.0", id="messages"),
    ],
)
def test_a_failure_tells_the_timeout(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any], seconds: str
) -> None:
    fake_litellm.script(Failure(status=500))
    assert ("x-litellm-timeout", seconds) in wire.call(path, body).headers


@pytest.mark.parametrize(
    ("path", "body", "missing"),
    [
        pytest.param(
            "/v1/messages",
            MESSAGE,
            {"x-litellm-model-api-base", "x-litellm-callback-duration-ms"},
            id="messages",
        ),
        pytest.param(
            "/v1/completions",
            TEXT | {"stream": True},
            {
                *("x-litellm-model-api-base", "x-litellm-response-cost-input"),
                "x-litellm-overhead-duration-ms",
            },
            id="completions, streamed",
        ),
        pytest.param("/v1/completions", TEXT, {"x-litellm-overhead-duration-ms"}, id="completions"),
        pytest.param(
            "/v1/completions",
            CHAT_TEXT | {"stream": True},
            {"x-litellm-model-api-base", "x-litellm-response-cost-input"},
            id="completions of a chat model, streamed",
        ),
        pytest.param(
            "/v1beta/models/m:generateContent",
            GEMINI,
            {
                *("x-litellm-model-name", "x-litellm-response-cost-input"),
                "x-litellm-overhead-duration-ms",
            },
            id="gemini",
        ),
    ],
)
def test_lines_that_an_api_leaves_out(
    wire: Wire, path: str, body: dict[str, Any], missing: set[str]
) -> None:
    names = set(wire.call(path, body).names)
    assert "x-litellm-model-group" in names
    assert not names & missing
    assert missing <= set(wire.chat().names)
