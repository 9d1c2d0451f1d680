"""Werkzeug responses with LiteLLM's header lines, in LiteLLM's order."""

from __future__ import annotations

import hashlib
import string
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.wrappers import Response

from fake_litellm._bodies import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from fake_litellm._errors import ApiError

Lines = list[tuple[str, str]]

_SECURITY: Lines = [
    ("vary", "Origin"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
]
_PREFLIGHT_VARY = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Private-Network",
)
_EXPOSED = (
    "x-litellm-semantic-filter",
    "x-litellm-semantic-filter-tools",
    "x-litellm-adaptive-router-model",
    "x-litellm-applied-guardrails",
    "x-litellm-guardrail-scan-id",
    "x-litellm-guardrail-scan-metadata",
    "x-litellm-cache-key",
)
_VISIBLE = string.punctuation + " "  # a model's name may hold what a header line cannot
_COSTS = ("original", "discount-amount", "margin-amount", "margin-percent", "input", "output")


def respond(status: int, lines: Lines, body: bytes | Iterable[bytes]) -> Response:
    """Build a response whose header lines are exactly `lines`."""
    response = Response(body, status=status, headers=lines)
    response.automatically_set_content_length = False
    return response


def json_response(
    value: Any,  # noqa: ANN401
    request: Request,
    *,
    status: int = 200,
    first: Lines | None = None,
    after_type: Lines | None = None,
) -> Response:
    """Answer with JSON; `first` goes before the content length, `after_type` behind the type."""
    body = encode(value)
    lines = [
        *(first or []),
        ("content-length", str(len(body))),
        ("content-type", "application/json"),
        *(after_type or []),
        *_closing_lines(request),
    ]
    return respond(status, lines, body)


def error_response(error: ApiError, request: Request) -> Response:
    """Answer with LiteLLM's error envelope."""
    first: Lines = list(error.headers)
    if error.call_id:
        first += [
            ("x-litellm-call-id", _call_id(request)),
            ("x-litellm-response-cost", "0"),
            ("x-litellm-key-spend", "0.0"),
        ]
    if error.routed:
        first.append(("x-litellm-timeout", "6000.0"))
    if error.unhandled:
        body = encode({"error": {"message": error.message, "type": error.type}})
        lines = [("content-length", str(len(body))), ("content-type", "application/json")]
        return respond(error.status, lines, body)
    return json_response(error.body(), request, status=error.status, first=first)


def detail_response(
    status: int, detail: str, request: Request, *, first: Lines | None = None
) -> Response:
    """Answer in FastAPI's shape, which LiteLLM has for 404 and 405."""
    return json_response({"detail": detail}, request, status=status, first=first)


def completion_response(value: Any, request: Request, model: str, litellm: str) -> Response:  # noqa: ANN401
    """Answer a completion that was not streamed."""
    return json_response(value, request, after_type=_litellm_lines(request, model, litellm))


def stream_response(
    events: Iterable[bytes], request: Request, model: str, litellm: str
) -> Response:
    """Answer with server-sent events."""
    lines = [
        *_litellm_lines(request, model, litellm),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("content-type", "text/event-stream; charset=utf-8"),
        *_closing_lines(request),
    ]
    return respond(200, lines, events)


def redirect_response(location: str, request: Request, status: int = 307) -> Response:
    """Answer with a redirect that has no body."""
    lines = [("content-length", "0"), ("location", location), *_closing_lines(request)]
    return respond(status, lines, b"")


def preflight_response(request: Request) -> Response:
    """Answer a CORS preflight: every header that is asked for is allowed."""
    asked = request.headers.get("access-control-request-headers")
    lines = [
        ("vary", ", ".join(_PREFLIGHT_VARY)),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"),
        ("access-control-max-age", "600"),
        *([] if asked is None else [("access-control-allow-headers", asked)]),
        ("content-length", "2"),
        ("content-type", "text/plain; charset=utf-8"),
        *_SECURITY[1:],
    ]
    return respond(200, lines, b"OK")


def _call_id(request: Request) -> str:
    """Return the client's own call id, or a new one."""
    return request.headers.get("x-litellm-call-id") or str(uuid.uuid4())


def _closing_lines(request: Request) -> Lines:
    if "origin" not in request.headers:
        return _SECURITY
    return [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", ", ".join(_EXPOSED)),
        *_SECURITY,
    ]


def _litellm_lines(request: Request, model: str, litellm: str) -> Lines:
    """Return the `x-litellm-*` lines of a success; prices stay 0, models here have none."""
    shown = quote(model, safe=_VISIBLE)
    return [
        ("x-litellm-call-id", _call_id(request)),
        ("x-litellm-model-id", hashlib.sha256(model.encode()).hexdigest()),
        ("x-litellm-model-name", f"openai/{shown}"),
        ("x-litellm-model-api-base", "https://api.openai.com"),
        ("x-litellm-version", litellm),
        *((f"x-litellm-response-cost-{part}", "0.0") for part in _COSTS),
        ("x-litellm-response-cost-tool-usage", "0.0"),
        ("x-litellm-key-spend", "0.0"),
        ("x-litellm-response-duration-ms", "1.0"),
        ("x-litellm-callback-duration-ms", "0.0"),
        ("x-litellm-model-group", shown),
        ("x-litellm-attempted-retries", "0"),
        ("x-litellm-attempted-fallbacks", "0"),
    ]
