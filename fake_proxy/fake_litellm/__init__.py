"""A fake LiteLLM proxy that records every request as it was on the wire.

The names are loaded on first use, so that a pytest run that has the package installed and does
not use it pays nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_litellm._errors import (
        AddressTakenError,
        FakeLiteLLMError,
        JournalBoundsError,
        ModelsError,
    )
    from fake_litellm._journal import Journal, RecordedRequest
    from fake_litellm._replies import Cut, Failure, Gate, Page, Redirect, Reply, ToolCall, Usage
    from fake_litellm._server import FakeLiteLLM
    from fake_litellm._session import Session, resolve_session
    from fake_litellm._tls import AUTHORITY

__all__ = [
    "AUTHORITY",
    "AddressTakenError",
    "Cut",
    "Failure",
    "FakeLiteLLM",
    "FakeLiteLLMError",
    "Gate",
    "Journal",
    "JournalBoundsError",
    "ModelsError",
    "Page",
    "RecordedRequest",
    "Redirect",
    "Reply",
    "Session",
    "ToolCall",
    "Usage",
    "resolve_session",
]

_HOMES = {
    "_errors": {"AddressTakenError", "FakeLiteLLMError", "JournalBoundsError", "ModelsError"},
    "_journal": {"Journal", "RecordedRequest"},
    "_replies": {"Cut", "Failure", "Gate", "Page", "Redirect", "Reply", "ToolCall", "Usage"},
    "_server": {"FakeLiteLLM"},
    "_session": {"Session", "resolve_session"},
    "_tls": {"AUTHORITY"},
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"fake_litellm.{module}"), name)
    raise AttributeError(f"module 'fake_litellm' has no attribute {name!r}")
