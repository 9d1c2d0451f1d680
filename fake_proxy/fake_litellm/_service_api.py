"""The routes without a model: health, the page, and what Claude Code reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_litellm import _response
from fake_litellm._exchange import object_body

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from fake_litellm._exchange import Exchange

# LiteLLM's own page loads Swagger UI, which is not here.
_PAGE = """
    <!DOCTYPE html>
    <html>
    <head>
    <meta name="viewport" content="width=device-width, initial-scale=1.0">
    <title>LiteLLM API - Swagger UI</title>
    </head>
    <body>
    <div id="swagger-ui">
    <p>This is a fake LiteLLM proxy. <a href="/_fake/">See what it recorded</a>.</p>
    </div>
    </body>
    </html>
    """


def page(exchange: Exchange) -> Response:
    """`GET /`; needs no key."""
    return _response.page_response(_PAGE, exchange.request)


def liveliness(exchange: Exchange) -> Response:
    """`GET /health/liveliness` and `/health/liveness`; needs no key."""
    return _response.json_response("I'm alive!", exchange.request)


def readiness(exchange: Exchange) -> Response:
    """`GET /health/readiness`; needs no key."""
    status = {"status": "healthy", "db": "Not connected"}
    return _response.json_response(status, exchange.request)


def event_logging(exchange: Exchange) -> Response:
    """`POST /api/event_logging/batch`: Claude Code's telemetry, taken and forgotten."""
    object_body(exchange)
    return _response.json_response({"status": "ok"}, exchange.request)


def no_websocket(_exchange: Exchange) -> Response:
    """A WebSocket upgrade: refused with 426, which makes Codex fall back to `POST` at once.

    LiteLLM 1.106.2 would accept it.
    """
    return _response.respond(426, [("content-length", "0"), ("upgrade", "HTTP/1.1")], b"")
