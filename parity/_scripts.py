"""What each model answers: one script, read by the upstream and by the fake."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fake_litellm import Failure, Reply, ToolCall, Usage
from parity import HERE

if TYPE_CHECKING:
    from fake_litellm import RecordedRequest

EXPLAIN = "Explain."  # a request that says so has the model's `explained` answer


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((HERE / "corpus" / "models.toml").read_text("utf-8"))


def models() -> tuple[str, ...]:
    """Return the names of all models, in the order of the configuration."""
    return tuple(_table())


def upstream_answer(body: dict[str, Any]) -> Reply | Failure:
    """Return what the upstream answers to a request."""
    row = _table()[body["model"]]
    return _answer(row, _explained(row, body))


def fake_answer(recorded: RecordedRequest) -> Reply | Failure:
    """Return what the fake is to answer to a request."""
    row = _table()[_model_of(recorded)]
    if fallback := _fallback(recorded.json):
        return _answer(_table()[fallback], {"model": fallback})
    return _answer(row, row.get("fake", {}) | _explained(row, recorded.json))


def _model_of(recorded: RecordedRequest) -> str:
    named = recorded.json.get("model") if isinstance(recorded.json, dict) else None
    if named in _table():
        return str(named)
    parts = (unquote(part) for part in re.split("[/:]", recorded.path))
    return next((part for part in parts if part in _table()), "text")


def _fallback(body: Any) -> str | None:  # noqa: ANN401
    """Return the model that a request names to fall back to, which it does: its own fails."""
    return body["fallbacks"][0] if isinstance(body, dict) and "fallbacks" in body else None


def _explained(row: dict[str, Any], body: Any) -> dict[str, Any]:  # noqa: ANN401
    changes: dict[str, Any] = row.get("explained", {})
    return changes if EXPLAIN in json.dumps(body) else {}


def _answer(row: dict[str, Any], changes: dict[str, Any]) -> Reply | Failure:
    if "failure" in row:
        return Failure(**row["failure"])
    fields = row["reply"] | changes
    if "usage" in fields:
        fields = fields | {"usage": Usage(**fields["usage"])}
    if "tool_calls" in fields:
        fields = fields | {"tool_calls": tuple(ToolCall(**call) for call in fields["tool_calls"])}
    return Reply(**fields)
