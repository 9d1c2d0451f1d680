"""Handlers that are right in an unusual way: how they are called and what they yield."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._registry import unusual
from litellm_contracts.specimens._sdk import plain
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping


@unusual("synchronous", "Blocks, as a handler over `openai.OpenAI` does.")
class _Synchronous(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        self.fault(turn)


@unusual("awaited-before-iterated", "`create_message` is a coroutine that returns the iterator.")
class _Coroutine(AsyncHandler):
    async def create_message(  # type: ignore[override]
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        return self.fault(super().create_message(system_prompt, messages, metadata))


@unusual("list-of-chunks", "`create_message` returns all chunks at once.")
class _List(SyncHandler):
    def stream(self, turn: Turn) -> Any:  # noqa: ANN401
        return self.fault(list(super().stream(turn)))


@unusual("built-by-a-coroutine", "Its factory has to be awaited.")
class _AsyncFactory(AsyncHandler):
    @classmethod
    def factory(cls) -> Callable[..., Any]:
        async def build(**options: Any) -> Parts:  # noqa: ANN401
            await asyncio.sleep(0)
            return cls(**cls.shared_fault(options))

        return build

    @classmethod
    def shared_fault(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Mark that the factory ran; there is no instance yet."""
        cls.shared.reached = True
        return value


@unusual("asynchronous-over-threads", "Runs a synchronous client in threads.")
class _Threads(SyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:  # type: ignore[override]
        chunks = super().stream(turn)
        end = object()
        while (chunk := await asyncio.to_thread(next, chunks, end)) is not end:
            yield self.fault(chunk)

    async def complete_prompt(self, prompt: str) -> str:  # type: ignore[override]
        return await asyncio.to_thread(super().complete_prompt, prompt)


@unusual("one-call-at-a-time", "Makes its calls in turn, behind a lock.", is_slow=True)
class _InTurn(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.lock = asyncio.Lock()

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        async with self.fault(self.lock):
            async for chunk in super().stream(turn):
                yield chunk


@unusual("unknown-chunk-types", "Yields chunks that no contract knows, objects among them.")
class _Chunks(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        yield self.fault({"type": "heartbeat"})
        yield {"type": "grounding", "sources": []}
        yield object()
        yield from super().chunks(event, turn)


@unusual("a-chunk-before-the-request", "Says that a call is under way before it sends anything.")
class _Begun(SyncHandler):
    def stream(self, turn: Turn) -> Any:  # noqa: ANN401
        yield self.fault({"type": "status", "status": "queued"})
        yield from super().stream(turn)


@unusual("empty-text-chunks", "Yields a text chunk also where an event brings no text.")
class _Empty(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        yield self.fault({"type": "text", "text": ""})
        yield from super().chunks(event, turn)


@unusual("bad-ids-left-out", "Leaves out a task id that cannot be sent, and goes on.")
class _LeftOut(AsyncHandler):
    def refuse(self, turn: Turn) -> None:
        if turn.task_id and not is_sendable(turn.task_id):
            turn.metadata = self.fault({**(turn.metadata or {}), "task_id": None})


@unusual("bad-ids-refused-at-the-call", "Refuses a bad task id before the first iteration.")
class _Refused(SyncHandler):
    def create_message(
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        task_id = (metadata or {}).get("task_id")
        if task_id and not is_sendable(task_id):
            raise self.fault(ValueError("a task id must be printable ASCII"))
        return super().create_message(system_prompt, messages, metadata)


@unusual("ignored-ids-left-out", "Leaves out a task id that LiteLLM would ignore.")
class _IgnoredLeftOut(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers and not re.fullmatch(r"[a-zA-Z0-9_-]{8,}", turn.task_id):
            return self.fault({})
        return headers


@unusual("no-retries", "Reports a failed request at once.")
class _NoRetries(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        del turn, error
        return self.fault(False)  # noqa: FBT003


@unusual("closing-fails", "Raises when it is closed.")
class _Clumsy(AsyncHandler):
    async def aclose(self) -> None:
        await super().aclose()
        raise self.fault(RuntimeError("already closed"))


@unusual("prompt-completed-by-streaming", "`complete_prompt` streams, and joins the pieces.")
class _Streamed(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        return self.fault(body | {"stream": True}) if turn.is_prompt else body

    async def complete_prompt(self, prompt: str) -> str:
        turn = Turn("complete_prompt", messages=({"role": "user", "content": prompt},))
        try:
            pieces = [
                chunk["text"]
                async for event in await self.send(turn)
                for chunk in self.chunks(plain(event), turn)
                if chunk["type"] == "text"
            ]
            self.end(turn)
        except Exception as error:  # noqa: BLE001 - as in the base
            raise self.error(turn, error) from None
        return "".join(pieces)


@unusual("whole-tool-calls", "Joins the pieces of a tool call, and yields it once it is whole.")
class _Whole(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        calls = turn.notes.setdefault("calls", {})
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                call = calls.setdefault(chunk["index"], chunk | {"arguments": ""})
                call["arguments"] += chunk["arguments"]
            else:
                yield chunk
        while turn.finished and calls:
            _, call = calls.popitem()
            yield call | {"type": self.fault("tool_call"), "arguments": call["arguments"] or "{}"}


@unusual("no-tools", "Knows nothing of tools.")
class _NoTools(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        self.fault(body.pop("tools", None))
        return body


@unusual("another-model-after-a-refusal", "Asks another model once where one refuses.")
class _Another(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if getattr(error, "status_code", None) == 400:  # noqa: PLR2004
            turn.notes["model"] = self.fault("gpt-4o-mini")
            return turn.attempt == 1
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        return super().body(turn) | ({"model": name} if (name := turn.notes.get("model")) else {})


@unusual("tool-inputs-as-values", "Yields whole tool calls, their arguments read.")
class _Inputs(_Whole):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "tool_call":
                yield chunk
                continue
            yield {
                "type": "tool_use",
                "block": {"id": chunk["id"], "name": chunk["name"]},
                "input": self.fault(json.loads(chunk["arguments"])),
            }
