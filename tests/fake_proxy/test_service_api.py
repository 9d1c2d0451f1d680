from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: WebSocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def test_the_page_needs_no_key(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    answer = connect(serve(api_key="sk-1")).get("/")
    assert answer.status == 200
    assert ("content-type", "text/html; charset=utf-8") in answer.headers
    assert b"<title>LiteLLM API - Swagger UI</title>" in answer.body


def test_the_page_allows_head(wire: Wire) -> None:
    page = wire.get("/")
    wire.request("HEAD / HTTP/1.1")
    head = wire.answer(bodiless=True)
    assert head.status == 200
    assert dict(head.headers)["content-length"] == str(len(page.body))


def test_the_page_takes_nothing(wire: Wire) -> None:
    assert wire.call("/", {}).status == 405
    wire.request("OPTIONS / HTTP/1.1")
    assert wire.answer().status == 405


@pytest.mark.parametrize("path", ["/v1/responses", "/responses"])
def test_a_websocket_is_refused_so_that_codex_posts(wire: Wire, path: str) -> None:
    assert wire.get(path, *UPGRADE).status == 426


def test_a_responses_get_without_upgrade_is_not_allowed(wire: Wire) -> None:
    answer = wire.get("/v1/responses")
    assert answer.status == 405
    assert answer.headers[1] == ("allow", "POST")


def test_a_websocket_elsewhere_is_forbidden(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    assert wire.get("/v1/models", *UPGRADE).status == 403
    assert wire.get("/nowhere", *UPGRADE).status == 404
    assert fake_litellm.handler_errors == []


def test_an_upgrade_elsewhere_changes_nothing(wire: Wire) -> None:
    assert wire.get("/v1/models", "Connection: Upgrade", "Upgrade: h2c").status == 200


def test_telemetry_is_taken(wire: Wire) -> None:
    assert wire.call("/api/event_logging/batch", {"events": []}).json == {"status": "ok"}


def test_claude_codes_hello_is_not_found(wire: Wire) -> None:
    wire.request("HEAD /api/hello HTTP/1.1")
    assert wire.answer(bodiless=True).status == 404
