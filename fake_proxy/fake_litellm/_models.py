"""The model routes: what `/v1/models` and `/v1/model/info` list."""

from __future__ import annotations

import hashlib
from typing import Any

OTHER_FAMILIES = (
    "anthropic/claude-opus-4-5",
    "chatgpt-4o-latest",
    "claude-3-5-haiku-latest",
    "claude-haiku-4-5@20251001",
    "claude-opus-4-1-thinking",
    "codestral-latest",
    "cohere/command-a-03-2025",
    "deepseek-reasoner",
    "gemini/gemini-2.0-flash-thinking-exp",
    "gpt-3.5-turbo",
    "gpt-4-32k",
    "gpt-4o-search-preview",
    "gpt-5-pro",
    "grok-code-fast-1",
    "groq/meta-llama/llama-4-maverick-17b",
    "huggingface/google/gemma-3-27b-it",
    "minimax/MiniMax-M2",
    "o1-mini",
    "o4-mini",
    "ollama_chat/gpt-oss:20b",
    "openai/gpt-4.1-mini",
    "openrouter/anthropic/claude-3.7-sonnet:thinking",
    "openrouter/moonshotai/kimi-k2",
    "perplexity/sonar-reasoning-pro",
    "us.amazon.nova-pro-v1:0",
    "vertex_ai/gemini-2.5-flash",
    "vllm/Qwen/QwQ-32B",
    "zai/glm-4.6",
)
"""Names of families beyond those that handlers are known to treat in a way of their own.

None for which a client library fetches a tokenizer, as litellm does for llama-3.
"""
DEFAULT_MODELS = (
    "gpt-4o",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5.1-codex",
    "gemini-2.5-pro",
    "claude-sonnet-4-5",
    "o3-mini",
    "deepseek/deepseek-r1:free",
    "azure/gpt-4.1",
    "bedrock/anthropic.claude-3-7-sonnet-20250219-v1:0",
    "mistral-large-latest",
    "qwen3-coder",
    "xai/grok-4",
    *OTHER_FAMILIES,
)
"""Listed by a proxy that accepts any model."""

_BY_RESPONSES = {"gpt-5.1-codex", "gpt-5-pro"}  # says LiteLLM's cost map of 1.106.2

NO_DATABASE = (
    "DB not connected. This endpoint needs a database; set DATABASE_URL to a PostgreSQL connection "
    "string (postgresql://...) to enable it. See https://docs.litellm.ai/docs/proxy/virtual_keys"
)

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
        "mode": _mode(name),
        "max_input_tokens": 128000,
        "max_output_tokens": 16384,
    }


def info(models: tuple[str, ...] | None) -> list[dict[str, Any]]:
    """Build the entries of `GET /v1/model/info`: the keys that clients are known to read."""
    return [_info(name) for name in _listed(models)]


def groups(models: tuple[str, ...] | None) -> list[dict[str, Any]]:
    """Build the entries of `GET /model_group/info`, as measured on LiteLLM 1.106.2."""
    return [{"model_group": name} | _GROUP | {"mode": _mode(name)} for name in _listed(models)]


def _listed(models: tuple[str, ...] | None) -> tuple[str, ...]:
    return DEFAULT_MODELS if models is None else models


def _mode(name: str) -> str:
    return "responses" if name in _BY_RESPONSES else "chat"


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
            "mode": _mode(name),
            "supports_function_calling": True,
            "supports_prompt_caching": True,
            "supports_vision": True,
        },
    }


_OPENAI_PARAMS = (
    *("frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "max_tokens"),
    *("max_completion_tokens", "modalities", "prediction", "n", "presence_penalty", "seed"),
    *("stop", "stream", "stream_options", "temperature", "top_p", "tools", "tool_choice"),
    *("function_call", "functions", "max_retries", "extra_headers", "parallel_tool_calls"),
    *("audio", "web_search_options", "service_tier", "safety_identifier", "prompt_cache_key"),
    *("prompt_cache_retention", "store", "response_format", "reasoning_effort"),
)
_GROUP: dict[str, Any] = {
    "providers": ["openai"],
    "max_input_tokens": 128000.0,
    "max_output_tokens": 16384.0,
    "input_cost_per_token": 2.5e-06,
    "output_cost_per_token": 1e-05,
    "input_cost_per_pixel": None,
    "mode": "chat",
    **dict.fromkeys(("tpm", "rpm", "itpm", "otpm")),
    **dict.fromkeys(("supports_parallel_function_calling", "supports_vision"), True),
    **dict.fromkeys(("supports_web_search", "supports_url_context", "supports_reasoning"), False),
    "supports_function_calling": True,
    "supports_fast_mode": False,
    "supported_reasoning_efforts": [],
    "supported_openai_params": list(_OPENAI_PARAMS),
    "configurable_clientside_auth_params": None,
    "is_public_model_group": False,
    **dict.fromkeys(("health_status", "health_response_time", "health_checked_at")),
}
