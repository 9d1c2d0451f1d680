"""Which paths and methods there are, and what is answered elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_both_chat_routes_answer(wire: Wire, path: str) -> None:
    wire.request(f"POST {path}?q=1 HTTP/1.1", body=b'{"model": "m", "messages": []}')
    assert wire.answer().json["object"] == "chat.completion"


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
