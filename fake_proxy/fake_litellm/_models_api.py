"""The model routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_litellm import _models, _response
from fake_litellm._exchange import require_key

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from fake_litellm._exchange import Exchange


def list_models(exchange: Exchange) -> Response:
    """`GET /v1/models` and `/models`."""
    require_key(exchange)
    return _response.json_response(_models.listing(exchange.settings.models), exchange.request)


def get_model(exchange: Exchange, name: str) -> Response:
    """`GET /v1/models/{name}`."""
    require_key(exchange)
    models = exchange.settings.models
    if models is not None and name not in models:
        detail = f"The model `{name}` does not exist or is not accessible"
        return _response.detail_response(404, detail, exchange.request)
    return _response.json_response(_models.entry(name), exchange.request)


def model_info(exchange: Exchange) -> Response:
    """`GET /v1/model/info` and `/model/info`, or of the one model in `?litellm_model_id=`."""
    require_key(exchange)
    found = _models.info(exchange.settings.models)
    wanted = exchange.request.args.get("litellm_model_id")
    if wanted is not None:
        found = [model for model in found if model["model_info"]["id"] == wanted]
        if not found:
            detail = {"error": f"Model id = {wanted} not found on litellm proxy"}
            return _response.detail_response(400, detail, exchange.request)
    return _response.json_response({"data": found}, exchange.request)


def model_info_v2(exchange: Exchange) -> Response:
    """`GET /v2/model/info`, which needs a database."""
    require_key(exchange)
    return _response.detail_response(500, {"error": _models.NO_DATABASE}, exchange.request)


def model_group_info(exchange: Exchange) -> Response:
    """`GET /model_group/info`, or of the one group in `?model_group=`."""
    require_key(exchange)
    wanted = exchange.request.args.get("model_group")
    groups = _models.groups(exchange.settings.models)
    found = [group for group in groups if wanted in {None, group["model_group"]}]
    return _response.json_response({"data": found}, exchange.request)
