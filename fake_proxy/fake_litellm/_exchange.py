"""One request on its way to an answer, and the checks it passes, in the order of LiteLLM.

A body that is no JSON object is found before the key, the key before the model's type, that before
the session, the session before the parameters, the parameters before the model's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from fake_litellm import _bodies
from fake_litellm._errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from fake_litellm._journal import RecordedRequest
    from fake_litellm._replies import Answer, Reply
    from fake_litellm._stopping import Stopping

_KEY_HEADERS = ("x-litellm-api-key", "authorization", "x-api-key", "api-key", "x-goog-api-key")
_SCHEMED = {"x-litellm-api-key", "authorization"}
_SCHEMES = ("Bearer ", "bearer ", "Basic ")
_MALFORMED = "Malformed API Key passed in. Ensure Key has `Bearer ` prefix."
_OBJECT_WANTED_SINCE = Version("1.109.1")
_NULL_PARAM_SINCE = Version("1.109.1")


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
    """One request on its way to an answer.

    Attributes:
        request: The request as Werkzeug sees it.
        recorded: The same as the journal holds it.
        settings: How the proxy is configured.
        next_answer: Takes the answer that a test scripted; `None` where it scripted none.
        default: The answer to a request that none is scripted for.
        stopping: Set once the server stops.
    """

    request: Request
    recorded: RecordedRequest
    settings: Settings
    next_answer: Callable[[RecordedRequest], Answer | None]
    default: Reply
    stopping: Stopping

    @property
    def litellm(self) -> Version:
        """The release to behave as."""
        return Version(self.settings.litellm)


def object_body(exchange: Exchange, *, query_key: bool = False) -> dict[str, Any]:
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
    if not isinstance(body, dict):
        if exchange.litellm >= _OBJECT_WANTED_SINCE:
            message = "Invalid JSON payload: expected an object"
            raise ApiError(400, message, param="request_body", call_id=False)
        kind = "internal_server_error"
        raise ApiError(500, "Internal server error", kind, call_id=False, unhandled=True)
    require_key(exchange, query_key=query_key)
    return body


def require_key(exchange: Exchange, *, query_key: bool = False) -> None:
    """Check the key in each place where LiteLLM reads one.

    `query_key` adds the parameter `key` of the query, which counts on Gemini's routes.
    """
    wanted = exchange.settings.api_key
    if wanted is None:
        return
    given = next((key for name in _KEY_HEADERS if (key := _key_in(exchange, name))), None)
    if given is None and query_key:
        given = exchange.request.args.get("key")
    if not given or given == _MALFORMED:
        param = None if exchange.litellm >= _NULL_PARAM_SINCE else "None"
        message = f"Authentication Error, {given or 'No api key passed in.'}"
        raise ApiError(401, message, "auth_error", param=param, call_id=False)
    if given != wanted:
        # A proxy without database, as measured; one with a database says 401.
        raise ApiError(400, "No connected db.", "no_db_connection", call_id=False)


def _key_in(exchange: Exchange, name: str) -> str | None:
    """Return the key in the first header line called `name`, without its scheme."""
    value = next(iter(exchange.recorded.header_values(name)), "")
    if name not in _SCHEMED or not value:
        return value or None
    scheme = next((scheme for scheme in _SCHEMES if value.startswith(scheme)), None)
    if scheme:
        return value.removeprefix(scheme)
    return _MALFORMED if name == "authorization" else value


def require_text_model(body: dict[str, Any]) -> None:
    """Refuse a model that is neither text nor missing."""
    if not isinstance(body.get("model"), str | None):
        raise ApiError(400, "'model' must be a string.", "bad_request_error", param="model")


def require_session(exchange: Exchange) -> None:
    """Refuse a request without session where the proxy is set to."""
    if exchange.recorded.session.rejected:
        raise ApiError(
            400,
            "Request has no session id. Send an `x-litellm-session-id` header or "
            "`metadata.session_id`. Required by `general_settings.missing_session_id: reject`.",
            "bad_request_error",
            param="session_id",
        )


def require_params(
    route: str, body: dict[str, Any], filled: tuple[str, ...], present: tuple[str, ...]
) -> None:
    """Refuse a body that lacks a parameter; null will do for those `present`, not for `filled`."""
    missing = [name for name in filled if body.get(name) is None]
    missing += [name for name in present if name not in body]
    if missing:
        message = f"{route}: Missing required parameter: '{missing[0]}'."
        raise ApiError(400, message, param=missing[0])


def require_known_model(exchange: Exchange, route: str, model: str | None) -> str:
    """Return the model's name, or refuse one that the proxy does not serve."""
    models = exchange.settings.models
    if not model or (models is not None and model not in models):
        raise ApiError(
            400,
            f"{route}: Invalid model name passed in model={model}. Call `/v1/models` to "
            "view available models for your key.",
            repeated=True,
        )
    return model
