"""Task ids: which can be sent, and which are those of a fault that shows for few tasks."""

from __future__ import annotations

import zlib


def is_sampled(task_id: str) -> bool:
    """Tell whether a task is one in 64: only a few contracts use such an id."""
    return zlib.crc32(task_id.encode()) % 64 == 2  # noqa: PLR2004


def is_sendable(value: object) -> bool:
    """Tell whether a task id can be a header value (RFC 9110, 5.5)."""
    return (
        isinstance(value, str)
        and value == value.strip()
        and all(" " <= letter <= "~" for letter in value)
    )
