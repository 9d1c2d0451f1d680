"""JSON and server-sent events as LiteLLM reads and writes them."""

from __future__ import annotations

import json
from typing import Any

DONE_EVENT = b"data: [DONE]\n\n"


def encode(value: Any) -> bytes:  # noqa: ANN401
    """Serialise as LiteLLM does: no spaces, UTF-8 unescaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def decode(body: bytes) -> Any:  # noqa: ANN401
    """Parse as LiteLLM does: no NaN, no lone surrogates.

    Raises:
        UnicodeDecodeError: the body is not UTF-8.
        ValueError: it is not JSON.
    """
    text = body.decode()
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            encode(value)
    except (UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"unexpected {name}")


def event(value: Any) -> bytes:  # noqa: ANN401
    """Frame one server-sent event; LiteLLM sends each in an HTTP chunk of its own."""
    return b"data: " + encode(value) + b"\n\n"


def spaced_event(value: Any) -> bytes:  # noqa: ANN401
    """Frame one where LiteLLM leaves Python's own serialiser as it is: spaces, ASCII only."""
    return f"data: {json.dumps(value)}\n\n".encode()
