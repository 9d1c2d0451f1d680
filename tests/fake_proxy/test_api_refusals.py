"""Which chat requests are refused, in which order of checks, and in which words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

KEY = "sk-master-1234"
GOOD_KEY = f"Authorization: Bearer {KEY}"
NO_KEY = "Authentication Error, No api key passed in."
NO_SESSION = (
    "Request has no session id. Send an `x-litellm-session-id` header or `metadata.session_id`. "
    "Required by `general_settings.missing_session_id: reject`."
)
NO_MESSAGES = "/chat/completions: Missing required parameter: 'messages'."


def no_model(name: str) -> str:
    return (
        f"/chat/completions: Invalid model name passed in model={name}. Call `/v1/models` to "
        "view available models for your key."
    )


@pytest.mark.parametrize(
    ("lines", "body", "status", "message"),
    [
        pytest.param((), b"{", 400, "Invalid JSON payload: ", id="JSON before the key"),
        pytest.param((), b"{}", 401, NO_KEY, id="the key before the session"),
        pytest.param((GOOD_KEY,), b"{}", 400, NO_SESSION, id="the session before the messages"),
        pytest.param(
            (GOOD_KEY, "X-Zoo-Session-ID: task-0001"),
            b"{}",
            400,
            NO_MESSAGES,
            id="the messages before the model",
        ),
        pytest.param(
            (GOOD_KEY, "X-Zoo-Session-ID: task-0001"),
            b'{"messages": []}',
            400,
            no_model("None"),
            id="the model at last",
        ),
        pytest.param(
            (GOOD_KEY, "X-Zoo-Session-ID: short"),
            b'{"messages": [], "model": "gpt-4o"}',
            400,
            NO_SESSION,
            id="a session that does not count",
        ),
    ],
)
def test_the_order_of_checks(
    guarded: Callable[..., Wire], lines: tuple[str, ...], body: bytes, status: int, message: str
) -> None:
    answer = guarded().post(body, *lines)
    assert answer.status == status
    assert answer.error["message"].startswith(message)
    assert answer.error["code"] == str(status)


@pytest.mark.parametrize("path", ["/v1/models", "/model/info"])
def test_only_completions_need_a_session(guarded: Callable[..., Wire], path: str) -> None:
    assert guarded().get(path, GOOD_KEY).status == 200


def test_everything_right(guarded: Callable[..., Wire]) -> None:
    assert guarded().chat(GOOD_KEY, "X-Zoo-Session-ID: task-0001").status == 200


def test_a_missing_session_in_litellms_envelope(guarded: Callable[..., Wire]) -> None:
    assert guarded().chat(GOOD_KEY).error == {
        "message": NO_SESSION,
        "type": "bad_request_error",
        "param": "session_id",
        "code": "400",
    }


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        pytest.param(b"", NO_MESSAGES, "messages", id="empty"),
        pytest.param(b'{"x": "\xff"}', NO_MESSAGES, "messages", id="not UTF-8"),
        pytest.param(b'{"model": "m"}', NO_MESSAGES, "messages", id="no messages"),
        pytest.param(b'{"messages": [], "model": 7}', "'model' must be a string.", "model", id="7"),
        pytest.param(b'{"messages": [], "model": null}', no_model("None"), None, id="null"),
        pytest.param(b'{"messages": [], "model": "nope"}', no_model("nope"), None, id="unknown"),
        pytest.param(b"{]", "Invalid JSON payload: ", "request_body", id="not JSON"),
        pytest.param(b'{"a": NaN}', "Invalid JSON payload: ", "request_body", id="NaN"),
        pytest.param(b'["\\ud83d"]', "Invalid JSON payload: ", "request_body", id="surrogate"),
        pytest.param(b"[" * 100_000, "Invalid JSON payload: ", "request_body", id="too deep"),
    ],
)
def test_bodies_that_are_refused(
    guarded: Callable[..., Wire], body: bytes, message: str, param: str | None
) -> None:
    answer = guarded(api_key=None, missing_session_id=None).post(body)
    assert answer.status_line == "HTTP/1.1 400 Bad Request"
    assert answer.error["message"].startswith(message)
    assert (answer.error["param"], answer.error["code"]) == (param, "400")


def test_an_unknown_model_is_told_twice(guarded: Callable[..., Wire]) -> None:
    wire = guarded(api_key=None, missing_session_id=None)
    assert wire.chat(model="nope").error == {
        "message": no_model("nope"),
        "type": "invalid_request_error",
        "param": None,
        "code": "400",
        "provider_specific_fields": {"error": no_model("nope")},
    }


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"7"])
def test_json_that_is_no_object_is_found_before_the_key(
    guarded: Callable[..., Wire], body: bytes
) -> None:
    answer = guarded().post(body)
    assert answer.status == 500
    assert answer.names == ["date", "content-length", "content-type"]
    assert answer.json == {
        "error": {"message": "Internal server error", "type": "internal_server_error"}
    }
    later = guarded(litellm="1.109.1").post(body)
    assert later.status == 400
    assert later.error["message"] == "Invalid JSON payload: expected an object"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"messages": []}, id="no message"),
        pytest.param({"temperature": "hot"}, id="temperature"),
        pytest.param({"max_tokens": -1}, id="max_tokens"),
        pytest.param({"unknown": 1}, id="unknown parameter"),
        pytest.param({"messages": [{"role": "nobody", "content": None}]}, id="role"),
    ],
)
def test_bodies_that_litellm_does_not_look_at(wire: Wire, changes: dict[str, object]) -> None:
    assert wire.chat(**changes).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", ""])
def test_the_content_type_does_not_matter(wire: Wire, kind: str) -> None:
    assert wire.chat(f"Content-Type: {kind}").status == 200


def test_a_model_name_reaches_the_refusal_whole(guarded: Callable[..., Wire]) -> None:
    wire = guarded(api_key=None, missing_session_id=None)
    assert wire.chat(model="模\n").error["message"] == no_model("模\n")


def test_a_refused_request_uses_up_no_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="scripted"))
    assert wire.post(json.dumps({"model": "m"}).encode()).status == 400
    assert wire.chat().json["choices"][0]["message"]["content"] == "scripted"
