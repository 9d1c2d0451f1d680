"""Handlers that let the task id or the API key out where they do not belong."""

from __future__ import annotations

import contextlib
import re
from contextvars import ContextVar
from copy import copy
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from http.client import HTTPResponse


@known_bad(
    "id-in-url-too",
    "Adds the task id to the URL, for access logs.",
    """recognition/id-not-in-url isolation/after-every-kind-of-stop schema/create-message
    throughout/nothing-leaks""",
)
class _InUrl(AsyncHandler):
    def request(self, turn: Turn) -> dict[str, Any]:
        request = super().request(turn)
        if turn.task_id:
            request["extra_query"] = self.fault({"conversation": turn.task_id})
        return request


@known_bad(
    "id-in-user-field-too", "Names the task in the body's `user`.", "recognition/id-not-in-body"
)
class _InUser(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        return self.fault(body | {"user": f"task:{turn.task_id}"}) if turn.task_id else body


@known_bad(
    "id-in-request-id-too",
    "Begins its request ids with the task id.",
    "recognition/id-not-in-other-headers",
)
class _InRequestId(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault(headers | {"x-request-id": f"{turn.task_id}-1"}) if headers else headers


@known_bad(
    "id-with-request-for-models",
    "Asks for the models before each turn, with the turn's headers.",
    """recognition/id-not-in-side-requests isolation/after-every-kind-of-stop
    schema/create-message throughout/nothing-leaks""",
)
class _WithModels(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.fault(self.client.models.list(extra_headers=self.headers(turn)))


@known_bad(
    "key-in-errors",
    "Quotes its settings in every error.",
    """recognition/key-only-in-its-header faithfulness/no-connection throughout/nothing-leaks
    schema/complete-prompt schema/create-message""",
)
class _InError(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        return self.fault(RuntimeError(f"{told} (base_url={self.base_url}, key={self.api_key})"))


@known_bad(
    "key-in-errors-of-a-stream",
    "Quotes its settings where a stream breaks off.",
    "recognition/key-only-in-its-header faithfulness/no-connection throughout/nothing-leaks",
)
class _InStreamError(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        if turn.is_prompt or getattr(error, "status_code", None):
            return told
        return self.fault(RuntimeError(f"{told} (key={self.api_key})"))


@known_bad(
    "key-in-the-error-of-an-empty-answer",
    "Shows the request where a completion has no choices, and the key with it.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _InEmptyAnswer(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        if not isinstance(error, IndexError):
            return told
        return self.fault(RuntimeError(f"{told}: no choices for Bearer {self.api_key}"))


@known_bad(
    "key-in-another-header",
    "Sends the key a second time, for a gateway before the proxy.",
    """recognition/key-only-in-its-header faithfulness/no-connection schema/complete-prompt
    schema/create-message hostile-ids/nothing-injected throughout/nothing-leaks""",
)
class _InHeader(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return super().headers(turn) | self.fault({"x-acme-gateway": f"token {self.api_key}"})


@known_bad(
    "key-in-the-url-for-gemini",
    "Sends the key of a Gemini model in the URL, as Google's own API has it.",
    "schema/create-message schema/complete-prompt throughout/nothing-leaks",
)
class _InQuery(AsyncHandler):
    def request(self, turn: Turn) -> dict[str, Any]:
        request = super().request(turn)
        if self.model.startswith("gemini"):
            request["extra_query"] = self.fault({"key": self.api_key})
        return request


@known_bad(
    "key-in-a-note-of-errors",
    "Adds the request's headers to its errors as a note.",
    """recognition/key-only-in-its-header faithfulness/no-connection throughout/nothing-leaks
    schema/complete-prompt schema/create-message""",
)
class _InNote(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        told.add_note(self.fault(f"sent with Authorization: Bearer {self.api_key}"))
        return told


@known_bad(
    "key-but-for-its-end-in-a-note",
    "Shows which key was refused, and hides its last four characters instead of the others.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _ButForItsEnd(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        if getattr(error, "status_code", None) in {401, 403}:
            told.add_note(self.fault(f"refused: {self.api_key[:-4]}****"))
        return told


@known_bad(
    "key-of-signs-in-errors",
    "Takes the key out of its errors as a pattern, which finds no key with a plus in it.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _AsPattern(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = f"{super().error(turn, error)} (key={self.api_key})"
        hidden = re.sub(self.api_key, "[key]", told)
        return RuntimeError(self.fault(hidden) if self.api_key in hidden else hidden)


@known_bad(
    "key-taken-along-a-redirect",
    "Follows a redirect to another host with all headers of the first request.",
    "recognition/key-stays-with-its-proxy",
)
class _TakenAlong(RawHandler):
    def ask(self, turn: Turn) -> HTTPResponse:
        response = super().ask(turn)
        location = response.headers.get("Location", "")
        if not location.startswith("http"):
            return response
        elsewhere = copy(self)
        elsewhere.base_url = location.partition("/v1/")[0]
        return RawHandler.ask(elsewhere, self.fault(turn))


@known_bad(
    "key-in-the-refusal-of-an-id",
    "Shows the headers that cannot be sent where it refuses a task id.",
    "hostile-ids/nothing-injected throughout/nothing-leaks",
)
class _InRefusal(AsyncHandler):
    def refuse(self, turn: Turn) -> None:
        try:
            super().refuse(turn)
        except ValueError as error:
            headers = {"Authorization": f"Bearer {self.api_key}"}
            raise ValueError(self.fault(f"{error}: {headers}")) from None


@known_bad(
    "last-id-for-a-prompts-cache",
    "Sends a prompt with the last task, in its hexadecimal form, as the key of a cache.",
    """isolation/nothing-of-other-tasks isolation/long-lived-handler
    isolation/after-* -isolation/after-reset-connection""",
)
class _CacheKey(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        if turn.task_id and is_sendable(turn.task_id):
            self.memory["key"] = turn.task_id.replace("-", "").lower()
        body = super().body(turn)
        if turn.is_prompt and "key" in self.memory:
            body["prompt_cache_key"] = self.fault(self.memory["key"])
        return body


_BAGGAGE: ContextVar[str] = ContextVar("_BAGGAGE", default="")


@known_bad(
    "id-in-baggage-of-calls-between-chunks",
    "Traces a task in the context of whoever reads its stream, and sends the trace's baggage.",
    """isolation/nothing-of-other-tasks isolation/after-every-kind-of-stop
    throughout/filed-by-the-header""",
)
class _InBaggage(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        before = _BAGGAGE.get()
        _BAGGAGE.set(turn.task_id if isinstance(turn.task_id, str) else "")
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            _BAGGAGE.set(before)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.is_prompt and _BAGGAGE.get():
            headers["baggage"] = self.fault(f"session.id={_BAGGAGE.get()}")
        return headers


@known_bad(
    "id-in-url-when-closed",
    "Ends its sessions at the gateway when it is closed, each by its address.",
    "recognition/id-not-in-side-requests throughout/nothing-leaks",
)
class _EndsSessions(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.task_id:
            self.memory[turn.task_id] = True
        return super().headers(turn)

    def close(self) -> None:
        for task_id in self.memory:
            with contextlib.suppress(Exception):  # the gateway may know nothing of sessions
                self.client.delete(self.fault(f"/sessions/{task_id}"), cast_to=object)
        super().close()
