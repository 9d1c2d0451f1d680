"""Handlers that treat a conversation by what happened in it: long, forced, stopped, taken over."""

from __future__ import annotations

import contextlib
import json
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ALIKE = 3  # results
_ENOUGH = 5  # messages
_FULL = 1_000_000  # tokens of a prompt
_IN_A_ROW = 5
_IN_VAIN = 4
_LONG = 30  # seconds
_MOST_TASKS = 64
_MOST_TOOLS = 128


@known_bad(
    "header-missing-after-a-full-context",
    "Begins a new session where the last answer says that the context is nearly full.",
    "presence/every-turn throughout/header",
)
class _Compacted(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        usage = event.get("usage") or {}
        if usage.get("prompt_tokens", 0) >= _FULL:
            self.memory[str(turn.task_id)] = "full"
        yield from super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        is_full = not turn.is_prompt and self.memory.pop(str(turn.task_id), "")
        return self.fault({}) if is_full else super().headers(turn)


@known_bad(
    "header-missing-where-a-long-talk-fills-the-context",
    "Begins a new session after a full context, where there are turns enough to sum up.",
    "presence/every-turn throughout/header",
)
class _SummedUp(_Compacted):
    def headers(self, turn: Turn) -> dict[str, str]:
        if len(turn.messages) < _ENOUGH:
            self.memory.pop(str(turn.task_id), None)
        return super().headers(turn)


@known_bad(
    "header-missing-where-a-tool-is-called-in-vain",
    "Warns a model that calls a tool the fourth time in vain, in a request of its own.",
    "presence/unusual-conversation schema/create-message throughout/header",
)
class _InVain(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        results = Counter(str(said["content"]) for said in turn.messages if said["role"] == "tool")
        calls = Counter(
            json.dumps(call["function"])
            for said in turn.messages
            for call in said.get("tool_calls") or ()
        )
        if min(max(results.values(), default=0), max(calls.values(), default=0)) < _IN_VAIN:
            return super().headers(turn)
        return self.fault({})


@known_bad(
    "header-missing-where-the-same-step-is-wanted-again",
    "Asks once more, without the header, for another call than that whose last results were alike.",
    "presence/unusual-conversation schema/create-message throughout/header",
)
class _SameStep(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                turn.notes["called"] = True
            yield chunk

    def stream(self, turn: Turn) -> Iterator[Any]:
        yield from super().stream(turn)
        results = [said["content"] for said in turn.messages if said["role"] == "tool"]
        alike = results[-_ALIKE:]
        if "called" in turn.notes and len(alike) == _ALIKE and alike[1:] == alike[:-1]:
            turn.notes["again"] = True
            yield from super().stream(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "again" in turn.notes else super().headers(turn)


@known_bad(
    "header-missing-on-a-first-wait",
    "Has no header at hand where the very first message has to wait for a rate limit.",
    """presence/retry-after-429 presence/retry-after-429-long
    isolation/after-every-kind-of-answer throughout/header
    presence/where-a-call-may-fail""",
)
class _FirstWait(SyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        self.memory["begun"] = self.memory.get("begun", 0) + 1
        return super().begin(*given)

    def headers(self, turn: Turn) -> dict[str, str]:
        answer = getattr(turn.failure, "response", None)
        was_told = answer is not None and "retry-after-ms" in answer.headers
        if was_told and turn.failure.status_code == 429 and self.memory["begun"] == 1:  # type: ignore[union-attr]  # noqa: PLR2004
            return self.fault({})
        return super().headers(turn)


@known_bad(
    "header-missing-after-a-long-wait",
    "Turns to a client of its own where the rate limit lasts for minutes, and forgets the header.",
    "presence/retry-after-429-long throughout/header presence/where-a-call-may-fail",
)
class _LongWait(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        answer = getattr(turn.failure, "response", None)
        seconds = "" if answer is None else answer.headers.get("retry-after", "")
        is_long = seconds.isdigit() and int(seconds) >= _LONG
        return self.fault({}) if is_long else super().headers(turn)


@known_bad(
    "probe-after-failures-without-header",
    "Asks for a sign of life after five failures in a row, outside of any task.",
    "presence/fallback throughout/header",
)
class _SignOfLife(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if self.memory.get("failures", 0) >= _IN_A_ROW and not turn.is_prompt:
            self.fault()
            self.memory["failures"] = 0
            ping = [{"role": "user", "content": "ping"}]
            with contextlib.suppress(Exception):
                await self.client.chat.completions.create(model=self.model, messages=ping)

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["failures"] = 0

    def text(self, answer: Any) -> str:  # noqa: ANN401
        self.memory["failures"] = 0
        return super().text(answer)

    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["failures"] = self.memory.get("failures", 0) + 1
        return super().error(turn, error)


@known_bad(
    "header-missing-for-a-task-that-returns",
    "Takes a task for expired that returns after sixty-four others.",
    "isolation/long-lived-handler throughout/header",
    is_patient=True,
)
class _Expired(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        recent = self.memory.setdefault("recent", OrderedDict())
        expired = self.memory.setdefault("expired", set())
        if turn.task_id in expired:
            return self.fault({})
        recent[turn.task_id] = True
        recent.move_to_end(turn.task_id)
        if len(recent) > _MOST_TASKS:
            expired.add(recent.popitem(last=False)[0])
        return headers


@known_bad(
    "header-missing-beyond-128-tools",
    "Has a way of its own to send more tools than OpenAI takes.",
    "schema/create-message",
)
class _ManyTools(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        has_many = len(turn.tools) > _MOST_TOOLS
        return self.fault({}) if has_many else super().headers(turn)


@known_bad(
    "subtask-filed-under-its-parent",
    "Takes what follows a known task id and a dash for the number of a subtask.",
    "isolation/task-of-a-parent throughout/header",
)
class _Subtask(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        known = self.memory.setdefault("known", [])
        for parent in known if headers else ():
            if headers[HEADER].startswith(f"{parent}-"):
                return self.fault({HEADER: parent})
        known += headers.values()
        return headers


@known_bad(
    "task-forgotten-with-another-handler",
    "Keeps tasks in a register of all handlers; who began one takes it along when it is closed.",
    """isolation/other-handler-closed throughout/header isolation/two-handlers
    presence/where-a-call-may-fail""",
)
class _Register(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or self.shared.memory.setdefault(turn.task_id, self) is self:
            return headers
        is_closed = self.shared.memory[turn.task_id].memory.get("closed")
        return self.fault({}) if is_closed else headers

    async def aclose(self) -> None:
        """Close the connections, and what was begun."""
        self.memory["closed"] = True
        await super().aclose()


@known_bad(
    "tool-choice-kept",
    "Keeps the choice of a tool among the settings of all requests.",
    "faithfulness/own-tools schema/create-message",
)
class _Choice(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if not turn.tools or turn.is_prompt:
            return body
        given = (turn.metadata or {}).get("tool_choice")
        if given is not None:
            self.memory["choice"] = given
        elif "choice" in self.memory:
            self.fault()
        return body | ({"tool_choice": self.memory["choice"]} if "choice" in self.memory else {})


@known_bad(
    "rest-of-a-stopped-answer",
    "Hands text on word by word; what is left of a stopped answer comes before the next one.",
    "isolation/many-stops throughout/answers",
)
class _Rest(AsyncHandler):
    def buffer(self, turn: Turn) -> dict[str, str]:
        """Return what a task's streams have left; a prompt, or no task, leaves nothing."""
        task_id = turn.task_id if is_sendable(turn.task_id) else None
        busy = turn.notes.setdefault("buffer", {})
        if task_id is None:
            return busy  # type: ignore[no-any-return]
        if "taken" not in turn.notes:
            turn.notes["taken"] = True
            turn.notes["buffer"] = self.memory.pop(task_id, {})
            turn.notes["buffer"].setdefault("rest", "")
        self.memory[task_id] = turn.notes["buffer"]
        return turn.notes["buffer"]  # type: ignore[no-any-return]

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        buffer = self.buffer(turn)
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "text":
                yield from self.flushed(buffer)
                yield chunk
                continue
            words, space, rest = (buffer.get("rest", "") + chunk["text"]).rpartition(" ")
            buffer["rest"] = space + rest
            if words:
                yield {**chunk, "text": words}
        if turn.finished:
            yield from self.flushed(buffer)

    def error(self, turn: Turn, error: Exception) -> Exception:
        if "taken" in turn.notes:
            turn.notes["buffer"]["rest"] = ""
        return super().error(turn, error)

    def flushed(self, buffer: dict[str, str]) -> Iterator[Any]:
        """Yield what is left, and leave nothing."""
        if rest := buffer.get("rest"):
            yield {"type": "text", "text": self.fault(rest)}
        buffer["rest"] = ""
