"""Handlers that lose the session header: always, or for a kind of turn, id, model or retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._ids import DUE, RATE_LIMITS, RETRIES
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sampled

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_later_turn(turn: Turn, _: Parts) -> bool:
    return any(message["role"] == "assistant" for message in turn.messages)


def _is_third_turn(turn: Turn, _: Parts) -> bool:
    return [message["role"] for message in turn.messages].count("assistant") > 1


def _has_list_content(turn: Turn, _: Parts) -> bool:
    return isinstance(turn.last, list)


def _has_cache_mark(turn: Turn, _: Parts) -> bool:
    parts = turn.last if isinstance(turn.last, list) else []
    return any("cache_control" in part for part in parts)


def _waits_by_its_own_clock(turn: Turn, _: Parts) -> bool:
    if getattr(turn.failure, "status_code", None) != 429:  # noqa: PLR2004
        return False
    headers = getattr(turn.failure, "response").headers  # noqa: B009 - a status error has one
    return not {"retry-after", "retry-after-ms"} & set(headers)


def _has_unknown_metadata(turn: Turn, _: Parts) -> bool:
    return not set(turn.metadata or {}) <= {"task_id", "tools", "tool_choice"}


def _failed_otherwise_before(turn: Turn, handler: Parts) -> bool:
    status = getattr(turn.failure, "status_code", None)
    failures: set[int | None] = handler.memory.setdefault("failures", set())
    failures.add(status)
    return status == 500 and 429 in failures  # noqa: PLR2004


_DROPS: tuple[tuple[str, str, Callable[[Turn, Any], bool], type[Parts], str], ...] = (
    ("header-never-sent", "Sends no session header.", lambda *_: True, AsyncHandler, DUE),
    (
        "header-missing-on-later-turns",
        "Sends the header only while the conversation has no history.",
        _is_later_turn,
        AsyncHandler,
        """presence/every-turn presence/tool-turns presence/gemini-model
        complete-prompt/between-turns isolation/alternating-tasks recognition/filed-under-the-task
        schema/create-message
        isolation/same-text-in-another-task throughout/header
        presence/unusual-conversation
        presence/odd-refusals""",
    ),
    (
        "header-missing-after-second-turn",
        "Sends the header on two turns of a conversation.",
        _is_third_turn,
        RawHandler,
        """presence/every-turn schema/create-message throughout/header
        presence/unusual-conversation
        presence/odd-refusals""",
    ),
    (
        "header-missing-without-tools",
        "Sends the header only on the path that offers tools.",
        lambda turn, _: not turn.tools,
        AsyncHandler,
        f"{DUE} -presence/tool-turns",
    ),
    (
        "header-missing-with-tools",
        "Builds the request that offers tools without the header.",
        lambda turn, _: bool(turn.tools),
        RawHandler,
        """presence/tool-turns schema/create-message presence/fallback
        isolation/after-every-kind-of-answer throughout/header
        isolation/after-every-kind-of-stop isolation/whatever-an-answer-says
        presence/unusual-conversation presence/unusual-proxy
        presence/odd-refusals""",
    ),
    (
        "header-missing-for-list-content",
        "Loses the header where a message's content is a list of parts.",
        _has_list_content,
        AsyncHandler,
        "presence/content-parts schema/create-message throughout/header",
    ),
    (
        "header-missing-for-tool-results",
        "Loses the header on the turn that returns a tool's result.",
        lambda turn, _: turn.messages[-1]["role"] == "tool",
        AsyncHandler,
        """presence/tool-turns presence/gemini-model schema/create-message throughout/header
        presence/unusual-conversation""",
    ),
    (
        "header-missing-for-empty-system-prompt",
        "Loses the header where there is no system prompt.",
        lambda turn, _: not turn.system_prompt,
        AsyncHandler,
        """presence/empty-system-prompt schema/create-message throughout/header
        presence/unusual-conversation""",
    ),
    (
        "header-missing-for-long-text",
        "Loses the header where the text is longer than 5,000 characters.",
        lambda turn, _: len(turn.text) > 5000,  # noqa: PLR2004
        RawHandler,
        "presence/long-text schema/create-message throughout/header presence/odd-refusals",
    ),
    (
        "header-missing-beyond-ascii",
        "Loses the header where the text goes beyond ASCII.",
        lambda turn, _: not turn.text.isascii(),
        AsyncHandler,
        "presence/unicode-text schema/create-message throughout/header",
    ),
    (
        "header-missing-for-gpt-5",
        "Loses the header in the branch for gpt-5 models.",
        lambda _, handler: handler.model.startswith("gpt-5"),
        AsyncHandler,
        """presence/gpt-5-model schema/create-message isolation/other-handler-closed
    isolation/two-handlers
        throughout/header
        recognition/nothing-else-filed-there""",
    ),
    (
        "header-missing-for-gemini",
        "Loses the header in the branch for Gemini models.",
        lambda _, handler: handler.model.startswith("gemini"),
        RawHandler,
        "presence/gemini-model schema/create-message throughout/header",
    ),
    (
        "header-missing-with-unknown-metadata",
        "Ignores metadata as a whole where it holds a key that is not known.",
        _has_unknown_metadata,
        AsyncHandler,
        """presence/unknown-metadata schema/create-message isolation/task-of-a-parent
        presence/every-turn throughout/header
        presence/unusual-conversation
        presence/where-a-call-may-fail recognition/nothing-else-filed-there""",
    ),
    (
        "header-missing-where-a-subtask-names-its-mode",
        "Takes a subtask that names its mode for one without a session.",
        lambda turn, _: {"parent_task_id", "mode"} <= set(turn.metadata or {}),
        SyncHandler,
        """presence/unknown-metadata presence/unusual-conversation schema/create-message
        throughout/header""",
    ),
    (
        "header-missing-for-capitals",
        "Takes task ids with capital letters for malformed.",
        lambda turn, _: turn.task_id != turn.task_id.lower(),
        AsyncHandler,
        """presence/every-kind-of-id schema/create-message isolation/alternating-tasks
        throughout/header""",
    ),
    (
        "header-missing-for-o3",
        "Loses the header in the branch for models that reason.",
        lambda _, handler: handler.model.startswith("o3"),
        AsyncHandler,
        "schema/create-message",
    ),
    (
        "header-missing-beside-two-tool-calls",
        "Loses the header where an answer of the history called two tools.",
        lambda turn, _: any(len(one.get("tool_calls") or []) > 1 for one in turn.messages),
        AsyncHandler,
        "schema/create-message presence/unusual-conversation throughout/header",
    ),
    (
        "header-missing-after-a-thought",
        "Sends the model's own thoughts back by a request without the header.",
        lambda turn, _: any(one.get("reasoning_content") for one in turn.messages),
        AsyncHandler,
        """schema/create-message presence/unusual-conversation throughout/header
        presence/odd-refusals""",
    ),
    (
        "header-replaced-for-cache-marks",
        "Sends Anthropic's header for prompt caching instead.",
        _has_cache_mark,
        RawHandler,
        "schema/create-message",
    ),
    (
        "header-missing-after-other-failures",
        "Repeats a request after HTTP 408, 409, 502 and 504 without the header.",
        lambda turn, _: getattr(turn.failure, "status_code", None) in {408, 409, 502, 504},
        AsyncHandler,
        """presence/retry-after-other-failures throughout/header presence/fallback
        isolation/after-every-kind-of-answer""",
    ),
    (
        "header-missing-for-sampled-tasks",
        "Leaves one task in 64 out, as a control group.",
        lambda turn, _: is_sampled(turn.task_id),
        AsyncHandler,
        """presence/first-turn presence/next-task throughout/header presence/where-a-call-may-fail
        presence/odd-refusals presence/secure-proxy""",
    ),
    (
        "header-missing-for-long-ids",
        "Takes task ids longer than 64 characters for malformed.",
        lambda turn, _: len(turn.task_id) > 64,  # noqa: PLR2004
        AsyncHandler,
        "presence/long-id schema/create-message throughout/header",
    ),
    (
        "header-missing-on-retries",
        "Sets the header on the first attempt only.",
        lambda turn, _: turn.attempt > 1,
        AsyncHandler,
        f"""{RETRIES} isolation/after-every-kind-of-answer recognition/filed-right-in-trouble
    isolation/calls-between-chunks presence/gpt-5-model schema/create-message
    isolation/one-task-twice-at-once
        throughout/header
        presence/where-a-call-may-fail
        presence/odd-refusals presence/other-surroundings""",
    ),
    (
        "header-missing-on-retry-after-429",
        "Loses the header where it waits for a rate limit.",
        lambda turn, _: getattr(turn.failure, "status_code", None) == 429,  # noqa: PLR2004
        RawHandler,
        f"""{RATE_LIMITS} isolation/after-every-kind-of-answer isolation/one-task-twice-at-once
    presence/retry-after-429-long
        throughout/header
        presence/where-a-call-may-fail
        presence/odd-refusals""",
    ),
    (
        "header-missing-on-retry-without-hint",
        "Loses the header where a rate limit does not say how long to wait.",
        _waits_by_its_own_clock,
        AsyncHandler,
        "presence/retry-after-429-without-hint throughout/header",
    ),
    (
        "header-missing-on-third-attempt",
        "Sets the header on two attempts.",
        lambda turn, _: turn.attempt > 2,  # noqa: PLR2004
        AsyncHandler,
        """presence/retry-after-503 presence/fallback throughout/header
        isolation/after-every-kind-of-answer
        presence/odd-refusals""",
    ),
    (
        "header-missing-on-retry-after-500",
        "Loses the header where the proxy failed.",
        lambda turn, _: getattr(turn.failure, "status_code", None) == 500,  # noqa: PLR2004
        AsyncHandler,
        """presence/retry-after-500 recognition/filed-right-in-trouble
        isolation/calls-between-chunks presence/gpt-5-model schema/create-message
        throughout/header
        presence/other-surroundings""",
    ),
    (
        "header-missing-where-a-proxy-fails-in-two-ways",
        "Loses the header where the proxy failed, and has limited an earlier call.",
        _failed_otherwise_before,
        SyncHandler,
        "presence/retry-after-500 throughout/header",
    ),
    (
        "header-missing-on-reconnection",
        "Loses the header where it builds a new connection.",
        lambda turn, _: turn.attempt > 1 and not hasattr(turn.failure, "status_code"),
        RawHandler,
        """presence/retry-after-reset isolation/after-reset-connection throughout/header
        isolation/retry-beside-another-task""",
    ),
)


def _dropping(when: Callable[[Turn, Any], bool], base: Any) -> type[Parts]:  # noqa: ANN401
    class Dropping(base):  # type: ignore[misc]
        """Sends the header, but not when something holds."""

        def headers(self, turn: Turn) -> dict[str, str]:
            headers: dict[str, str] = super().headers(turn)
            return self.fault({}) if headers and when(turn, self) else headers

    return Dropping


for _name, _about, _when, _base, _breaks in _DROPS:
    known_bad(_name, _about, _breaks)(_dropping(_when, _base))
