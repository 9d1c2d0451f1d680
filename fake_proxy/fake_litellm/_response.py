"""Werkzeug responses with LiteLLM's header lines, in LiteLLM's order."""

from __future__ import annotations

import hashlib
import string
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from fake_litellm._bodies import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.wrappers import Request

    from fake_litellm._errors import ApiError

Lines = list[tuple[str, str]]

_SECURITY: Lines = [
    ("vary", "Origin"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
]
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
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
_COSTS = (
    *("original", "discount-amount", "margin-amount", "margin-percent"),
    *("input", "output", "tool-usage"),
)
_UPSTREAM = frozenset({"x-litellm-model-api-base", "x-litellm-callback-duration-ms"})
_PRICES = frozenset(f"x-litellm-response-cost-{part}" for part in _COSTS)
_OVERHEAD = frozenset({"x-litellm-overhead-duration-ms"})

# Lines of a success that an API leaves out, as measured on LiteLLM 1.106.2.
NO_LINES: frozenset[str] = frozenset()
UPSTREAM_LINES = _UPSTREAM
OVERHEAD_LINES = _OVERHEAD
UPSTREAM_AND_PRICE_LINES = _UPSTREAM | _PRICES
UPSTREAM_PRICE_AND_OVERHEAD_LINES = _UPSTREAM | _PRICES | _OVERHEAD
ALL_BUT_GROUP_LINES = _UPSTREAM | _PRICES | _OVERHEAD | {"x-litellm-model-name"}


def respond(status: int, lines: Lines, body: bytes | Iterable[bytes]) -> Response:
    """Build a response whose header lines are exactly `lines`."""
    response = Response(body, status=status)
    response.headers = Headers(lines)  # Werkzeug would add a content-type where there is none
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


def error_response(
    error: ApiError,
    request: Request,
    envelope: dict[str, Any] | None = None,
    lines: Lines | None = None,
) -> Response:
    """Answer with an error, in LiteLLM's envelope unless an API has its own.

    `lines` follow the call id, where the error has one.
    """
    first: Lines = list(error.headers)
    if error.call_id:
        first.append(("x-litellm-call-id", _call_id(request)))
        first += lines or []
    if error.unhandled:
        body = encode({"error": {"message": error.message, "type": error.type}})
        bare = [("content-length", str(len(body))), ("content-type", "application/json")]
        return respond(error.status, bare, body)
    return json_response(envelope or error.body(), request, status=error.status, first=first)


def error_lines(names: str, model: str, litellm: str, timeout: str) -> Lines:
    """Return the lines of an error answer by their names, without `x-litellm-`."""
    values = {
        "model-id": model_id(model),
        "version": litellm,
        "response-cost": "0",
        "key-spend": "0.0",
        "timeout": timeout,
    }
    return [(f"x-litellm-{name}", values[name]) for name in names.split()]


def detail_response(
    status: int,
    detail: Any,  # noqa: ANN401
    request: Request,
    *,
    first: Lines | None = None,
) -> Response:
    """Answer in FastAPI's shape, which LiteLLM has for 404 and 405."""
    return json_response({"detail": detail}, request, status=status, first=first)


def completion_response(
    value: Any,  # noqa: ANN401
    request: Request,
    model: str,
    litellm: str,
    left_out: frozenset[str] = NO_LINES,
) -> Response:
    """Answer a completion that was not streamed."""
    lines = _litellm_lines(request, model, litellm, left_out)
    return json_response(value, request, after_type=lines)


def stream_response(
    events: Iterable[bytes],
    request: Request,
    model: str,
    litellm: str,
    left_out: frozenset[str] = NO_LINES,
) -> Response:
    """Answer with server-sent events."""
    lines = [
        *_litellm_lines(request, model, litellm, left_out),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("content-type", "text/event-stream; charset=utf-8"),
        *_closing_lines(request),
    ]
    return respond(200, lines, events)


def page_response(html: str, request: Request) -> Response:
    """Answer with a page for people."""
    body = html.encode()
    lines = [
        ("content-length", str(len(body))),
        ("content-type", "text/html; charset=utf-8"),
        *_closing_lines(request),
    ]
    return respond(200, lines, body)


def redirect_response(location: str, request: Request, status: int = 307) -> Response:
    """Answer with a redirect that has no body."""
    lines = [("content-length", "0"), ("location", location), *_closing_lines(request)]
    return respond(status, lines, b"")


def preflight_response(request: Request) -> Response:
    """Answer a CORS preflight: every header that is asked for is allowed, not every method."""
    asked = request.headers.get("access-control-request-headers")
    refused = ", ".join(_refused_by_cors(request))
    body = f"Disallowed CORS {refused}" if refused else "OK"
    lines = [
        ("vary", ", ".join(_PREFLIGHT_VARY)),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", ", ".join(_METHODS)),
        ("access-control-max-age", "600"),
        *([] if asked is None else [("access-control-allow-headers", asked)]),
        ("content-length", str(len(body))),
        ("content-type", "text/plain; charset=utf-8"),
        *_SECURITY[1:],
    ]
    return respond(400 if refused else 200, lines, body.encode())


def _refused_by_cors(request: Request) -> Iterator[str]:
    if request.headers.get("access-control-request-method") not in _METHODS:
        yield "method"
    if request.headers.get("access-control-request-private-network") == "true":
        yield "private-network"


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


def model_id(model: str) -> str:
    """Return the id of the deployment behind a model."""
    return hashlib.sha256(model.encode()).hexdigest()


def _litellm_lines(request: Request, model: str, litellm: str, left_out: frozenset[str]) -> Lines:
    """Return the `x-litellm-*` lines of a success; prices stay 0, models here have none."""
    shown = quote(model, safe=_VISIBLE)
    lines = [
        ("x-litellm-call-id", _call_id(request)),
        ("x-litellm-model-id", model_id(model)),
        ("x-litellm-model-name", f"openai/{shown}"),
        ("x-litellm-model-api-base", "https://api.openai.com"),
        ("x-litellm-version", litellm),
        *((f"x-litellm-response-cost-{part}", "0.0") for part in _COSTS),
        ("x-litellm-key-spend", "0.0"),
        ("x-litellm-response-duration-ms", "1.0"),
        ("x-litellm-overhead-duration-ms", "1.0"),
        ("x-litellm-callback-duration-ms", "0.0"),
        ("x-litellm-model-group", shown),
        ("x-litellm-attempted-retries", "0"),
        ("x-litellm-attempted-fallbacks", "0"),
    ]
    return [(name, value) for name, value in lines if name not in left_out]
