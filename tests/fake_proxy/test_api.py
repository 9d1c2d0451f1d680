from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openai
import pytest

from fake_litellm import Failure, Reply

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


@pytest.fixture
def guarded(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> Callable[..., Wire]:
    """Return a call that connects to a server which wants a key, a session and a known model."""

    def start(**settings: object) -> Wire:
        strict = {"api_key": KEY, "missing_session_id": "reject", "models": ["gpt-4o"]}
        return connect(serve(**{**strict, **settings}))

    return start


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_both_chat_routes_answer(wire: Wire, path: str) -> None:
    wire.request(f"POST {path}?q=1 HTTP/1.1", body=b'{"model": "m", "messages": []}')
    assert wire.answer().json["object"] == "chat.completion"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"Authorization: Bearer {KEY}", id="bearer"),
        pytest.param(f"authorization: bearer {KEY}", id="bearer in lower case"),
        pytest.param(f"x-api-key: {KEY}", id="x-api-key"),
        pytest.param(f"api-key: {KEY}", id="api-key"),
        pytest.param(f"x-litellm-api-key: {KEY}", id="x-litellm-api-key"),
        pytest.param(f"X-LiteLLM-API-Key: Bearer {KEY}", id="x-litellm-api-key bearer"),
    ],
)
@pytest.mark.parametrize(
    "request_line",
    ["POST /v1/chat/completions", "GET /v1/models", "GET /v1/models/m", "GET /v1/model/info"],
)
def test_a_key_is_taken_from_each_header(
    guarded: Callable[..., Wire], request_line: str, line: str
) -> None:
    wire = guarded(missing_session_id=None, models=None)
    body = b'{"model": "m", "messages": []}' if request_line.startswith("POST") else b""
    wire.request(f"{request_line} HTTP/1.1", line, body=body)
    assert wire.answer().status == 200


@pytest.mark.parametrize(
    ("litellm", "param"),
    [pytest.param("1.106.2", "None", id="1.106.2"), pytest.param("1.109.1", None, id="1.109.1")],
)
@pytest.mark.parametrize(
    "path",
    [
        *("/v1/models", "/models", "/v1/models/m", "/model/info", "/v2/model/info"),
        "/model_group/info",
    ],
)
def test_no_key(guarded: Callable[..., Wire], path: str, litellm: str, param: str | None) -> None:
    answer = guarded(litellm=litellm).get(path)
    assert answer.status_line == "HTTP/1.1 401 Unauthorized"
    assert answer.error == {"message": NO_KEY, "type": "auth_error", "param": param, "code": "401"}
    assert "www-authenticate" not in answer.names


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Authorization: Bearer sk-wrong", id="bearer"),
        pytest.param("Authorization: Basic abc", id="basic"),
        pytest.param("x-api-key: sk-wrong", id="x-api-key"),
        pytest.param(f"x-api-key: Bearer {KEY}", id="x-api-key with a scheme"),
        pytest.param(f"Authorization: Bearer   {KEY}", id="three spaces"),
    ],
)
def test_a_wrong_key(guarded: Callable[..., Wire], line: str) -> None:
    answer = guarded().get("/v1/models", line)
    assert answer.status == 400
    assert answer.body == (
        b'{"error":{"message":"No connected db.","type":"no_db_connection",'
        b'"param":null,"code":"400"}}'
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"BEARER {KEY}", id="scheme in upper case"),
        pytest.param(KEY, id="no scheme"),
        pytest.param("Bearer", id="no key"),
        pytest.param(f"Bearer\t{KEY}", id="tab"),
        pytest.param("Digest username=x", id="another scheme"),
    ],
)
def test_a_malformed_key(guarded: Callable[..., Wire], value: str) -> None:
    answer = guarded().get("/v1/models", f"Authorization: {value}")
    assert answer.status == 401
    assert answer.error == {
        "message": "Authentication Error, Malformed API Key passed in. "
        "Ensure Key has `Bearer ` prefix.",
        "type": "auth_error",
        "param": "None",
        "code": "401",
    }


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param((GOOD_KEY, "Authorization: Bearer sk-wrong"), 200, id="good first"),
        pytest.param(("Authorization: Bearer sk-wrong", GOOD_KEY), 400, id="good last"),
    ],
)
def test_the_first_of_two_keys_counts(
    guarded: Callable[..., Wire], lines: tuple[str, ...], status: int
) -> None:
    assert guarded().get("/v1/models", *lines).status == status


