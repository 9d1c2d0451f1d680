"""What holds on every route that carries a session: checks in order, faults, header lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Gate, Redirect, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Ending
    from tests.fake_proxy.conftest import Answer, Wire

PIECES = ("one", "two", "three")
SESSION = "X-Zoo-Session-ID: task-0001"
NO_SESSION = "Request has no session id."
CHAT: dict[str, Any] = {"model": "m", "messages": []}
TEXT: dict[str, Any] = {"model": "m", "prompt": "x"}
CHAT_TEXT = TEXT | {"model": "gpt-4o"}
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
STREAMS = {
    "chat": ("/v1/chat/completions", CHAT),
    "completions": ("/v1/completions", TEXT),
    "completions of a chat model": ("/v1/completions", CHAT_TEXT),
    "responses": ("/v1/responses", RESPONSE),
    "messages": ("/v1/messages", MESSAGE),
    "gemini": ("/v1beta/models/m:streamGenerateContent", GEMINI),
}
# What an API sends before the first piece, and what ends its streams.
OPENINGS = {
    "chat": 1,
    "completions": 0,
    "completions of a chat model": 1,
    "responses": 4,
    "messages": 2,
    "gemini": 0,
}
DONE = (b"data: [DONE]\n\n",)
DONES: dict[str, tuple[bytes, ...]] = {
    "chat": DONE,
    "completions": DONE,
    "completions of a chat model": DONE,
    "responses": DONE,
    "messages": (),
    "gemini": (),
}
LAST = {
    "chat": b'"finish_reason"',
    "completions": b'"finish_reason"',
    "completions of a chat model": b'"finish_reason"',
    "responses": b"response.completed",
    "messages": b"message_stop",
    "gemini": b'"STOP"',
}
NOT_JSON = b"data: {this is not JSON\n\n"
every_stream = pytest.mark.parametrize("api", STREAMS)


def stream_of(wire: Wire, api: str) -> Answer:
    path, body = STREAMS[api]
    return wire.call(path, body | {"stream": True})


def send(wire: Wire, path: str, body: dict[str, Any]) -> None:
    data = json.dumps({"stream": True} | body).encode()
    wire.request(f"POST {path} HTTP/1.1", body=data)


def ask_stream(wire: Wire, api: str) -> list[bytes]:
    """Return the first pieces of a stream that will be cut after two."""
    send(wire, *STREAMS[api])
    wire.read_head()
    return [wire.read_piece() for _ in range(OPENINGS[api] + 2)]


def broken(ends: Ending, ends_after: int = 2) -> Reply:
    return Reply(pieces=PIECES, ends=ends, ends_after=ends_after)


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


@every_stream
def test_a_stream_ends_in_good_order(wire: Wire, api: str) -> None:
    answer = stream_of(wire, api)
    events = answer.pieces[: len(answer.pieces) - len(DONES[api])]
    assert ("content-type", "text/event-stream; charset=utf-8") in answer.headers
    assert answer.pieces[len(events) :] == DONES[api]
    assert LAST[api] in events[-1]
    assert all(event.endswith(b"\n\n") and event.count(b"\n") < 4 for event in events)


@every_stream
@pytest.mark.parametrize("ends_after", [0, 1, 3])
def test_a_silent_end_says_nothing(
    wire: Wire, fake_litellm: FakeLiteLLM, api: str, ends_after: int
) -> None:
    fake_litellm.script(broken("silent", ends_after))
    answer = stream_of(wire, api)
    assert len(answer.pieces) == OPENINGS[api] + ends_after
    assert LAST[api] not in answer.body
    assert [text in answer.body.decode() for text in PIECES] == [n < ends_after for n in range(3)]


@every_stream
def test_a_late_end_lets_everything_out(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("silent", 99))
    assert LAST[api] in stream_of(wire, api).pieces[-1]


@every_stream
def test_a_malformed_event(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("malformed"))
    rest = stream_of(wire, api).pieces[OPENINGS[api] + 2 :]
    assert rest[0].endswith(NOT_JSON)
    assert rest[1:] == DONES[api]


@every_stream
def test_a_dropped_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("drop"))
    assert b"two" in ask_stream(wire, api)[-1]
    assert wire.rest() == b""


@every_stream
def test_a_reset_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    fake_litellm.script(broken("reset"))
    assert b"two" in ask_stream(wire, api)[-1]
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)


@every_stream
def test_a_stalled_stream(
    join_connections: Callable[[], bool], wire: Wire, fake_litellm: FakeLiteLLM, api: str
) -> None:
    fake_litellm.script(broken("stall"))
    assert b"two" in ask_stream(wire, api)[-1]
    wire.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1)
    wire.close()
    assert join_connections()


@every_stream
def test_a_held_stream(wire: Wire, fake_litellm: FakeLiteLLM, api: str) -> None:
    gate = Gate()
    fake_litellm.script(Reply(pieces=PIECES, hold_in_stream=gate))
    send(wire, *STREAMS[api])
    assert gate.wait_until_reached()
    gate.open()
    body = wire.answer().body
    assert all(piece in body for piece in (b"one", b"two", b"three"))


@pytest.mark.parametrize(("path", "body"), PATHS[:-2])
def test_a_json_answer_is_cut(
    wire: Wire, fake_litellm: FakeLiteLLM, path: str, body: dict[str, Any]
) -> None:
    fake_litellm.script(Reply(ends="drop"))
    send(wire, path, body | {"stream": False})
    head = wire.read_head().decode()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    assert len(wire.rest()) == length // 2


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
