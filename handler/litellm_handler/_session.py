"""The session header: when it is sent, and which task ids it can carry."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("litellm_handler")

RULE = "a task_id is sent as an HTTP header: ASCII without control characters or outer spaces"

# What a value may not hold: anything outside printable ASCII, a space at either end.
_UNSENDABLE = re.compile(r"[^ -~]|\A | \Z")

# LiteLLM 1.83.11 to 1.109.1 takes a vendor's session header with such a value, and ignores others.
_RECOGNISED = re.compile(r"[a-zA-Z0-9_\-]{8,}")

_SHOWN = 12  # characters of a task id shown on either side of what is wrong with it


def session_headers(name: str, metadata: Mapping[str, object] | None) -> dict[str, str]:
    """Return the headers of one request: the session header, or none without a task id.

    ``None`` and ``""`` count as no task id. A value that HTTP carries but LiteLLM would ignore is
    sent as it is, with a logged warning: observability must not break a conversation.

    Raises:
        ValueError: the task id is not a string, or cannot be a header value (RFC 9110, 5.5). The
            SDK would raise a bare ``UnicodeEncodeError``, or retry for seconds and then say
            "Connection error.".
    """
    task_id = (metadata or {}).get("task_id")
    if task_id is None or task_id == "":
        return {}
    if not isinstance(task_id, str):
        raise ValueError(f"{RULE}; got a {type(task_id).__name__}, not a string")  # noqa: TRY004 - one error for every refused task id
    if unsendable := _UNSENDABLE.search(task_id):
        at = unsendable.start()
        shown = task_id[max(0, at - _SHOWN) : at + _SHOWN]
        raise ValueError(f"{RULE}; got {unsendable.group()!r} at position {at}, near {shown!r}")
    if not _RECOGNISED.fullmatch(task_id):
        logger.warning(
            "LiteLLM will ignore the session in %s: the task id %r does not match %s",
            name,
            task_id[: 2 * _SHOWN],
            _RECOGNISED.pattern,
        )
    return {name: task_id}
