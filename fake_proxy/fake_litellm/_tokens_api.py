"""The routes that count tokens: an estimate by words, where LiteLLM runs a tokenizer.

They want no session, whatever `missing_session_id` says, and take any model.

1.109.1 fails where it cannot ask the provider; the fake answers all the same, as a proxy with a
network does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_litellm import _exchange, _response
from fake_litellm._errors import ApiError
from fake_litellm._messages_api import envelope
from fake_litellm._words import words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from fake_litellm._exchange import Exchange

_PER_REQUEST = _PER_MESSAGE = 3  # what tiktoken's chat format adds
_ESTIMATE = "local_estimate"
_FIELD_REQUIRED = {"type": "missing", "loc": ["body", "model"], "msg": "Field required"}
_STRING_WANTED = {
    "type": "string_type",
    "loc": ["body", "model"],
    "msg": "Input should be a valid string",
}
_NOT_JSON = {"type": "json_invalid", "loc": ["body", 1], "msg": "JSON decode error"}


def count_tokens(exchange: Exchange) -> Response:
    """`POST /v1/messages/count_tokens`."""
    body = _exchange.object_body(exchange)
    for name in ("model", "messages"):
        if not body.get(name):
            error = ApiError(400, f"{name} parameter is required", call_id=False)
            return _response.error_response(error, exchange.request, envelope(error))
    counted = _chat_tokens(body["messages"], body.get("system"), body.get("tools"))
    return _json(exchange, {"input_tokens": counted, "litellm_count_source": _ESTIMATE})


def token_counter(exchange: Exchange) -> Response:
    """`POST /utils/token_counter`, the one route here whose body FastAPI checks."""
    try:
        body = _exchange.object_body(exchange)
    except ApiError as error:
        if error.param != "request_body":
            raise
        return _response.detail_response(422, [_NOT_JSON], exchange.request)
    model = body.get("model")
    if not isinstance(model, str):
        wrong = _STRING_WANTED if "model" in body else _FIELD_REQUIRED
        return _response.detail_response(422, [wrong], exchange.request)
    if all(body.get(name) is None for name in ("prompt", "messages", "contents")):
        detail = "prompt or messages or contents must be provided"
        return _response.detail_response(400, detail, exchange.request)
    chat = body.get("messages") or body.get("contents")
    counted = {
        "total_tokens": _chat_tokens(chat) if chat else words(body.get("prompt")),
        "request_model": model,
        "model_used": model,
        "tokenizer_type": "openai_tokenizer",
        "count_source": _ESTIMATE,
        "original_response": None,
        "error": False,
        "error_message": None,
        "status_code": None,
    }
    return _json(exchange, counted)


def gemini_count_tokens(exchange: Exchange, model: str) -> Response:  # noqa: ARG001
    """`POST /v1beta/models/{model}:countTokens`."""
    body = _exchange.object_body(exchange)
    total = _chat_tokens(body.get("contents"))
    counted = {"litellm_count_source": _ESTIMATE, "totalTokens": total, "promptTokensDetails": []}
    return _json(exchange, counted)


def response_input_tokens(exchange: Exchange) -> Response:
    """`POST /v1/responses/input_tokens`."""
    body = _exchange.object_body(exchange)
    for name in ("model", "input"):
        if body.get(name) is None:
            message = f"Missing required parameter: '{name}'."
            error = ApiError(400, message, param=name, call_id=False)
            told = error.body()["error"] | {"code": "missing_required_parameter"}
            return _response.error_response(error, exchange.request, {"error": told})
    asked = body["input"]
    chat = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    counted = {
        "object": "response.input_tokens",
        "input_tokens": _chat_tokens(chat),
        "litellm_count_source": _ESTIMATE,
    }
    return _json(exchange, counted)


def _json(exchange: Exchange, value: dict[str, Any]) -> Response:
    return _response.json_response(value, exchange.request)


def _chat_tokens(messages: object, *others: object) -> int:
    count = len(messages) if isinstance(messages, list) else 0
    return _PER_REQUEST + count * _PER_MESSAGE + words(messages, *others)
