"""Handlers that send a session header where there is no task."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._ids import ABSENT, AFTER_TURN
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import Callable

_WITHOUT_ID = f"{ABSENT} schema/create-message"
_OMITTED = f"""{_WITHOUT_ID} -absence/metadata-empty -absence/task-id-none -absence/task-id-empty
    -absence/other-metadata"""

_MADE_UP: tuple[tuple[str, str, Callable[[Turn], str | None], str], ...] = (
    (
        "undefined-without-task",
        "Sends 'undefined' where there is no task id.",
        lambda _: "undefined",
        f"""{_WITHOUT_ID} isolation/task-of-a-parent isolation/many-stops throughout/header
        isolation/whatever-an-answer-says recognition/nothing-else-filed-there
        isolation/handler-let-go""",
    ),
    (
        "random-id-without-task",
        "Makes up an id where there is no task id.",
        lambda _: str(uuid.uuid4()),
        f"""{_WITHOUT_ID} isolation/task-of-a-parent isolation/many-stops throughout/header
        isolation/whatever-an-answer-says isolation/handler-let-go""",
    ),
    (
        "undefined-without-metadata",
        "Sends 'undefined' where there is no metadata.",
        lambda turn: "undefined" if turn.metadata is None else None,
        f"""{_OMITTED} -isolation/metadata-changed-in-place isolation/many-stops throughout/header
        isolation/whatever-an-answer-says recognition/nothing-else-filed-there
        isolation/handler-let-go""",
    ),
    (
        "null-for-empty-metadata",
        "Sends 'null' where the metadata is empty.",
        lambda turn: "null" if turn.metadata == {} else None,
        """absence/metadata-empty absence/after-task-in-every-form schema/create-message
    isolation/metadata-changed-in-place
        throughout/header""",
    ),
    (
        "none-as-text",
        "Sends 'None' for a task id that is None.",
        lambda turn: _text_of(turn, None),
        "absence/task-id-none absence/after-task-in-every-form throughout/header",
    ),
    (
        "empty-header-for-empty-id",
        "Sends an empty header for an empty task id.",
        lambda turn: _text_of(turn, ""),
        "absence/task-id-empty absence/after-task-in-every-form throughout/header",
    ),
    (
        "parent-task-id-used",
        "Falls back on the parent's task id.",
        lambda turn: (turn.metadata or {}).get("parent_task_id"),
        """absence/other-metadata schema/create-message isolation/task-of-a-parent
        throughout/header""",
    ),
    (
        "session-id-of-metadata-used",
        "Falls back on a session id that the metadata happens to hold.",
        lambda turn: (turn.metadata or {}).get("session_id"),
        "absence/other-metadata throughout/header",
    ),
    (
        "id-made-up-on-retries",
        "Makes up an id for the second attempt.",
        lambda turn: str(uuid.uuid4()) if turn.attempt > 1 else None,
        """absence/retry-without-task isolation/after-every-kind-of-answer
        isolation/call-during-stream
        isolation/retry-beside-another-task schema/create-message throughout/header""",
    ),
)


def _text_of(turn: Turn, value: object) -> str | None:
    metadata = turn.metadata or {}
    return str(value) if "task_id" in metadata and metadata["task_id"] == value else None


def _making_up(make_up: Callable[[Turn], str | None], base: Any) -> type[Parts]:  # noqa: ANN401
    class MakingUp(base):  # type: ignore[misc]
        """Sends a header without a task id."""

        def headers(self, turn: Turn) -> dict[str, str]:
            headers: dict[str, str] = super().headers(turn)
            if turn.is_prompt or headers or (value := make_up(turn)) is None:
                return headers
            return self.fault({HEADER: value})  # type: ignore[no-any-return]

    return MakingUp


for _number, (_name, _about, _make_up, _breaks) in enumerate(_MADE_UP):
    _base: Any = RawHandler if _number % 2 else AsyncHandler
    known_bad(_name, _about, _breaks)(_making_up(_make_up, _base))


@known_bad(
    "crash-on-metadata-none",
    "Looks into the metadata without asking whether there is any.",
    "absence/metadata-none absence/after-task-in-every-form",
    sends=False,
)
class _Crash(AsyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        if turn.metadata is None and turn.is_metadata_passed:
            self.fault()
            raise TypeError("'NoneType' object is not subscriptable")
        return turn


@known_bad(
    "null-for-metadata-none",
    "Sends 'null' where the metadata is passed as None.",
    "absence/metadata-none absence/after-task-in-every-form throughout/header",
)
class _Null(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.metadata is None and turn.is_metadata_passed and not turn.is_prompt:
            return self.fault({HEADER: "null"})
        return super().headers(turn)


@known_bad(
    "previous-id-after-a-prompt",
    "Takes a message without a task that follows a prompt for the conversation's next turn.",
    "isolation/long-lived-handler throughout/header",
    is_patient=True,
)
class _AfterPrompt(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        follows = self.memory.get("prompted")
        self.memory["prompted"] = turn.is_prompt
        if follows and self.memory.get("last") and turn.metadata == {}:
            return self.fault(self.memory["last"])
        self.memory["last"] = headers or self.memory.get("last")
        return headers


@known_bad(
    "previous-id-for-empty-id",
    "Takes an empty task id for one that has not changed.",
    "absence/after-task-in-every-form throughout/header",
)
class _Unchanged(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.task_id == "" and self.memory:
            return self.fault(dict(self.memory))
        self.memory.update(headers)
        return headers


@known_bad(
    "previous-id-without-task",
    "Keeps the last task id for calls that have none.",
    f"""absence/after-task* absence/after-failed-task isolation/task-beside-no-task {AFTER_TURN}
    schema/create-message absence/retry-without-task isolation/call-during-stream
    isolation/calls-between-chunks isolation/metadata-changed-in-place
    isolation/retry-beside-another-task isolation/same-text-in-another-task
    isolation/after-reset-connection isolation/task-of-a-parent -isolation/other-handler-closed
    -isolation/many-stops
    isolation/many-stops throughout/header
    isolation/whatever-an-answer-says""",
)
class _Previous(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        self.memory.update(headers)
        if not headers and self.memory and not turn.is_prompt:
            return self.fault(dict(self.memory))
        return headers


@known_bad(
    "id-of-failed-call-without-task",
    "Clears the task id only after a success.",
    """absence/after-failed-task isolation/long-lived-handler
    isolation/after-every-kind-of-answer isolation/retry-beside-another-task
    throughout/header
    schema/create-message
    isolation/after-reset-connection""",
)
class _Uncleared(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory.update(self.headers(turn))
        return super().error(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers and self.memory and not turn.is_prompt:
            return self.fault(dict(self.memory))
        return headers


@known_bad(
    "undefined-until-first-task",
    "Has 'undefined' for a default until the first task id is known.",
    "absence/no-metadata throughout/header",
)
class _Default(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_first = not self.shared.memory
        if not turn.is_prompt:
            self.shared.memory["used"] = True
        if is_first and not turn.is_metadata_passed:
            return self.fault({HEADER: "undefined"})
        return super().headers(turn)
