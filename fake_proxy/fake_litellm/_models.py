"""The model routes: what `/v1/models` and `/v1/model/info` list."""

from __future__ import annotations

import hashlib
from typing import Any

DEFAULT_MODELS = (
    "gpt-4o",
    "gpt-5",
    "gpt-5-mini",
    "gemini-2.5-pro",
    "claude-sonnet-4-5",
)
"""Listed by a proxy that accepts any model."""

_CREATED = 1677610602  # LiteLLM gives every model this date


def listing(models: tuple[str, ...] | None) -> dict[str, Any]:
    """Build the answer of `GET /v1/models`, in the order of the configuration."""
    return {"data": [entry(name) for name in _listed(models)], "object": "list"}


def entry(name: str) -> dict[str, Any]:
    """Build one model's entry."""
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "openai",
        "mode": "chat",
        "max_input_tokens": 128000,
        "max_output_tokens": 16384,
    }


def info(models: tuple[str, ...] | None) -> dict[str, Any]:
    """Build the answer of `GET /v1/model/info`: the keys that clients are known to read."""
    return {"data": [_info(name) for name in _listed(models)]}


def _listed(models: tuple[str, ...] | None) -> tuple[str, ...]:
    return DEFAULT_MODELS if models is None else models


def _info(name: str) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": f"openai/{name}"},
        "model_info": {
            "id": hashlib.sha256(name.encode()).hexdigest(),
            "db_model": False,
            "key": name,
            "max_tokens": 16384,
            "max_input_tokens": 128000,
            "max_output_tokens": 16384,
            "input_cost_per_token": 2.5e-06,
            "output_cost_per_token": 1e-05,
            "cache_read_input_token_cost": 1.25e-06,
            "litellm_provider": "openai",
            "mode": "chat",
            "supports_function_calling": True,
            "supports_prompt_caching": True,
            "supports_vision": True,
        },
    }
