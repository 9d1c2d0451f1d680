"""What the specimens need of the SDK they run on: its transport, its models, its pauses."""

from __future__ import annotations

import os
import re
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from litellm_contracts.specimens._base import Parts, Turn


def pause(turn: Turn) -> float:
    """Return how many seconds to wait: what the proxy asks for, where it is not next to nothing."""
    answer = getattr(turn.failure, "response", None)
    asked = int(answer.headers.get("retry-after-ms", 0)) if answer is not None else 0
    return asked / 1000 if asked >= 50 else 0.0  # noqa: PLR2004


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Turn an SDK model into plain values; iterating works in pydantic 1 and 2."""
    if hasattr(value, "__fields__"):
        return {name: plain(item) for name, item in value}
    return [plain(item) for item in value] if isinstance(value, list) else value


def blamed(error: Exception) -> str:
    """Return the parameter that a refusal blames, or nothing: openai 1.0 only tells of it."""
    told = re.search(r"'param': '([^']*)'", str(error))
    return getattr(error, "param", None) or (told[1] if told else "")


def http_library() -> ModuleType:
    """Return the HTTP library of the installed SDK."""
    import importlib

    import openai

    is_old = int(openai.__version__.partition(".")[0]) < 3  # noqa: PLR2004 - 3.0.0 moved
    return importlib.import_module("httpx" if is_old else "httpx2")


def client_options(handler: Parts, transport: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what every SDK client of a handler is built with."""
    return {
        "base_url": handler.base_url + handler.path,
        "api_key": handler.api_key,
        "max_retries": 0,
        "http_client": transport,
    }


def certificates(base_url: str) -> ssl.SSLContext:
    """Return what the transport verifies by: loading all that is known takes 35 ms."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if base_url.startswith("https:"):
        context.load_verify_locations(os.environ.get("SSL_CERT_FILE"))
    return context