@pytest.mark.parametrize("lines", [(), ("Authorization: Bearer anything",)], ids=["none", "any"])
def test_a_proxy_without_key_accepts(wire: Wire, lines: tuple[str, ...]) -> None:
    assert wire.chat(*lines).status == 200


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


@pytest.mark.parametrize(
    ("status", "kind", "opening"),
    [
        pytest.param(400, "invalid_request_error", "BadRequestError", id="400"),
        pytest.param(
            401, "authentication_error", "AuthenticationError: AuthenticationError", id="401"
        ),
        pytest.param(403, "permission_error", "APIError: APIError", id="403"),
        pytest.param(404, "invalid_request_error", "NotFoundError: NotFoundError", id="404"),
        pytest.param(422, "unprocessable_entity_error", "BadRequestError", id="422"),
        pytest.param(429, "throttling_error", "RateLimitError: RateLimitError", id="429"),
        pytest.param(
            500, "internal_server_error", "InternalServerError: InternalServerError", id="500"
        ),
        pytest.param(502, "internal_server_error", "BadGatewayError: BadGatewayError", id="502"),
        pytest.param(
            503,
            "internal_server_error",
            "ServiceUnavailableError: ServiceUnavailableError",
            id="503",
        ),
        pytest.param(529, "internal_server_error", "APIError: APIError", id="529"),
    ],
)
def test_a_failure_in_litellms_envelope(
    wire: Wire, fake_litellm: FakeLiteLLM, status: int, kind: str, opening: str
) -> None:
    fake_litellm.script(Failure(status=status))
    answer = wire.chat(model="alias", stream=True)
    assert (answer.status, fake_litellm.journal[0].status) == (status, status)
    assert answer.error == {
        "message": f"litellm.{opening}: OpenAIException - scripted failure\n\n"
        "LiteLLM: model group 'alias' failed with the error above. No fallback was attempted.",
        "type": kind,
        "param": None,
        "code": str(status),
    }
    assert wire.chat().status == 200


@pytest.mark.parametrize(
    ("litellm", "settings"),
    [
        pytest.param("1.106.2", ["request_timeout: None", "timeout: None"], id="1.106.2"),
        pytest.param(
            "1.109.1",
            ["request_timeout: None", "timeout: None", "stream_timeout: None"],
            id="1.109.1",
        ),
    ],
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(408, "invalid_request_error", id="408"),
        pytest.param(504, "internal_server_error", id="504"),
    ],
)
def test_a_timeout_tells_the_settings(
    guarded: Callable[..., Wire], litellm: str, settings: list[str], status: int, kind: str
) -> None:
    failure = Failure(status=status)
    wire = guarded(api_key=None, missing_session_id=None, litellm=litellm, reply=failure)
    error = wire.chat().error
    said, deployment, _ = error["message"].split("\n\n")
    assert said == "litellm.Timeout: Timeout Error: OpenAIException - scripted failure"
    assert deployment.removeprefix("Deployment Info: ").split("\n") == settings
    assert error["type"] == kind


@pytest.mark.parametrize(
    ("messages", "status", "opening"),
    [
        pytest.param("hi", 400, "Invalid request format: ", id="text"),
        pytest.param({"role": "user"}, 400, "Invalid request format: ", id="object"),
        pytest.param([{"role": "user"}, "a"], 400, "Invalid request format: ", id="of texts"),
        pytest.param(3, 500, "", id="number"),
    ],
)
def test_messages_that_are_no_objects(
    wire: Wire, messages: object, status: int, opening: str
) -> None:
    answer = wire.chat(messages=messages)
    assert answer.status == status
    assert answer.error["message"].startswith(f"{opening}litellm.APIConnectionError: ")
    assert ("x-litellm-timeout", "6000.0") in answer.headers


def test_the_sdk_reads_a_failure(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=429, message="slow down"))
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="m", messages=[])
    assert caught.value.body == {
        "message": "slow down",
        "type": "throttling_error",
        "param": None,
        "code": "429",
    }


