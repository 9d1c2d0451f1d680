"""What holds on every route that carries a session: checks in order, failures, redirects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Redirect, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Answer, Wire

SESSION = "X-Zoo-Session-ID: task-0001"
NO_SESSION = "Request has no session id."
CHAT: dict[str, Any] = {"model": "m", "messages": []}
TEXT: dict[str, Any] = {"model": "m", "prompt": "x"}
EMBED: dict[str, Any] = {"model": "m", "input": "x"}
RESPONSE: dict[str, Any] = {"model": "m", "input": "x"}
MESSAGE: dict[str, Any] = {"model": "m", "messages": [], "max_tokens": 9}
GEMINI: dict[str, Any] = {"contents": []}

PATHS = [
    pytest.param("/v1/chat/completions", CHAT, id="chat"),
    pytest.param("/engines/m/chat/completions", CHAT, id="engines chat"),
    pytest.param("/openai/deployments/m/chat/completions", CHAT, id="azure chat"),
    pytest.param("/v1/completions", TEXT, id="completions"),
    pytest.param("/completions", TEXT, id="completions without v1"),
    pytest.param("/engines/m/completions", TEXT, id="engines completions"),
    pytest.param("/openai/deployments/m/completions", TEXT, id="azure completions"),
    pytest.param("/v1/embeddings", EMBED, id="embeddings"),
    pytest.param("/embeddings", EMBED, id="embeddings without v1"),
    pytest.param("/engines/m/embeddings", EMBED, id="engines embeddings"),
    pytest.param("/openai/deployments/m/embeddings", EMBED, id="azure embeddings"),
    pytest.param("/v1/responses", RESPONSE, id="responses"),
    pytest.param("/responses", RESPONSE, id="responses without v1"),
    pytest.param("/openai/v1/responses", RESPONSE, id="openai responses"),
    pytest.param("/v1/messages", MESSAGE, id="messages"),
    pytest.param("/v1beta/models/m:generateContent", GEMINI, id="gemini"),
    pytest.param("/models/m:generateContent", GEMINI, id="gemini without v1beta"),
    pytest.param("/v1beta/models/m:streamGenerateContent", GEMINI, id="gemini stream"),
    pytest.param("/models/m:streamGenerateContent", GEMINI, id="gemini stream without v1beta"),
]


def message_of(answer: Answer) -> str:
    return str(answer.error["message"])


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_answers_and_records_its_session(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    assert wire.call(f"{path}?beta=true&alt=sse", body, SESSION).status == 200
    assert fake_litellm.journal[0].session.session_id == "task-0001"


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_wants_the_key(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    path: str,
    body: dict[str, Any],
) -> None:
    wire = connect(serve(api_key="sk-1"))
    assert wire.call(path, body).status == 401
    assert wire.call(path, body, "Authorization: Bearer wrong").status == 400
    assert wire.call(path, body, "x-api-key: sk-1").status == 200
    assert wire.call(path, body, "x-goog-api-key: sk-1").status == 200


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_refuses_a_missing_session(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    path: str,
    body: dict[str, Any],
) -> None:
    wire = connect(serve(missing_session_id="reject"))
    answer = wire.call(path, {"model": "m"})  # before any parameter is missed
    assert answer.status == 400
    assert message_of(answer).startswith(NO_SESSION)
    assert wire.call(path, body, SESSION).status == 200


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_refuses_a_model_that_is_no_text(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    path: str,
    body: dict[str, Any],
) -> None:
    answer = connect(serve(missing_session_id="reject")).call(path, body | {"model": 7})
    assert (answer.status, message_of(answer)) == (400, "'model' must be a string.")


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_refuses_an_unknown_model(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    path: str,
    body: dict[str, Any],
) -> None:
    answer = connect(serve(models=["other"])).call(path, body)
    assert answer.status == 400
    assert "Invalid model name passed in model=m. Call `/v1/models`" in message_of(answer)


@pytest.mark.parametrize(
    ("path", "name", "null"),
    [
        pytest.param("/v1/chat/completions", "messages", True, id="chat"),
        pytest.param("/v1/completions", "prompt", False, id="completions"),
        pytest.param("/v1/embeddings", "input", True, id="embeddings"),
        pytest.param("/v1/responses", "input", True, id="responses"),
        pytest.param("/v1/messages", "messages", False, id="messages"),
        pytest.param("/v1beta/models/m:generateContent", "contents", False, id="gemini"),
    ],
)
def test_a_route_refuses_a_body_without_its_parameter(
    wire: Wire, path: str, name: str, *, null: bool
) -> None:
    missing = f"Missing required parameter: '{name}'."
    assert message_of(wire.call(path, {"model": "m"})).endswith(missing)
    answer = wire.call(path, {"model": "m", "max_tokens": 9, name: None})
    assert (answer.status == 400) is null


def test_messages_needs_max_tokens(wire: Wire) -> None:
    answer = wire.call("/v1/messages", {"model": "m", "messages": []})
    assert message_of(answer) == "anthropic_messages: Missing required parameter: 'max_tokens'."


def test_the_model_in_the_path_goes_first(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire = connect(serve(models=["a/b"]))
    answer = wire.call("/engines/a/b/chat/completions", {"model": "shown", "messages": []})
    assert dict(answer.headers)["x-litellm-model-group"] == "a/b"
    assert answer.json["model"] == "shown"
    assert wire.call("/engines/a/b/chat/completions", {"messages": []}).json["model"] == "a/b"


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_tells_a_failure(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    fake_litellm.script(Failure(status=429, message="slow down", retry_after=2))
    answer = wire.call(path, body | {"stream": True})
    assert (answer.status, message_of(answer)) == (429, "slow down")
    assert ("retry-after", "2") in answer.headers
    assert ("content-type", "application/json") in answer.headers


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_redirects(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    fake_litellm.script(Redirect(location="/elsewhere"))
    answer = wire.call(path, body)
    assert answer.status == 307
    assert ("location", "/elsewhere") in answer.headers


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_route_resets_the_connection(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    fake_litellm.script(Cut())
    with pytest.raises((ConnectionResetError, EOFError)):
        wire.call(path, body)


@pytest.mark.parametrize(("path", "body"), PATHS[:-2])
def test_a_json_answer_is_cut(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    fake_litellm.script(Reply(ends="drop"))
    data = json.dumps(body | {"stream": False}).encode()
    wire.request(f"POST {path} HTTP/1.1", body=data)
    head = wire.read_head().decode()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    assert len(wire.rest()) == length // 2
