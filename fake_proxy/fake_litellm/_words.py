"""An estimate of tokens by words, where LiteLLM runs a tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = re.compile(r"\w+|[^\w\s]")


def words(*values: object) -> int:
    """Count the words in every text within `values`; a part's type is no text."""
    waiting, count = list(values), 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            count += len(_WORD.findall(value))
        elif isinstance(value, Mapping):
            waiting += [part for name, part in value.items() if name != "type"]
        elif isinstance(value, list):
            waiting += value
    return count
