"""Handlers that keep something for a call, a task or a client it no longer belongs to."""

from __future__ import annotations

import asyncio
import copy
import json
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping


@known_bad(
    "client-closed-for-its-twin",
    "Shares a client among handlers alike in proxy, key and model; the first one closed closes it.",
    "isolation/other-handler-closed faithfulness/beside-a-stopped-call",
    sends=False,
)
class _Twins(AsyncHandler):
    @property
    def settings(self) -> str:
        return f"{self.base_url} {self.api_key} {self.model}"

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        clients = self.shared.memory
        if self.settings in clients:
            return self.fault(clients[self.settings])
        client = clients[self.settings] = super().new_client(**options)
        return client

    async def aclose(self) -> None:
        self.shared.memory.pop(self.settings, None)
        await super().aclose()


@known_bad(
    "id-of-the-task-it-was-forked-from",
    "Keeps headers by the messages of a call, and takes them for a call that continues those.",
    "isolation/same-text-in-another-task throughout/header",
)
class _Forked(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        said = [json.dumps(message, sort_keys=True) for message in turn.messages]
        beginnings = ("\n".join(said[:end]) for end in range(len(said) - 1, 0, -1))
        kept = next((self.memory[one] for one in beginnings if one in self.memory), headers)
        self.memory["\n".join(said)] = kept
        return headers if kept == headers else self.fault(kept)


@known_bad(
    "key-of-the-tasks-first-handler",
    "Keeps a task's key at module level: a handler with a new key goes on with the old one.",
    "isolation/own-key-and-model throughout/own-settings",
)
class _KeyByTask(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        kept = self.shared.memory.setdefault(f"{self.base_url} {turn.task_id}", self.api_key)
        if kept == self.api_key:
            return headers
        return headers | {"Authorization": self.fault(f"Bearer {kept}")}


@known_bad(
    "headers-by-their-place-in-a-list",
    "Keeps headers in a list while a call runs; the places shift when an earlier one ends.",
    "isolation/retry-beside-another-task throughout/header",
)
class _Places(AsyncHandler):
    @property
    def under_way(self) -> list[dict[str, str]]:
        return self.memory.setdefault("under way", [])  # type: ignore[no-any-return]

    async def prepare(self, turn: Turn) -> None:
        turn.notes["place"] = len(self.under_way)
        self.under_way.append(super().headers(turn))

    def headers(self, turn: Turn) -> dict[str, str]:
        place = turn.notes["place"]
        kept = self.under_way[place] if place < len(self.under_way) else {}
        return kept if kept == super().headers(turn) else self.fault(kept)

    def leave(self, turn: Turn) -> None:
        if (place := turn.notes.get("place")) is not None:
            del self.under_way[place : place + 1]

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            self.leave(turn)

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        finally:
            if turn.is_prompt:
                self.leave(turn)


@known_bad(
    "headers-left-by-a-call-stopped-in-the-queue",
    "Sends one request at a time; a call cancelled while it waits leaves its headers to the next.",
    "isolation/many-stops throughout/header",
    is_slow=True,
)
class _LeftInQueue(AsyncHandler):
    places: ClassVar[int] = 1

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.lock = asyncio.Semaphore(self.places)
        self.queue: list[dict[str, str]] = []

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.queue.append(super().headers(turn))
        async with self.lock:
            turn.notes["headers"] = self.queue.pop(0)
            return await super().send(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        queued: dict[str, str] = turn.notes["headers"]
        return queued if queued == super().headers(turn) else self.fault(queued)


@known_bad(
    "headers-left-by-a-call-stopped-behind-four",
    "Likewise, with four requests at a time.",
    "isolation/many-stops throughout/header",
    is_slow=True,
)
class _LeftBehindFour(_LeftInQueue):
    places = 4


@known_bad(
    "system-prompt-in-the-callers-list-meanwhile",
    "Puts the system prompt into the caller's list, and takes it out when the call has ended.",
    "faithfulness/arguments-left-alone schema/create-message throughout/arguments",
)
class _Borrowed(AsyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        turn.notes["list"] = given[1]
        return turn

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        borrowed = turn.notes["list"]
        borrowed.insert(0, self.fault({"role": "system", "content": turn.system_prompt}))
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            borrowed.pop(0)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        return body if turn.is_prompt else body | {"messages": list(turn.notes["list"])}


@known_bad(
    "one-handler-closed-stops-all-streams",
    "Keeps the open streams of all handlers at module level; closing one handler stops them all.",
    "faithfulness/beside-a-stopped-call",
)
class _AllStopped(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.shared.memory[str(id(turn))] = turn
        try:
            async for chunk in super().stream(turn):
                yield chunk
        finally:
            self.shared.memory.pop(str(id(turn)))

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if turn.notes.get("stopped"):
            raise self.fault(RuntimeError("the handler was closed"))
        return super().chunks(event, turn)

    async def aclose(self) -> None:
        for turn in self.shared.memory.values():
            turn.notes["stopped"] = True
        await super().aclose()


@known_bad(
    "edited-message-sent-as-it-was",
    "Keeps a task's converted messages, and takes those before an unchanged one for unchanged.",
    "faithfulness/own-text",
)
class _Edited(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.is_prompt or not isinstance(turn.task_id, str):
            return body
        given = copy.deepcopy(list(turn.messages))
        kept = self.memory.get(turn.task_id, [])
        converted = given
        if kept and given[len(kept) - 1 : len(kept)] == kept[-1:]:
            converted = kept + given[len(kept) :]
        self.memory[turn.task_id] = converted
        if converted != given:
            self.fault()
        return body | {"messages": [body["messages"][0], *converted]}


@known_bad(
    "history-known-by-its-ends",
    "Keeps a task's converted history, and knows it again by its first and its last message.",
    "faithfulness/own-text",
)
class _KnownByItsEnds(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        given = body["messages"][1:-1]
        if turn.is_prompt or not given:
            return body
        ends = repr((turn.task_id, given[0], given[-1], len(given)))
        kept = self.memory.setdefault(ends, copy.deepcopy(given))
        if kept != given:
            body["messages"][1:-1] = self.fault(kept)
        return body


class _WithPermits(AsyncHandler):
    permits: ClassVar[int]

    def take(self, count: int = 1) -> None:
        """Take a permit, or give one back."""
        taken = self.memory.get("taken", 0)
        if taken + count > self.permits:
            raise self.fault(RuntimeError("too many calls"))
        self.memory["taken"] = taken + count


@known_bad(
    "permits-kept-by-stopped-calls",
    "Gives each call one of thirty permits; a call that is stopped does not give it back.",
    "isolation/many-stops isolation/after-every-kind-of-stop",
    sends=False,
)
class _Permits(_WithPermits):
    permits = 30

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.take()
        turn.notes["permit"] = True
        answer = await super().send(turn)
        if turn.is_prompt:
            self.take(-1)
        return answer

    def end(self, turn: Turn) -> None:
        self.take(-1)
        super().end(turn)

    def error(self, turn: Turn, error: Exception) -> Exception:
        self.take(-int("permit" in turn.notes))
        return super().error(turn, error)


@known_bad(
    "permits-kept-by-calls-cancelled-early",
    "Gives each request one of sixteen permits; one that is cancelled unanswered keeps it.",
    "isolation/many-stops",
    sends=False,
)
class _PermitsForRequests(_WithPermits):
    permits = 16

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.take()
        try:
            answer = await super().send(turn)
        except Exception:  # no cancellation is one
            self.take(-1)
            raise
        self.take(-1)
        return answer


class _Forgetful(AsyncHandler):
    kept = True

    def forget(self) -> None:
        """Forget the headers."""
        self.kept = False

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers if self.kept or not headers else self.fault({})


@known_bad(
    "headers-tidied-up-with-the-handler",
    "Tidies the headers up once nobody holds the handler, though its stream is still to begin.",
    "isolation/handler-let-go throughout/header",
)
class _TidiedUp(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        inner = type(_Forgetful.__name__, (_Forgetful,), {"shared": self.shared})
        self.inner: AsyncHandler = inner(base_url, api_key, model)
        weakref.finalize(self, self.inner.forget)

    def create_message(self, *arguments: Any, **named: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        """Stream an answer, by an object that does not hold this one."""
        return self.inner.create_message(*arguments, **named)

    async def aclose(self) -> None:
        await super().aclose()
        await self.inner.aclose()
