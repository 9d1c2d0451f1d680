"""`/v1/embeddings`, as LiteLLM 1.106.2 passes on OpenAI's."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

from fake_litellm._turn import Api

if TYPE_CHECKING:
    from fake_litellm._turn import Turn

_VECTOR = (0.1, 0.2, 0.3)
_MOST_DIMENSIONS = 4096


def _answer(turn: Turn) -> dict[str, Any]:
    asked = turn.body["input"]
    # A list of numbers is one input, in tokens.
    many = isinstance(asked, list) and not all(isinstance(token, int) for token in asked)
    embedding = _embedding(turn.body)
    tokens = turn.reply.usage.prompt_tokens
    return {
        "model": turn.model,
        "data": [
            {"embedding": embedding, "index": index, "object": "embedding"}
            for index in range(len(asked) if many else 1)
        ],
        "object": "list",
        "usage": {
            "completion_tokens": 0,
            "prompt_tokens": tokens,
            "total_tokens": tokens,
            "completion_tokens_details": None,
            "prompt_tokens_details": None,
        },
    }


def _embedding(body: dict[str, Any]) -> list[float] | str:
    """Return a vector as the request wants it; openai-python asks for base64 by default."""
    asked = body.get("dimensions")
    count = min(max(asked, 1), _MOST_DIMENSIONS) if isinstance(asked, int) else len(_VECTOR)
    vector = [_VECTOR[index % len(_VECTOR)] for index in range(count)]
    if body.get("encoding_format") != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{count}f", *vector)).decode()


embeddings = Api(route="/embeddings", filled=("input",), answer=_answer)
