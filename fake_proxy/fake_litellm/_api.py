"""The proxy's routes, and what is answered where none fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule, WebsocketMismatch

from fake_litellm import _models_api, _response, _service_api, _tokens_api
from fake_litellm._chat_api import chat_completions
from fake_litellm._completions_api import completions
from fake_litellm._embeddings_api import embeddings
from fake_litellm._errors import ApiError
from fake_litellm._gemini_api import generate_content, stream_generate_content
from fake_litellm._gzip import negotiate
from fake_litellm._messages_api import messages
from fake_litellm._responses_api import responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.routing import MapAdapter
    from werkzeug.wrappers import Request, Response

    from fake_litellm._exchange import Exchange


def answer(exchange: Exchange) -> Response:
    """Answer a request as LiteLLM would.

    Raises:
        CutConnection: where the script says so.
    """
    if _is_preflight(exchange.request):
        return _response.preflight_response(exchange.request)
    try:
        response = _routed(exchange)
    except ApiError as error:
        response = _response.error_response(error, exchange.request)
    return negotiate(response, exchange.request)


def _routed(exchange: Exchange) -> Response:
    request = exchange.request
    scheme = "ws" if request.headers.get("upgrade", "").lower() == "websocket" else "http"
    urls = ROUTES.bind("", path_info=request.path, default_method=request.method, url_scheme=scheme)
    try:
        if exchange.recorded.path.startswith("//"):  # which Werkzeug would read as one slash
            raise NotFound  # noqa: TRY301 - the same answer as any other path without a route
        endpoint, values = urls.match()
        may_head = endpoint is _service_api.page
        if request.method == "OPTIONS" or (request.method == "HEAD" and not may_head):
            return _not_allowed(urls.allowed_methods(), request)
        return endpoint(exchange, **values)  # type: ignore[no-any-return]
    except MethodNotAllowed as error:
        return _not_allowed(error.valid_methods or (), request)
    except WebsocketMismatch:
        return _response.respond(403, [("content-length", "0")], b"")
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


def _posts(endpoint: Callable[..., Response], *paths: str) -> list[Rule]:
    return [Rule(path, methods=["POST"], endpoint=endpoint) for path in paths]


def _gets(endpoint: Callable[..., Response], *paths: str) -> list[Rule]:
    return [Rule(path, methods=["GET"], endpoint=endpoint) for path in paths]


def _of_openai(endpoint: Callable[..., Response], name: str) -> list[Rule]:
    """Return an OpenAI route's paths, with those that Azure and the first SDKs used."""
    engines = (f"{base}/<path:model>/{name}" for base in ("/engines", "/openai/deployments"))
    return _posts(endpoint, f"/v1/{name}", f"/{name}", *engines)


def _of_gemini(endpoint: Callable[..., Response], name: str) -> list[Rule]:
    return _posts(endpoint, f"/v1beta/models/<path:model>:{name}", f"/models/<path:model>:{name}")


_RESPONSES = ("/v1/responses", "/responses", "/openai/v1/responses")

ROUTES = Map(
    [
        *_of_openai(chat_completions, "chat/completions"),
        *_of_openai(completions, "completions"),
        *_of_openai(embeddings, "embeddings"),
        *_posts(responses, *_RESPONSES),
        *(
            Rule(path, websocket=True, endpoint=_service_api.no_websocket)
            for path in _RESPONSES[:2]
        ),
        *_posts(
            _tokens_api.response_input_tokens,
            *(f"{path}/input_tokens" for path in _RESPONSES),
        ),
        *_posts(messages, "/v1/messages"),
        *_posts(_tokens_api.count_tokens, "/v1/messages/count_tokens"),
        *_posts(_tokens_api.token_counter, "/utils/token_counter"),
        *_of_gemini(generate_content, "generateContent"),
        *_of_gemini(stream_generate_content, "streamGenerateContent"),
        *_of_gemini(_tokens_api.gemini_count_tokens, "countTokens"),
        *_gets(_models_api.list_models, "/v1/models", "/models"),
        *_gets(_models_api.get_model, "/v1/models/<name>", "/models/<name>"),
        *_gets(_models_api.model_info, "/v1/model/info", "/model/info"),
        *_gets(_models_api.model_info_v2, "/v2/model/info"),
        *_gets(_models_api.model_group_info, "/model_group/info"),
        *_gets(_service_api.liveliness, "/health/liveliness", "/health/liveness"),
        *_gets(_service_api.readiness, "/health/readiness"),
        *_gets(_service_api.page, "/"),
        *_posts(_service_api.event_logging, "/api/event_logging/batch"),
    ],
    merge_slashes=False,
)
