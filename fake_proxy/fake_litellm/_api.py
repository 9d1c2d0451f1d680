"""The proxy's API: which route answers what, in the order LiteLLM checks things.

A body that is not JSON is found before the key, the key before the session, the session before
the messages, the messages before the model.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from fake_litellm import _bodies, _models, _response
from fake_litellm._errors import ApiError, upstream_failure
from fake_litellm._replies import Cut, Failure, Redirect, Reply
from fake_litellm._stream import cut_in_headers, cut_json, stream
from fake_litellm._wire import CutConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from werkzeug.routing import MapAdapter
    from werkzeug.wrappers import Request, Response

    from fake_litellm._journal import RecordedRequest
    from fake_litellm._replies import Answer


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this proxy is configured; `models` is `None` where any model is accepted."""

    models: tuple[str, ...] | None = None
    api_key: str | None = None
    litellm: str = "1.106.2"
    missing_session_id: str | None = None
    request_correlation_in_logs: bool = False


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request on its way to an answer."""

    request: Request
    recorded: RecordedRequest
    settings: Settings
    next_answer: Callable[[RecordedRequest], Answer]


def answer(exchange: Exchange) -> Response:
    """Answer a request as LiteLLM would.

    Raises:
        CutConnection: where the script says so.
    """
    request = exchange.request
    if _is_preflight(request):
        return _response.preflight_response(request)
    urls = ROUTES.bind("", path_info=request.path, default_method=request.method)
    try:
        if exchange.recorded.path.startswith("//"):  # which Werkzeug would read as one slash
            raise NotFound  # noqa: TRY301 - the same answer as any other path without a route
        endpoint, values = urls.match()
        if request.method in {"HEAD", "OPTIONS"}:
            return _not_allowed(urls.allowed_methods(), request)
        return endpoint(exchange, **values)  # type: ignore[no-any-return]
    except ApiError as error:
        return _response.error_response(error, request)
    except MethodNotAllowed as error:
        return _not_allowed(error.valid_methods or (), request)
    except (NotFound, RequestRedirect):
        return _not_found(urls, request)


def _is_preflight(request: Request) -> bool:
    needed = {"origin", "access-control-request-method"}
    return request.method == "OPTIONS" and all(name in request.headers for name in needed)


def _not_found(urls: MapAdapter, request: Request) -> Response:
    """Answer 404, or FastAPI's redirect where only a trailing slash is too many."""
    shorter = request.path.rstrip("/")
    target, mark, query = request.environ["RAW_URI"].partition("?")
    if shorter != request.path and target[:2] != "//" and urls.allowed_methods(shorter):
        location = request.root_url.rstrip("/") + shorter + mark + query
        return _response.redirect_response(location, request)
    return _response.detail_response(404, "Not Found", request)


def _not_allowed(methods: Iterable[str], request: Request) -> Response:
    """Answer 405; Werkzeug adds HEAD and OPTIONS to what a route allows, FastAPI does not."""
    allowed = sorted(set(methods) - {"HEAD", "OPTIONS"})
    first = [("allow", ", ".join(allowed))]
    return _response.detail_response(405, "Method Not Allowed", request, first=first)


def chat_completions(exchange: Exchange) -> Response:
    """`POST /v1/chat/completions` and `/chat/completions`."""
    body = _object_body(exchange)
    _require_session(exchange)
    if "messages" not in body:
        raise ApiError(
            400, "/chat/completions: Missing required parameter: 'messages'.", param="messages"
        )
    model = _require_model(exchange, body)
    scripted = exchange.next_answer(exchange.recorded)
    if isinstance(scripted, Reply):
        return _completion(exchange, scripted, model, body)
    return _refusal(exchange, scripted, model)


def list_models(exchange: Exchange) -> Response:
    """`GET /v1/models` and `/models`."""
    _require_key(exchange)
    return _response.json_response(_models.listing(exchange.settings.models), exchange.request)


def get_model(exchange: Exchange, name: str) -> Response:
    """`GET /v1/models/{name}`."""
    _require_key(exchange)
    models = exchange.settings.models
    if models is not None and name not in models:
        detail = f"The model `{name}` does not exist or is not accessible"
        return _response.detail_response(404, detail, exchange.request)
    return _response.json_response(_models.entry(name), exchange.request)


def model_info(exchange: Exchange) -> Response:
    """`GET /v1/model/info` and `/model/info`."""
    _require_key(exchange)
    return _response.json_response(_models.info(exchange.settings.models), exchange.request)


def liveliness(exchange: Exchange) -> Response:
    """`GET /health/liveliness` and `/health/liveness`; needs no key."""
    return _response.json_response("I'm alive!", exchange.request)


def readiness(exchange: Exchange) -> Response:
    """`GET /health/readiness`; needs no key."""
    status = {"status": "healthy", "db": "Not connected"}
    return _response.json_response(status, exchange.request)


