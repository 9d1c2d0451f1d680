"""Header lines of answers, in the order measured on LiteLLM 1.106.2."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

SUCCESS = [
    "x-litellm-call-id",
    "x-litellm-model-id",
    "x-litellm-model-name",
    "x-litellm-model-api-base",
    "x-litellm-version",
    "x-litellm-response-cost-original",
    "x-litellm-response-cost-discount-amount",
    "x-litellm-response-cost-margin-amount",
    "x-litellm-response-cost-margin-percent",
    "x-litellm-response-cost-input",
    "x-litellm-response-cost-output",
    "x-litellm-response-cost-tool-usage",
    "x-litellm-key-spend",
    "x-litellm-response-duration-ms",
    "x-litellm-overhead-duration-ms",
    "x-litellm-callback-duration-ms",
    "x-litellm-model-group",
    "x-litellm-attempted-retries",
    "x-litellm-attempted-fallbacks",
]
STREAM = ["cache-control", "x-accel-buffering", "content-type"]
CROSS_ORIGIN = ["access-control-allow-origin", "access-control-expose-headers"]
SECURITY = ["vary", "x-frame-options", "content-security-policy", "x-content-type-options"]
REFUSED = ["x-litellm-call-id", "x-litellm-response-cost", "x-litellm-key-spend"]
SIZED = ["content-length", "content-type"]
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_a_json_answer(wire: Wire) -> None:
    assert wire.chat().names == ["date", *SIZED, *SUCCESS, *SECURITY]


def test_a_stream(wire: Wire) -> None:
    names = wire.chat(stream=True).names
    assert names == ["date", *SUCCESS, *STREAM, *SECURITY, "Transfer-Encoding"]


def test_a_json_answer_across_origins(wire: Wire) -> None:
    answer = wire.chat("Origin: http://localhost:3000")
    assert answer.names == ["date", *SIZED, *SUCCESS, *CROSS_ORIGIN, *SECURITY]
    assert ("access-control-allow-origin", "*") in answer.headers


def test_a_stream_across_origins(wire: Wire) -> None:
    names = wire.chat("Origin: http://localhost:3000", stream=True).names
    assert names == ["date", *SUCCESS, *STREAM, *CROSS_ORIGIN, *SECURITY, "Transfer-Encoding"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        pytest.param({"model": None}, [*REFUSED, *SIZED, *SECURITY], id="before the router"),
        pytest.param({}, [*REFUSED, "x-litellm-timeout", *SIZED, *SECURITY], id="by the router"),
    ],
)
def test_a_refusal(
    wire: Wire, fake_litellm: FakeLiteLLM, changes: dict[str, object], names: list[str]
) -> None:
    fake_litellm.script(Failure(status=429))
    assert wire.chat(**changes).names == ["date", *names]


def test_retry_after_goes_first(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=429, retry_after=1.5, retry_after_ms=20))
    answer = wire.chat()
    assert answer.headers[1:3] == [("retry-after", "1.5"), ("retry-after-ms", "20")]
    assert answer.names[3:6] == REFUSED


def test_retry_after_may_be_a_date(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    date = "Sat, 28 Nov 2026 00:00:00 GMT"
    fake_litellm.script(Failure(status=429, retry_after=date))
    assert wire.chat().headers[1] == ("retry-after", date)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        pytest.param("POST /v1/chat/completions", b"{", id="malformed JSON"),
        pytest.param("GET /nowhere", b"", id="404"),
        pytest.param("GET /v1/models", b"", id="models"),
    ],
)
def test_no_litellm_lines_outside_the_completions(wire: Wire, line: str, body: bytes) -> None:
    wire.request(f"{line} HTTP/1.1", body=body)
    assert wire.answer().names == ["date", *SIZED, *SECURITY]


def test_values_of_a_success(wire: Wire) -> None:
    values = dict(wire.chat(model="alias").headers)
    assert re.fullmatch(UUID4, values["x-litellm-call-id"])
    assert values["x-litellm-model-id"] == hashlib.sha256(b"alias").hexdigest()
    assert values["x-litellm-model-name"] == "openai/alias"
    assert values["x-litellm-model-group"] == "alias"
    assert values["x-litellm-version"] == "1.106.2"
    assert values["x-litellm-response-cost-input"] == "0.0"
    assert values["vary"] == "Origin"
    assert values["x-frame-options"] == "DENY"
    assert values["content-security-policy"] == "frame-ancestors 'none'"
    assert values["x-content-type-options"] == "nosniff"
    assert values["content-type"] == "application/json"


def test_values_of_a_stream(wire: Wire) -> None:
    values = dict(wire.chat(stream=True).headers)
    assert values["content-type"] == "text/event-stream; charset=utf-8"
    assert values["cache-control"] == "no-cache"
    assert values["x-accel-buffering"] == "no"


def test_the_release_is_the_one_asked_for(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    answer = connect(serve(litellm="1.109.1")).chat()
    assert ("x-litellm-version", "1.109.1") in answer.headers


@pytest.mark.parametrize("model", ["gpt-4o", "no such model"])
def test_the_clients_call_id_comes_back(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire], model: str
) -> None:
    wire = connect(serve(models=["gpt-4o"]))
    answer = wire.chat("X-LiteLLM-Call-Id: mine-\xe9", model=model)
    assert ("x-litellm-call-id", "mine-é") in answer.headers


@pytest.mark.parametrize("stream", [pytest.param(v, id=str(v)) for v in (True, False)])
def test_the_session_is_never_echoed(wire: Wire, stream: bool) -> None:  # noqa: FBT001
    answer = wire.chat("X-Zoo-Session-ID: task-secret-0001", stream=stream)
    assert b"task-secret-0001" not in answer.head + answer.body


def test_a_model_name_that_no_header_line_can_hold(wire: Wire) -> None:
    answer = wire.chat(model="模\r\nx-evil: 1")
    assert answer.json["model"] == "模\r\nx-evil: 1"
    assert ("x-litellm-model-group", "%E6%A8%A1%0D%0Ax-evil: 1") in answer.headers
    assert "x-evil" not in answer.names


def test_a_status_without_a_phrase(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=529))
    assert wire.chat().status_line == "HTTP/1.1 529 "


def test_a_preflight(wire: Wire) -> None:
    wire.request(
        "OPTIONS /v1/chat/completions HTTP/1.1",
        "Origin: http://localhost:3000",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization,x-zoo-session-id",
    )
    answer = wire.answer()
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers[1:] == [
        (
            "vary",
            (
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
                "Access-Control-Request-Private-Network"
            ),
        ),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"),
        ("access-control-max-age", "600"),
        ("access-control-allow-headers", "authorization,x-zoo-session-id"),
        ("content-length", "2"),
        ("content-type", "text/plain; charset=utf-8"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
    ]


def test_a_preflight_that_asks_for_no_headers(wire: Wire) -> None:
    wire.request(
        "OPTIONS /v1/models HTTP/1.1", "Origin: http://x", "Access-Control-Request-Method: GET"
    )
    assert "access-control-allow-headers" not in wire.answer().names


@pytest.mark.parametrize(
    ("method", "private", "refused"),
    [
        pytest.param("FOO", "false", b"method", id="method"),
        pytest.param("POST", "true", b"private-network", id="private network"),
        pytest.param("FOO", "true", b"method, private-network", id="both"),
    ],
)
def test_a_preflight_that_is_refused(wire: Wire, method: str, private: str, refused: bytes) -> None:
    wire.request(
        "OPTIONS /v1/models HTTP/1.1",
        "Origin: http://x",
        f"Access-Control-Request-Method: {method}",
        f"Access-Control-Request-Private-Network: {private}",
    )
    answer = wire.answer()
    assert (answer.status, answer.body) == (400, b"Disallowed CORS " + refused)


def test_options_without_an_origin_is_no_preflight(wire: Wire) -> None:
    wire.request("OPTIONS /v1/models HTTP/1.1", "Access-Control-Request-Method: GET")
    assert wire.answer().status == 405
