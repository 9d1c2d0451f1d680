"""Handlers that lose the session header by what they keep from one call or attempt to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import AFTER_TURN, DUE
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@known_bad(
    "header-missing-on-a-handlers-first-call",
    "Learns the task id from the first call and sends it from the second on.",
    f"""{DUE} -presence/after-failed-call -presence/next-task -presence/after-call-without-task
    -presence/reconnect -isolation/second-handler-without-task -presence/content-parts
    -presence/empty-system-prompt -presence/long-text -presence/retry-after-500
    -presence/retry-after-503 -presence/retry-after-other-failures -presence/unicode-text
    -presence/unknown-metadata -isolation/other-handler-closed -isolation/many-stops""",
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
    """presence/fallback isolation/long-lived-handler recognition/filed-right-in-trouble
    throughout/header
    schema/create-message
    isolation/retry-beside-another-task
    presence/odd-refusals""",
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
    "presence/fallback throughout/header presence/odd-refusals",
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
    "presence/same-call-again isolation/same-text-in-another-task throughout/header",
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
    "presence/every-kind-of-id isolation/long-lived-handler throughout/header",
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
    """presence/after-failed-call isolation/long-lived-handler throughout/header
    presence/fallback
    isolation/retry-beside-another-task
    presence/odd-refusals""",
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
    """presence/after-failed-call presence/fallback isolation/long-lived-handler
    isolation/after-every-kind-of-answer recognition/filed-right-in-trouble
    presence/redirect isolation/retry-beside-another-task throughout/header
    schema/create-message
    isolation/whatever-an-answer-says presence/unusual-proxy
    isolation/after-reset-connection
    presence/odd-refusals""",
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
    """presence/after-call-without-task isolation/after-every-kind-of-*
    recognition/nothing-else-filed-there isolation/call-during-stream
    isolation/calls-between-chunks isolation/retry-beside-another-task
    isolation/same-text-in-another-task isolation/task-beside-no-task
    recognition/filed-right-in-trouble isolation/after-reset-connection
    schema/create-message throughout/header
    isolation/whatever-an-answer-says""",
)
class _Latch(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt:
            return super().headers(turn)
        skipped = self.memory.pop("skip", False)
        self.memory["skip"] = turn.metadata is None
        return self.fault({}) if skipped else super().headers(turn)


@known_bad(
    "header-missing-after-a-first-call-without-task",
    "Learns from its first call that there are no sessions, and looks again one call later.",
    "presence/after-call-without-task schema/create-message throughout/header",
)
class _Learned(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        calls = self.memory.setdefault("calls", [])
        calls.append(bool(headers) or turn.is_prompt)
        return self.fault({}) if headers and calls == [False, True] else headers


@known_bad(
    "header-missing-after-complete-prompt",
    "Switches the header off for complete_prompt and never on again.",
    f"""complete-prompt/between-turns {AFTER_TURN} complete-prompt/at-the-same-time
    isolation/calls-between-chunks isolation/retry-beside-another-task
    -isolation/other-handler-closed -isolation/many-stops isolation/same-text-in-another-task
    isolation/call-during-stream isolation/many-stops throughout/header
    isolation/whatever-an-answer-says
    presence/after-call-without-task""",
)
class _SwitchedOff(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt:
            self.memory["off"] = True
        return self.fault({}) if self.memory.get("off") else super().headers(turn)


@known_bad(
    "header-missing-after-a-prompt-in-a-conversation",
    "Takes a prompt for the conversation's next turn, and counts one header too many.",
    "complete-prompt/between-turns throughout/header",
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
    """isolation/call-during-stream isolation/after-every-kind-of-stop
    presence/after-failed-call presence/fallback isolation/after-every-kind-of-answer
    isolation/calls-between-chunks isolation/many-stops throughout/header
    isolation/retry-beside-another-task""",
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
    """presence/reconnect presence/retry-after-reset isolation/after-reset-connection
    throughout/header
    isolation/retry-beside-another-task""",
)
class _Reconnected(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.attempt > 1 and not hasattr(turn.failure, "status_code"):
            self.memory["reset"] = True
        return self.fault({}) if self.memory.get("reset") else super().headers(turn)


@known_bad(
    "header-missing-after-a-bad-id",
    "Switches sessions off when a task id cannot be sent.",
    """hostile-ids/nothing-injected throughout/header
    isolation/after-every-kind-of-stop presence/where-a-call-may-fail""",
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
    """isolation/long-lived-handler isolation/after-every-kind-of-answer throughout/header
    isolation/after-an-odd-answer""",
    is_patient=True,
)
class _Tired(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        self.memory["calls"] = self.memory.get("calls", 0) + 1
        return self.fault({}) if self.memory["calls"] > 100 else super().headers(turn)  # noqa: PLR2004


@known_bad(
    "headers-in-a-queue",
    "Puts the headers into a queue when a call begins, and takes them when it is read.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _Queue(AsyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        self.memory.setdefault("queue", []).append(super().headers(turn))
        return turn

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        turn.notes["headers"] = self.memory["queue"].pop(0)
        async for chunk in super().stream(turn):
            yield chunk

    def headers(self, turn: Turn) -> dict[str, str]:
        return {} if turn.is_prompt else self.fault(turn.notes["headers"])
