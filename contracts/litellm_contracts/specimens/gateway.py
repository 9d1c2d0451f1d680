"""Handlers of a vendor whose gateway wants a session with every request."""

from __future__ import annotations

from litellm_contracts.specimens._base import AsyncHandler, Turn
from litellm_contracts.specimens._ids import ALL_PROMPTS, WITHOUT_ID
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad, unusual

HEADER = "x-opencode-session"


def _session(turn: Turn) -> dict[str, str]:
    return {HEADER: turn.task_id or "session-of-no-task"}


@unusual(
    "session-with-every-request",
    "Names a session with every request, as its gateway wants it.",
    profile="opencode-go",
)
class _Always(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault(_session(turn))


@known_bad(
    "session-missing-without-task",
    "Names no session where there is no task id.",
    f"""always/create-message-without-task {WITHOUT_ID} isolation/task-of-a-parent
    isolation/many-stops throughout/header
    isolation/whatever-an-answer-says isolation/handler-let-go""",
    profile="opencode-go",
)
class _WithoutTask(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or turn.task_id:
            return _session(turn)
        return self.fault({})


@known_bad(
    "session-missing-for-empty-metadata",
    "Names no session where there is metadata that names none.",
    """always/create-message-without-task isolation/long-lived-handler schema/create-message
    isolation/metadata-changed-in-place isolation/task-of-a-parent throughout/header""",
    profile="opencode-go",
)
class _EmptyMetadata(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.metadata is None or turn.task_id:
            return _session(turn)
        return self.fault({})


@known_bad(
    "session-missing-with-prompts",
    "Names no session with complete_prompt.",
    f"""always/complete-prompt {ALL_PROMPTS} isolation/same-text-in-another-task
    isolation/call-during-stream throughout/header
    isolation/whatever-an-answer-says
    presence/after-call-without-task""",
    profile="opencode-go",
)
class _WithPrompts(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if turn.is_prompt else _session(turn)


@known_bad(
    "session-missing-for-a-first-prompt",
    "Names no session with a prompt that comes before any message.",
    """always/complete-prompt isolation/second-handler-without-task throughout/header
    isolation/calls-between-chunks presence/after-call-without-task""",
    profile="opencode-go",
)
class _FirstPrompt(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt and not self.memory.get("begun"):
            return self.fault({})
        self.memory["begun"] = True
        return _session(turn)