ROUTES = Map(
    [
        Rule("/v1/chat/completions", methods=["POST"], endpoint=chat_completions),
        Rule("/chat/completions", methods=["POST"], endpoint=chat_completions),
        Rule("/v1/models", methods=["GET"], endpoint=list_models),
        Rule("/models", methods=["GET"], endpoint=list_models),
        Rule("/v1/models/<path:name>", methods=["GET"], endpoint=get_model),
        Rule("/models/<path:name>", methods=["GET"], endpoint=get_model),
        Rule("/v1/model/info", methods=["GET"], endpoint=model_info),
        Rule("/model/info", methods=["GET"], endpoint=model_info),
        Rule("/health/liveliness", methods=["GET"], endpoint=liveliness),
        Rule("/health/liveness", methods=["GET"], endpoint=liveliness),
        Rule("/health/readiness", methods=["GET"], endpoint=readiness),
    ],
    merge_slashes=False,
)


def _completion(exchange: Exchange, reply: Reply, model: str, body: dict[str, Any]) -> Response:
    time.sleep(reply.latency)
    if reply.hold is not None:
        reply.hold.pass_through()
    litellm = exchange.settings.litellm
    if body.get("stream") is not True:
        value = _bodies.completion(reply, model)
        response = _response.completion_response(value, exchange.request, model, litellm)
        return cut_json(response, reply)
    options = body.get("stream_options")
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    version = Version(litellm)
    chunks = _bodies.chunks(reply, model, include_usage=include_usage, litellm=version)
    events = stream(reply, chunks, litellm=version)
    return _response.stream_response(events, exchange.request, model, litellm)


def _refusal(exchange: Exchange, scripted: Answer, model: str) -> Response:
    match scripted:
        case Failure(status=status, message=message):
            time.sleep(scripted.latency)
            headers = []
            if scripted.retry_after is not None:
                headers.append(("retry-after", f"{scripted.retry_after:g}"))
            if scripted.retry_after_ms is not None:
                headers.append(("retry-after-ms", str(scripted.retry_after_ms)))
            raise upstream_failure(status, message, model, tuple(headers))
        case Redirect(location=location, status=status):
            return _response.redirect_response(location, exchange.request, status)
        case Cut(at="before-headers"):
            raise CutConnection(reset=True)
        case Cut(at="in-headers"):
            raise cut_in_headers()
        case _:
            events = cut_in_stream()
            litellm = exchange.settings.litellm
            return _response.stream_response(events, exchange.request, model, litellm)


def cut_in_stream() -> Iterator[bytes]:
    """Return a response body that resets the connection once the headers are out."""
    yield b""
    raise CutConnection(reset=True)


def _object_body(exchange: Exchange) -> dict[str, Any]:
    """Return the body of a `POST` as an object, after checking the key.

    An empty body and one that is not UTF-8 count as `{}`.
    """
    body: Any = {}
    try:
        body = _bodies.decode(exchange.recorded.body or b"{}")
    except UnicodeDecodeError:
        pass
    except ValueError as error:
        message = f"Invalid JSON payload: {error}"
        raise ApiError(400, message, param="request_body", call_id=False) from None
    _require_key(exchange)
    if not isinstance(body, dict):
        if Version(exchange.settings.litellm) >= Version("1.109.1"):
            message = "Invalid JSON payload: expected an object"
            raise ApiError(400, message, param="request_body", call_id=False)
        kind = "internal_server_error"
        raise ApiError(500, "Internal server error", kind, call_id=False, unhandled=True)
    return body


def _require_key(exchange: Exchange) -> None:
    """Check the key in each place where LiteLLM reads one."""
    wanted = exchange.settings.api_key
    if wanted is None:
        return
    headers = exchange.request.headers
    names = ("x-litellm-api-key", "authorization", "x-api-key", "api-key", "x-goog-api-key")
    given = next((headers[name] for name in names if headers.get(name)), None)
    if given is None:
        param = None if Version(exchange.settings.litellm) >= Version("1.109.1") else "None"
        message = "Authentication Error, No api key passed in."
        raise ApiError(401, message, "auth_error", param=param, call_id=False)
    if given[:7].lower() == "bearer ":
        given = given[7:]
    if given.strip() != wanted:
        # A proxy without database, as measured; one with a database says 401.
        raise ApiError(400, "No connected db.", "no_db_connection", call_id=False)


def _require_session(exchange: Exchange) -> None:
    if exchange.recorded.session.rejected:
        raise ApiError(
            400,
            "Request has no session id. Send an `x-litellm-session-id` header or "
            "`metadata.session_id`. Required by `general_settings.missing_session_id: reject`.",
            "bad_request_error",
            param="session_id",
        )


def _require_model(exchange: Exchange, body: dict[str, Any]) -> str:
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise ApiError(400, "'model' must be a string.", "bad_request_error", param="model")
    models = exchange.settings.models
    if not model or (models is not None and model not in models):
        raise ApiError(
            400,
            f"/chat/completions: Invalid model name passed in model={model}. Call `/v1/models` to "
            "view available models for your key.",
            repeated=True,
        )
    return model