def test_the_sdk_heeds_retry_after(fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(
        Failure(status=429, retry_after_ms=1), Failure(status=503, retry_after_ms=1)
    )
    with openai.OpenAI(base_url=fake_litellm.base_url, api_key="k", max_retries=2) as sdk:
        assert sdk.chat.completions.create(model="m", messages=[]).model == "m"
    assert [record.status for record in fake_litellm.journal] == [429, 503, 200]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/health/liveliness", b'"I\'m alive!"', id="liveliness"),
        pytest.param("/health/liveness", b'"I\'m alive!"', id="liveness"),
        pytest.param(
            "/health/readiness", b'{"status":"healthy","db":"Not connected"}', id="readiness"
        ),
    ],
)
def test_health_needs_no_key(guarded: Callable[..., Wire], path: str, body: bytes) -> None:
    answer = guarded().get(path)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/health/live",
        "/v1",
        "/v1/chat",
        "//v1/models",
        "/v1//models",
        "/%FF",
        "/_fakes",
    ],
)
def test_404(guarded: Callable[..., Wire], path: str) -> None:
    answer = guarded().get(path)
    assert answer.status_line == "HTTP/1.1 404 Not Found"
    assert answer.json == {"detail": "Not Found"}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        pytest.param("GET /v1/chat/completions", "POST", id="GET chat"),
        pytest.param("PUT /chat/completions", "POST", id="PUT chat"),
        pytest.param("POST /v1/models", "GET", id="POST models"),
        pytest.param("DELETE /v1/models/m", "GET", id="DELETE model"),
        pytest.param("POST /health/liveliness", "GET", id="POST health"),
        pytest.param("OPTIONS /v1/models", "GET", id="OPTIONS"),
        pytest.param("QUERY /v1/models", "GET", id="QUERY"),
    ],
)
def test_405(wire: Wire, line: str, allowed: str) -> None:
    wire.request(f"{line} HTTP/1.1")
    answer = wire.answer()
    assert answer.status_line == "HTTP/1.1 405 Method Not Allowed"
    assert answer.json == {"detail": "Method Not Allowed"}
    assert answer.headers[1] == ("allow", allowed)


@pytest.mark.parametrize("path", ["/v1/models", "/health/liveliness", "/v1/chat/completions"])
def test_head_is_not_allowed(wire: Wire, path: str) -> None:
    wire.request(f"HEAD {path} HTTP/1.1")
    assert wire.answer(bodiless=True).status == 405


@pytest.mark.parametrize(
    ("line", "location"),
    [
        pytest.param("POST /v1/chat/completions/", "/v1/chat/completions", id="chat"),
        pytest.param("GET /v1/models/?a=b&c=%20", "/v1/models?a=b&c=%20", id="query"),
        pytest.param("POST /health/liveliness///", "/health/liveliness", id="any method"),
    ],
)
def test_a_trailing_slash_is_redirected(wire: Wire, line: str, location: str) -> None:
    wire.request(f"{line} HTTP/1.1")
    answer = wire.answer()
    assert answer.status_line == "HTTP/1.1 307 Temporary Redirect"
    assert answer.headers[1:3] == [
        ("content-length", "0"),
        ("location", f"http://proxy{location}"),
    ]


@pytest.mark.parametrize("host", ["\xfc", "a b", "", "[::1", "x:99999999", "a,b"])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/", "/nowhere"])
def test_an_odd_host_does_not_matter(
    wire: Wire, fake_litellm: FakeLiteLLM, host: str, path: str
) -> None:
    wire.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
    assert wire.answer().status in {200, 307, 404}
    assert fake_litellm.handler_errors == []


def test_a_model_name_reaches_the_refusal_whole(guarded: Callable[..., Wire]) -> None:
    wire = guarded(api_key=None, missing_session_id=None)
    assert wire.chat(model="模\n").error["message"] == no_model("模\n")


def test_a_refused_request_uses_up_no_answer(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="scripted"))
    assert wire.post(json.dumps({"model": "m"}).encode()).status == 400
    assert wire.chat().json["choices"][0]["message"]["content"] == "scripted"
