"""Handlers that understand their arguments in one of the ways in which they can be given."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import DUE
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_NO_OTHER_WAY = """
    -presence/first-turn -presence/same-call-again -presence/long-id -presence/gpt-5-model
    -presence/gemini-model -presence/unknown-metadata -presence/after-call-without-task
    -presence/retry-after-429 -presence/retry-after-429-without-hint
    -presence/retry-after-429-long -presence/retry-after-500 -presence/retry-after-503
    -presence/retry-after-reset -presence/reconnect -presence/other-surroundings
    -complete-prompt/between-turns -complete-prompt/during-stream
    -isolation/second-handler-without-task -isolation/long-lived-handler -isolation/handler-let-go
    -isolation/after-an-odd-answer -recognition/filed-under-the-task"""
"""Contracts whose turns are few, so that each has a plain dict and its arguments by position.

And one whose turns are so many that it is for the patient.
"""


@known_bad(
    "metadata-of-another-dict-ignored",
    "Takes metadata that is a dict of another type, such as an OrderedDict, for an object.",
    f"""{DUE} {_IN_NO_OTHER_WAY}
    -presence/redirect -presence/after-failed-call -presence/retry-after-other-failures
    -isolation/one-task-twice-at-once -isolation/metadata-changed-in-place
    -isolation/other-handler-closed""",
)
class _PlainDicts(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.metadata is None or type(turn.metadata) is dict:
            return super().headers(turn)
        return self.fault({})


@known_bad(
    "header-missing-where-all-is-given-by-name",
    "Takes a call without positional arguments for one of an older release, task id and all.",
    f"""{DUE} {_IN_NO_OTHER_WAY}
    -presence/tool-turns -presence/content-parts -presence/empty-system-prompt
    -presence/unicode-text -presence/next-task -presence/unusual-proxy -presence/secure-proxy
    -complete-prompt/at-the-same-time -isolation/concurrent-tasks -isolation/call-during-stream
    -isolation/two-handlers -isolation/after-reset-connection""",
)
class _OlderForm(SyncHandler):
    @functools.wraps(SyncHandler.create_message)
    def create_message(self, *given: Any, **named: Any) -> Iterator[Any]:  # type: ignore[override] # noqa: ANN401
        if not given:
            older = {"task_id": named.pop("task_id", None)}
            named["metadata"] = self.fault({**(named.get("metadata") or {}), **older})
        return super().create_message(*given, **named)
