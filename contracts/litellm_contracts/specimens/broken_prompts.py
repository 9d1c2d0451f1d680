"""Handlers whose `complete_prompt` sends a session header, or a wrong request."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import AFTER_TURN, PROMPTS
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_AFTER_A_MESSAGE = f"""complete-prompt/* -complete-prompt/omits-header
    -complete-prompt/own-answer {AFTER_TURN}
    schema/complete-prompt"""


def _remembering(when: Callable[[Turn, Any], object], base: Any) -> Any:  # noqa: ANN401
    class Remembering(base):  # type: ignore[misc]
        """Sends the last task id also with a prompt, when something holds."""

        def headers(self, turn: Turn) -> dict[str, str]:
            headers: dict[str, str] = super().headers(turn)
            if not turn.is_prompt:
                self.memory["last"] = headers
            elif self.memory.get("last") and when(turn, self):
                return self.fault(self.memory["last"])  # type: ignore[no-any-return]
            return headers

    return Remembering


known_bad(
    "prompt-with-id-of-last-message",
    "Sends the last message's task id with complete_prompt.",
    f"""{_AFTER_A_MESSAGE} isolation/calls-between-chunks isolation/retry-beside-another-task
    -isolation/after-reset-connection
    isolation/call-during-stream throughout/header
    isolation/whatever-an-answer-says""",
)(_remembering(lambda *_: True, AsyncHandler))

known_bad(
    "prompt-with-id-on-retries",
    "Sends the last message's task id when complete_prompt is repeated.",
    """complete-prompt/retry complete-prompt/during-stream isolation/after-every-kind-of-answer
    recognition/filed-right-in-trouble isolation/calls-between-chunks schema/complete-prompt
    isolation/retry-beside-another-task throughout/header
    isolation/whatever-an-answer-says""",
)(_remembering(lambda turn, _: turn.attempt > 1, SyncHandler))

known_bad(
    "prompt-with-id-for-gpt-5",
    "Builds complete_prompt's request for gpt-5 models with the conversation's headers.",
    """complete-prompt/every-model-branch schema/complete-prompt isolation/other-handler-closed
    throughout/header""",
)(_remembering(lambda _, handler: handler.model.startswith("gpt-5"), AsyncHandler))


@known_bad(
    "prompt-with-id-after-failed-message",
    "Sends the task id of a message that failed: only a success clears it.",
    """complete-prompt/after-failed-create-message isolation/long-lived-handler
    isolation/after-every-kind-of-answer recognition/filed-right-in-trouble
    complete-prompt/retry isolation/retry-beside-another-task throughout/header
    schema/complete-prompt
    isolation/whatever-an-answer-says""",
)
class _AfterFailure(_remembering(lambda _, handler: handler.memory.get("failed"), AsyncHandler)):  # type: ignore[misc]
    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["failed"] = True
        return super().error(turn, error)  # type: ignore[no-any-return]


@known_bad(
    "prompt-with-id-after-half-an-answer",
    "Sends the task id of a message whose answer broke off: its end clears it.",
    """complete-prompt/after-failed-create-message isolation/after-every-kind-of-answer
    throughout/header""",
)
class _AfterHalf(_remembering(lambda _, handler: handler.memory.get("half"), SyncHandler)):  # type: ignore[misc]
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        self.memory["half"] = False
        return super().begin(*given)  # type: ignore[no-any-return]

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        turn.notes["begun"] = True
        return super().chunks(event, turn)  # type: ignore[no-any-return]

    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["half"] = turn.notes.get("begun")
        return super().error(turn, error)  # type: ignore[no-any-return]


@known_bad(
    "prompt-with-id-while-stream-is-open",
    "Sets the headers when a stream opens and takes them back when it ends.",
    """complete-prompt/during-stream complete-prompt/after-failed-create-message
    isolation/after-every-kind-of-stop isolation/after-every-kind-of-answer
    isolation/calls-between-chunks recognition/filed-right-in-trouble throughout/header""",
)
class _WhileOpen(_remembering(lambda _, handler: handler.memory.get("open"), AsyncHandler)):  # type: ignore[misc]
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        self.memory["open"] = not turn.is_prompt
        return answer

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["open"] = False


@known_bad(
    "prompt-with-id-while-message-waits",
    "Sets the headers on the handler from the request to the first byte of its answer.",
    "complete-prompt/at-the-same-time isolation/retry-beside-another-task throughout/header",
)
class _WhileWaiting(_remembering(lambda _, handler: handler.memory.get("waiting"), AsyncHandler)):  # type: ignore[misc]
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if turn.is_prompt:
            return await super().send(turn)
        self.memory["waiting"] = True
        try:
            return await super().send(turn)
        finally:
            self.memory["waiting"] = False


@known_bad(
    "prompt-with-id-while-two-messages-wait",
    "Sends the task id of another message where more than one waits.",
    "complete-prompt/at-the-same-time throughout/header",
)
class _BesideTwo(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        waiting = self.memory.setdefault("waiting", [])
        if turn.is_prompt:
            return await super().send(turn)
        waiting.append(super().headers(turn))
        try:
            return await super().send(turn)
        finally:
            waiting.pop()

    def headers(self, turn: Turn) -> dict[str, str]:
        waiting = self.memory["waiting"]
        is_beside = turn.is_prompt and len(waiting) > 1
        return self.fault(waiting[-1]) if is_beside else super().headers(turn)


@known_bad(
    "prompt-with-id-of-finished-message",
    "Writes the headers back when a stream has ended well.",
    f"""complete-prompt/after-create-message complete-prompt/between-turns complete-prompt/retry
    complete-prompt/every-model-branch {AFTER_TURN} schema/complete-prompt
    complete-prompt/at-the-same-time isolation/retry-beside-another-task
    -isolation/after-reset-connection isolation/calls-between-chunks
    isolation/call-during-stream throughout/header
    isolation/whatever-an-answer-says""",
)
class _Finished(_remembering(lambda _, handler: handler.memory.get("finished"), SyncHandler)):  # type: ignore[misc]
    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["finished"] = True


@known_bad(
    "prompt-with-random-id",
    "Gives every prompt a session of its own.",
    f"""{PROMPTS} isolation/same-text-in-another-task isolation/call-during-stream throughout/header
    isolation/whatever-an-answer-says
    presence/after-call-without-task""",
)
class _Random(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt:
            return self.fault({HEADER: str(uuid.uuid4())})
        return super().headers(turn)


@known_bad(
    "prompt-with-id-for-a-handlers-first-call",
    "Opens a session of its own where complete_prompt is the first call.",
    """complete-prompt/omits-header isolation/second-handler-without-task throughout/header
    recognition/nothing-else-filed-there
    isolation/calls-between-chunks presence/after-call-without-task""",
)
class _First(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_first = not self.memory
        self.memory["used"] = True
        if turn.is_prompt and is_first:
            return self.fault({HEADER: "session-of-its-own"})
        return super().headers(turn)


@known_bad(
    "last-id-of-sampled-tasks",
    "Traces one task in 64 on purpose, up to the next task: calls without one as well.",
    "absence/after-task complete-prompt/after-create-message throughout/header",
)
class _Sampled(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers:
            self.memory["last"] = headers if is_sampled(turn.task_id) else {}
        elif self.memory.get("last"):
            return self.fault(self.memory["last"])
        return headers


@known_bad(
    "prompt-with-id-beyond-ascii",
    "Opens a session of its own for prompts beyond ASCII.",
    "schema/complete-prompt",
)
class _BeyondAscii(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt and not turn.text.isascii():
            return self.fault({HEADER: "session-of-its-own"})
        return super().headers(turn)


@known_bad(
    "prompt-with-invalid-temperature",
    "Sends complete_prompt's temperature in percent.",
    "schema/complete-prompt",
)
class _Percent(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        return self.fault(body | {"temperature": 70}) if turn.is_prompt else body


@known_bad(
    "prompt-filed-by-body-metadata",
    "Sends complete_prompt with the last task id in the body's metadata.",
    """recognition/nothing-else-filed-there recognition/id-not-in-body
    recognition/filed-right-in-trouble isolation/after-every-kind-of-answer
    isolation/after-every-kind-of-stop isolation/nothing-of-other-tasks
    schema/complete-prompt throughout/filed-by-the-header""",
)
class _BodyMetadata(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.is_prompt and self.memory:
            body["metadata"] = self.fault({"session_id": self.memory["last"]})
        elif turn.task_id:
            self.memory["last"] = turn.task_id
        return body


@known_bad(
    "prompt-filed-by-litellm-session-id",
    "Sends complete_prompt with the last task id in x-litellm-session-id.",
    """recognition/nothing-else-filed-there recognition/id-not-in-other-headers
    recognition/filed-right-in-trouble isolation/after-every-kind-of-answer
    isolation/after-every-kind-of-stop isolation/nothing-of-other-tasks
    schema/complete-prompt throughout/filed-by-the-header""",
)
class _LiteLlmHeader(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt and self.memory:
            return self.fault({"x-litellm-session-id": self.memory["last"]})
        if turn.task_id:
            self.memory["last"] = turn.task_id
        return super().headers(turn)


@known_bad(
    "prompt-with-id-when-nothing-was-said",
    "Asks again where a prompt's answer is empty, with the headers of the last message.",
    "complete-prompt/retry throughout/header isolation/whatever-an-answer-says",
)
class _AskedAgain(SyncHandler):
    def complete_prompt(self, prompt: str) -> str:
        text = super().complete_prompt(prompt)
        if text:
            return text
        self.memory["again"] = True
        try:
            return super().complete_prompt(prompt)
        finally:
            self.memory["again"] = False

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        self.memory["last"] = headers or self.memory.get("last", {})
        asks_again = turn.is_prompt and self.memory.get("again")
        return self.fault(self.memory["last"]) if asks_again else headers


known_bad(
    "prompt-with-id-when-rate-limited",
    "Sends a prompt again on the last conversation's way where it is rate-limited.",
    """complete-prompt/retry isolation/retry-beside-another-task throughout/header
    isolation/whatever-an-answer-says""",
)(_remembering(lambda turn, _: getattr(turn.failure, "status_code", 0) == 429, SyncHandler))  # noqa: PLR2004


@known_bad(
    "prompt-with-id-of-the-same-text",
    "Keeps the headers of a text: a prompt that says the same has them, too.",
    "isolation/same-text-in-another-task throughout/header",
)
class _OfTheText(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        text = str(turn.last)
        if turn.is_prompt and self.memory.get(text):
            return self.fault(dict(self.memory[text]))
        headers = super().headers(turn)
        self.memory[text] = headers or self.memory.get(text)
        return headers
