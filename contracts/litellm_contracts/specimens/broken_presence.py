"""Handlers that lose the session header of a conversation: always, or when something holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn, is_sampled
from litellm_contracts.specimens._ids import AFTER_TURN, DUE, RATE_LIMITS, RETRIES
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_later_turn(turn: Turn, _: Parts) -> bool:
    return any(message["role"] == "assistant" for message in turn.messages)


def _is_third_turn(turn: Turn, _: Parts) -> bool:
    return [message["role"] for message in turn.messages].count("assistant") > 1


def _has_list_content(turn: Turn, _: Parts) -> bool:
    return isinstance(turn.last, list)


def _waits_by_its_own_clock(turn: Turn, _: Parts) -> bool:
    if getattr(turn.failure, "status_code", None) != 429:  # noqa: PLR2004
        return False
    headers = getattr(turn.failure, "response").headers  # noqa: B009 - a status error has one
    return not {"retry-after", "retry-after-ms"} & set(headers)


def _has_unknown_metadata(turn: Turn, _: Parts) -> bool:
    return not set(turn.metadata or {}) <= {"task_id", "tools", "tool_choice"}


_DROPS: tuple[tuple[str, str, Callable[[Turn, Any], bool], type[Parts], str], ...] = (
    ("header-never-sent", "Sends no session header.", lambda *_: True, AsyncHandler, DUE),
    (
        "header-missing-on-later-turns",
        "Sends the header only while the conversation has no history.",
        _is_later_turn,
        AsyncHandler,
        """presence/every-turn presence/tool-turns presence/gemini-model
        complete-prompt/between-turns isolation/alternating-tasks recognition/filed-under-the-task
        schema/create-message""",
    ),
    (
        "header-missing-after-second-turn",
        "Sends the header on two turns of a conversation.",
        _is_third_turn,
        RawHandler,
        "presence/every-turn schema/create-message",
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
        "presence/tool-turns schema/create-message",
    ),
    (
        "header-missing-for-list-content",
        "Loses the header where a message's content is a list of parts.",
        _has_list_content,
        AsyncHandler,
        "presence/content-parts schema/create-message",
    ),
    (
        "header-missing-for-tool-results",
        "Loses the header on the turn that returns a tool's result.",
        lambda turn, _: turn.messages[-1]["role"] == "tool",
        AsyncHandler,
        "presence/tool-turns presence/gemini-model schema/create-message",
    ),
    (
        "header-missing-for-empty-system-prompt",
        "Loses the header where there is no system prompt.",
        lambda turn, _: not turn.system_prompt,
        AsyncHandler,
        "presence/empty-system-prompt schema/create-message",
    ),
    (
        "header-missing-for-long-text",
        "Loses the header where the text is longer than 5,000 characters.",
        lambda turn, _: len(turn.text) > 5000,  # noqa: PLR2004
        RawHandler,
        "presence/long-text schema/create-message",
    ),
    (
        "header-missing-beyond-ascii",
        "Loses the header where the text goes beyond ASCII.",
        lambda turn, _: not turn.text.isascii(),
        AsyncHandler,
        "presence/unicode-text schema/create-message",
    ),
    (
        "header-missing-for-gpt-5",
        "Loses the header in the branch for gpt-5 models.",
        lambda _, handler: handler.model.startswith("gpt-5"),
        AsyncHandler,
        "presence/gpt-5-model schema/create-message",
    ),
    (
        "header-missing-for-gemini",
        "Loses the header in the branch for Gemini models.",
        lambda _, handler: handler.model.startswith("gemini"),
        RawHandler,
        "presence/gemini-model schema/create-message",
    ),
    (
        "header-missing-with-unknown-metadata",
        "Ignores metadata as a whole where it holds a key that is not known.",
        _has_unknown_metadata,
        AsyncHandler,
        "presence/unknown-metadata schema/create-message",
    ),
    (
        "header-missing-for-capitals",
        "Takes task ids with capital letters for malformed.",
        lambda turn, _: turn.task_id != turn.task_id.lower(),
        AsyncHandler,
        "presence/every-kind-of-id schema/create-message",
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
        "schema/create-message",
    ),
    (
        "header-missing-after-other-failures",
        "Repeats a request after HTTP 408, 409, 502 and 504 without the header.",
        lambda turn, _: getattr(turn.failure, "status_code", None) in {408, 409, 502, 504},
        AsyncHandler,
        "presence/retry-after-other-failures",
    ),
    (
        "header-missing-for-sampled-tasks",
        "Leaves one task in 64 out, as a control group.",
        lambda turn, _: is_sampled(turn.task_id),
        AsyncHandler,
        "presence/first-turn presence/next-task",
    ),
    (
        "header-missing-for-long-ids",
        "Takes task ids longer than 64 characters for malformed.",
        lambda turn, _: len(turn.task_id) > 64,  # noqa: PLR2004
        AsyncHandler,
        "presence/long-id schema/create-message",
    ),
    (
        "header-missing-on-retries",
        "Sets the header on the first attempt only.",
        lambda turn, _: turn.attempt > 1,
        AsyncHandler,
        RETRIES,
    ),
    (
        "header-missing-on-retry-after-429",
        "Loses the header where it waits for a rate limit.",
        lambda turn, _: getattr(turn.failure, "status_code", None) == 429,  # noqa: PLR2004
        RawHandler,
        RATE_LIMITS,
    ),
    (
        "header-missing-on-retry-without-hint",
        "Loses the header where a rate limit does not say how long to wait.",
        _waits_by_its_own_clock,
        AsyncHandler,
        "presence/retry-after-429-without-hint",
    ),
    (
        "header-missing-on-third-attempt",
        "Sets the header on two attempts.",
        lambda turn, _: turn.attempt > 2,  # noqa: PLR2004
        AsyncHandler,
        "presence/retry-after-503",
    ),
    (
        "header-missing-on-retry-after-500",
        "Loses the header where the proxy failed.",
        lambda turn, _: getattr(turn.failure, "status_code", None) == 500,  # noqa: PLR2004
        AsyncHandler,
        "presence/retry-after-500",
    ),
    (
        "header-missing-on-reconnection",
        "Loses the header where it builds a new connection.",
        lambda turn, _: turn.attempt > 1 and not hasattr(turn.failure, "status_code"),
        RawHandler,
        "presence/retry-after-reset",
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


@known_bad(
    "header-missing-on-a-handlers-first-call",
    "Learns the task id from the first call and sends it from the second on.",
    f"""{DUE} -presence/after-failed-call -presence/next-task -presence/after-call-without-task
    -presence/reconnect -isolation/after-cancelled-call""",
)
class _FirstCall(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not self.memory.setdefault("calls", []):
            headers = self.fault({})
        self.memory["calls"].append(turn)
        return headers


@known_bad(
    "header-missing-with-the-fallback",
    "Tries a refused request once more in a simpler form, without the header.",
    "presence/fallback isolation/after-every-kind-of-call",
)
class _Fallback(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        return super().is_retried(turn, error) or (turn.attempt == 1 and not turn.is_prompt)

    def headers(self, turn: Turn) -> dict[str, str]:
        is_refused = getattr(turn.failure, "status_code", None) == 400  # noqa: PLR2004
        return self.fault({}) if is_refused else super().headers(turn)


@known_bad(
    "header-missing-with-the-fallback-model",
    "Asks another model when the proxy has given up, without the header.",
    "presence/fallback",
)
class _FallbackModel(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if super().is_retried(turn, error):
            return True
        gave_up = getattr(error, "status_code", None) in {429, 503} and not turn.is_prompt
        turn.notes["fallback"] = gave_up and turn.attempt == self.attempts
        return bool(turn.notes["fallback"])

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if turn.notes.get("fallback") else super().headers(turn)


@known_bad(
    "header-missing-for-the-same-messages",
    "Prepares a request once for the same messages, and takes the headers out when it is sent.",
    "presence/same-call-again",
)
class _Prepared(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        sent = self.memory.setdefault("sent", set())
        key = (turn.task_id, turn.text, turn.attempt)
        if key in sent:
            return self.fault({})
        sent.add(key)
        return super().headers(turn)


@known_bad(
    "header-missing-after-ten-tasks",
    "Keeps the headers of ten tasks, and forgets them all at the eleventh.",
    "isolation/long-lived-handler",
    is_patient=True,
)
class _Ten(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        known = self.memory.setdefault("known", set())
        known.update(headers.values())
        if len(known) <= 10:  # noqa: PLR2004
            return headers
        known.clear()
        return self.fault({})


@known_bad(
    "header-missing-after-two-failures",
    "Takes two failures in a row for a proxy that knows no sessions.",
    "presence/after-failed-call isolation/after-every-kind-of-call",
)
class _TwoFailures(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if getattr(error, "status_code", None) == 400 and not turn.is_prompt:  # noqa: PLR2004
            self.memory["failures"] = self.memory.get("failures", 0) + 1
        return super().error(turn, error)

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory.pop("failures", None)

    def headers(self, turn: Turn) -> dict[str, str]:
        failures = self.memory.get("failures", 0)
        return self.fault({}) if failures > 1 else super().headers(turn)


@known_bad(
    "header-missing-after-a-failed-call",
    "Builds a new client after a failure and forgets the header with it.",
    "presence/after-failed-call presence/fallback isolation/after-every-kind-of-call",
)
class _AfterFailure(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["failed"] = True
        return super().error(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if self.memory.get("failed") else super().headers(turn)


@known_bad(
    "header-missing-after-a-call-without-task",
    "Takes a call without metadata for the end of the conversation, and skips the header once.",
    """presence/after-call-without-task isolation/after-abandoned-stream
    isolation/after-every-kind-of-* recognition/nothing-else-filed-there""",
)
class _Latch(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt:
            return super().headers(turn)
        skipped = self.memory.pop("skip", False)
        self.memory["skip"] = turn.metadata is None
        return self.fault({}) if skipped else super().headers(turn)


@known_bad(
    "header-missing-after-complete-prompt",
    "Switches the header off for complete_prompt and never on again.",
    f"complete-prompt/between-turns {AFTER_TURN}",
)
class _SwitchedOff(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt:
            self.memory["off"] = True
        return self.fault({}) if self.memory.get("off") else super().headers(turn)


@known_bad(
    "header-missing-after-a-prompt-in-a-conversation",
    "Takes a prompt for the conversation's next turn, and counts one header too many.",
    "complete-prompt/between-turns",
)
class _Counting(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        prompted = self.memory.pop("prompted", False)
        self.memory["prompted"] = turn.is_prompt
        goes_on = len(turn.messages) > 1 and not turn.is_prompt
        return self.fault({}) if prompted and goes_on else super().headers(turn)


@known_bad(
    "header-missing-while-a-stream-is-open",
    "Lends its one set of headers to the stream that is open.",
    "isolation/call-during-stream isolation/after-every-kind-of-stop",
)
class _Lent(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        self.memory["lent"] = not turn.is_prompt
        return answer

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["lent"] = False

    def headers(self, turn: Turn) -> dict[str, str]:
        lent = self.memory.get("lent") and not turn.is_prompt
        return self.fault({}) if lent else super().headers(turn)


@known_bad(
    "header-missing-after-a-reconnection",
    "Builds a new client when the connection was reset and forgets the header with it.",
    "presence/reconnect presence/retry-after-reset",
)
class _Reconnected(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.attempt > 1 and not hasattr(turn.failure, "status_code"):
            self.memory["reset"] = True
        return self.fault({}) if self.memory.get("reset") else super().headers(turn)


@known_bad(
    "header-missing-after-a-bad-id",
    "Switches sessions off when a task id cannot be sent.",
    "hostile-ids/nothing-injected",
)
class _SwitchedOffByBadId(AsyncHandler):
    def refuse(self, turn: Turn) -> None:
        try:
            super().refuse(turn)
        except ValueError:
            self.memory["off"] = True
            raise

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if self.memory.get("off") else super().headers(turn)


@known_bad(
    "header-missing-after-a-hundred-calls",
    "Cleans up after a hundred calls, the header included.",
    "isolation/long-lived-handler",
    is_patient=True,
)
class _Tired(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        self.memory["calls"] = self.memory.get("calls", 0) + 1
        return self.fault({}) if self.memory["calls"] > 100 else super().headers(turn)  # noqa: PLR2004
