"""Which keys are taken, from which headers, and how others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fake_proxy.conftest import Wire

KEY = "sk-master-1234"
GOOD_KEY = f"Authorization: Bearer {KEY}"
NO_KEY = "Authentication Error, No api key passed in."


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
