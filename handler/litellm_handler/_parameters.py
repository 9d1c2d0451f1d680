"""The optional parameters of a request body.

They go through ``extra_body``, the one way that every SDK version knows: openai 1.0 has no
``tools``, ``stream_options`` came with 1.26 and ``max_completion_tokens`` later still.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# gpt-5, gpt5, GPT-5-mini, openai/gpt-5.1; not gpt-50.
_GPT_5: Final = re.compile(r"\bgpt-?5(?!\d)", re.IGNORECASE)


def model_parameters(
    model: str, *, max_tokens: int | None, temperature: float | None
) -> dict[str, object]:
    """Return the limits of an answer; gpt-5 models refuse ``max_tokens`` under its old name."""
    limit = "max_completion_tokens" if _GPT_5.search(model) else "max_tokens"
    return _given({limit: max_tokens, "temperature": temperature})


def tool_parameters(metadata: Mapping[str, object] | None) -> dict[str, object]:
    """Return the tools of a call; without tools OpenAI refuses the parameters about them."""
    if not metadata or not metadata.get("tools"):
        return {}
    return _given(
        {key: metadata.get(key) for key in ("tools", "tool_choice", "parallel_tool_calls")}
    )


def _given(parameters: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if value is not None}
