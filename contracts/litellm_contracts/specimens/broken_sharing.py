"""Handlers that share what belongs to one handler, or to one conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class _OneClient(Parts):
    """Shares a client with other handlers."""

    def shared_by(self) -> str:
        """Return what handlers with the same client have in common."""
        raise NotImplementedError

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        clients = self.shared.memory
        if self.shared_by() in clients:
            return self.fault(clients[self.shared_by()])
        client = clients[self.shared_by()] = super().new_client(**options)
        return client


@known_bad(
    "key-of-another-handler",
    "Keeps clients by the proxy's address: a handler with another key sends the first one's.",
    "isolation/own-key-and-model throughout/own-settings",
)
class _ByAddress(_OneClient, SyncHandler):
    def shared_by(self) -> str:
        return self.base_url

    def close(self) -> None:
        """Leave the client to the others."""


@known_bad(
    "key-of-another-that-is-masked-alike",
    "Keeps clients by the address and the masked key: its beginning and its end.",
    "isolation/own-key-and-model throughout/own-settings",
)
class _ByMaskedKey(_OneClient, SyncHandler):
    def shared_by(self) -> str:
        return f"{self.base_url} {self.api_key[:8]}...{self.api_key[-6:]}"

    def close(self) -> None:
        """Leave the client to the others."""


@known_bad(
    "client-closed-for-all",
    "Keeps one client for all handlers of a proxy; whichever is closed first closes it.",
    """isolation/other-handler-closed faithfulness/beside-a-stopped-call
    presence/where-a-call-may-fail""",
    sends=False,
)
class _ClosedForAll(_OneClient, AsyncHandler):
    def shared_by(self) -> str:
        return f"{self.base_url} {self.api_key}"


@known_bad(
    "equal-messages-sent-once",
    "Sends equal messages once where two tasks ask at the same time.",
    "isolation/same-text-in-another-task",
)
class _SentOnce(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if turn.is_prompt:
            return await super().send(turn)
        asked = repr((turn.system_prompt, turn.messages, turn.tools))
        if asked in self.memory:
            self.fault()
        else:
            self.memory[asked] = asyncio.ensure_future(self.all_of(turn))
            self.memory[asked].add_done_callback(lambda _: self.memory.pop(asked))
        return _again(await asyncio.shield(self.memory[asked]))

    async def all_of(self, turn: Turn) -> list[Any]:
        return [event async for event in await super().send(turn)]


async def _again(events: list[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event


@known_bad(
    "first-system-prompt-kept",
    "Keeps a Claude model's first system prompt, so that the provider's cache is hit.",
    "faithfulness/own-text schema/create-message",
)
class _FirstSystemPrompt(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if "claude" in self.model and not turn.is_prompt:
            first = self.memory.setdefault("first", body["messages"][0])
            body["messages"][0] = self.fault(first)
        return body


@known_bad(
    "messages-pile-up",
    "Keeps the messages of every call in one list, and sends them all.",
    """faithfulness/own-text isolation/retry-beside-another-task schema/complete-prompt
    schema/create-message throughout/answers throughout/header""",
)
class _PilingUp(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        earlier = self.memory.setdefault("messages", [])
        if turn.attempt == 1:
            earlier.extend(turn.messages)
        system = body["messages"][: -len(turn.messages)]
        return self.fault(body | {"messages": [*system, *earlier]})


@known_bad(
    "queue-kept-shut-by-a-stop",
    "Lets other calls wait while one backs off; stopped there, it never lets them go.",
    "isolation/after-every-kind-of-stop",
)
class _KeptShut(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        for _ in range(100):
            if not self.memory.get("backs off"):
                return await super().send(turn)
            await asyncio.sleep(0.005)
        raise self.fault(TimeoutError("the call before still waits to try again"))

    async def back_off(self, turn: Turn) -> None:  # noqa: ARG002
        self.memory["backs off"] = True
        await asyncio.sleep(0.05)
        self.memory["backs off"] = False


@known_bad(
    "model-of-another-handler",
    "Keeps the model of the first handler for all of them.",
    "isolation/own-key-and-model schema/* throughout/own-settings",
)
class _FirstModel(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        first = self.shared.memory.setdefault("model", self.model)
        body = super().body(turn)
        return body if first == self.model else self.fault(body | {"model": first})


@known_bad(
    "id-of-a-task-with-the-same-end",
    "Keeps prepared headers by the last twelve characters of the task id.",
    "isolation/alternating-tasks throughout/header",
)
class _SameEnd(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        known = self.memory.setdefault(headers[HEADER][-12:], headers)
        return headers if known == headers else self.fault(known)


@known_bad(
    "headers-gone-with-the-first-of-two-calls",
    "Keeps headers by task while a call runs; the first of two to end takes them away.",
    "isolation/one-task-twice-at-once throughout/header",
)
class _Gone(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.memory[str(turn.task_id)] = super().headers(turn)
        return await super().send(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers if str(turn.task_id) in self.memory or not headers else self.fault({})

    def end(self, turn: Turn) -> None:
        self.memory.pop(str(turn.task_id), None)
        super().end(turn)


@known_bad(
    "id-of-the-message-that-is-read-later",
    "Keeps the metadata on the handler until the stream is read.",
    """isolation/concurrent-tasks isolation/ten-concurrent-tasks
    isolation/task-beside-no-task isolation/same-text-in-another-task
    complete-prompt/at-the-same-time isolation/retry-beside-another-task
    isolation/call-during-stream isolation/many-stops throughout/header""",
)
class _ReadLater(AsyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        self.memory["metadata"] = turn.metadata
        return turn

    async def prepare(self, turn: Turn) -> None:
        kept = self.memory.get("metadata")
        if not turn.is_prompt and kept is not turn.metadata:
            turn.metadata = self.fault(kept)


@known_bad(
    "proxy-of-another-handler",
    "Keeps clients by key and model: a handler of another proxy asks the first one's.",
    "isolation/own-proxy throughout/own-settings",
)
class _ByKey(_OneClient, AsyncHandler):
    def shared_by(self) -> str:
        return f"{self.api_key} {self.model}"

    async def aclose(self) -> None:
        """Leave the client to the others."""


@known_bad(
    "settings-of-the-handler-built-last",
    "Builds its client anew from the settings at module level where a connection was lost.",
    "isolation/own-proxy throughout/own-settings",
)
class _Settings(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.shared.memory |= {"base_url": base_url, "api_key": api_key, "model": model}

    async def back_off(self, turn: Turn) -> None:
        if not hasattr(turn.failure, "status_code"):
            await self.client.close()
            vars(self).update(self.fault(self.shared.memory))
            self.client = self.new_client()
        await super().back_off(turn)
