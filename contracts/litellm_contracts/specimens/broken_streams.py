"""Handlers that spoil an answer, or a request, by what they do around a stream."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import AFTER_TORN_LINE, TORN_LINE_ENDS
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from http.client import HTTPResponse

_ENOUGH = 16


@known_bad(
    "thinking-yielded-as-text",
    "Yields what a model thinks as a part of its answer.",
    "faithfulness/streamed-text throughout/answers",
)
class _Thinking(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for choice in event.get("choices") or []:
            if thought := (choice.get("delta") or {}).get("reasoning_content"):
                yield {"type": "text", "text": self.fault(thought)}
        yield from super().chunks(event, turn)


@known_bad(
    "line-begun-shared-by-streams",
    "Keeps the beginning of a line on the handler, where streams at the same time share it.",
    "faithfulness/streams-at-once",
)
class _SharedLine(RawHandler):
    def events(self, response: HTTPResponse) -> Iterator[Mapping[str, Any]]:
        self.memory["begun"] = b""
        with response:
            while data := response.read1(2**16):
                *lines, begun = (self.memory["begun"] + data).split(b"\n")
                self.memory["begun"] = self.fault(begun)
                for line in filter(None, lines):
                    if line != b"data: [DONE]":  # half of a line is no JSON
                        yield self.read(json.loads(line.removeprefix(b"data: ")))


@known_bad(
    "pieces-dropped-for-a-slow-reader",
    "Reads ahead into a queue of five hundred, and drops what does not fit.",
    "faithfulness/slow-reader throughout/answers",
)
class _ReadAhead(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        queue: asyncio.Queue[Any] = asyncio.Queue(500)
        reading = asyncio.ensure_future(self.read_ahead(turn, queue))
        try:
            while (chunk := await queue.get()) is not None:
                yield chunk
            await reading
        finally:
            reading.cancel()

    async def read_ahead(self, turn: Turn, queue: asyncio.Queue[Any]) -> None:
        """Put the chunks of an answer into a queue."""
        try:
            async for chunk in super().stream(turn):
                try:
                    queue.put_nowait(chunk)
                except asyncio.QueueFull:
                    self.fault()
        finally:
            await queue.put(None)


@known_bad(
    "buffer-shared-by-streams",
    "Joins small pieces in a buffer of the handler's, which streams at the same time share.",
    """faithfulness/beside-a-failing-call faithfulness/streams-at-once
    faithfulness/beside-a-stopped-call throughout/answers
    faithfulness/beside-many-tasks""",
)
class _SharedBuffer(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if not turn.notes.get("begun"):
            turn.notes["begun"] = True
            self.memory["buffer"] = ""
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "text":
                self.memory["buffer"] += chunk["text"]
                if len(self.memory["buffer"]) < _ENOUGH:
                    continue
            yield from self.flushed()
            if chunk["type"] != "text":
                yield chunk

    def flushed(self) -> Iterator[Any]:
        """Yield what the buffer holds, and empty it."""
        if self.memory["buffer"]:
            yield {"type": "text", "text": self.fault(self.memory["buffer"])}
        self.memory["buffer"] = ""


@known_bad(
    "buffer-left-by-a-broken-stream",
    "Keeps what was read last for the next answer where a stream breaks off.",
    f"faithfulness/after-broken-stream {AFTER_TORN_LINE} throughout/answers",
)
class _LeftBuffer(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if not turn.is_prompt and not hasattr(error, "status_code"):
            self.memory["left"] = turn.notes.get("last", "")
        return super().error(turn, error)

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "text":
                turn.notes["last"] = chunk["text"]
                left = self.memory.pop("left", "")
                yield {**chunk, "text": self.fault(left) + chunk["text"]} if left else chunk
            else:
                yield chunk


@known_bad(
    "stream-begun-anew",
    "Begins a stream that was lost from its beginning, after some of it was passed on.",
    f"faithfulness/begun-anew {TORN_LINE_ENDS} throughout/answers",
)
class _Anew(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        again, passed_on = replace(turn), 0
        try:
            async for chunk in super().stream(turn):
                passed_on += 1
                yield chunk
        except RuntimeError:
            if not passed_on:
                raise
            self.fault()
            async for chunk in super().stream(again):
                yield chunk


@known_bad(
    "one-abort-signal-for-all",
    "Stops every open stream when one is stopped.",
    "faithfulness/beside-a-stopped-call isolation/many-stops",
)
class _OneSignal(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        stopped = self.memory.get("stopped")
        if stopped is None or stopped.is_set():
            stopped = self.memory["stopped"] = asyncio.Event()
        try:
            async for chunk in super().stream(turn):
                if stopped.is_set():
                    self.fault()
                    raise RuntimeError("the request was aborted")
                yield chunk
        except (asyncio.CancelledError, GeneratorExit):
            stopped.set()
            raise


@known_bad(
    "no-answer-without-a-connection",
    "Yields nothing, and raises nothing, where no connection can be made.",
    "faithfulness/no-connection throughout/answers isolation/after-reset-connection",
)
class _Offline(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        try:
            async for chunk in super().stream(turn):
                yield chunk
        except ConnectionError:
            self.fault()

    def error(self, turn: Turn, error: Exception) -> Exception:
        is_sent = bool(self.api_key)  # old SDKs send nothing without a key
        is_last = is_sent and turn.attempt == self.attempts
        if type(error).__name__ == "APIConnectionError" and is_last:
            return ConnectionError(str(super().error(turn, error)))
        return super().error(turn, error)


@known_bad(
    "key-in-the-error-without-a-connection",
    "Tells with which headers it tried, where no connection can be made.",
    "faithfulness/no-connection recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _Told(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        if getattr(error, "status_code", None):  # the proxy answered
            return told
        return RuntimeError(f"{told}; tried with {self.fault(self.api_key)}")


@known_bad(
    "same-call-answered-from-memory",
    "Answers the very same call from memory, as a guard against a double click.",
    "presence/same-call-again",
)
class _Remembered(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        key = json.dumps([turn.system_prompt, turn.messages, plain(turn.metadata)], default=str)
        known, chunks = self.memory.get("last", (None, []))
        if known == key:
            for chunk in self.fault(chunks):
                yield chunk
            return
        chunks = []
        async for chunk in super().stream(turn):
            chunks.append(chunk)
            yield chunk
        self.memory["last"] = (key, chunks)


@known_bad(
    "id-of-a-known-parent",
    "Files a task under its parent where the handler has seen that one as a task.",
    "isolation/task-of-a-parent throughout/header",
)
class _Parent(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        known = self.memory.setdefault("tasks", {})
        parent = (turn.metadata or {}).get("parent_task_id")
        if headers and parent in known and known[parent] != headers:
            return self.fault(known[parent])
        return known.setdefault(turn.task_id, headers) if headers else headers


@known_bad(
    "cache-warmed-for-claude",
    "Sends a conversation's first turn once more, to warm the cache of one model family.",
    "schema/create-message faithfulness/own-text faithfulness/own-tools",
)
class _Warming(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if self.model.startswith("claude") and not turn.is_prompt and len(turn.messages) == 1:
            self.fault()
            await self.client.chat.completions.create(
                model=self.model,
                messages=list(turn.messages),
                max_tokens=1,
                extra_headers=self.headers(turn),
            )


@known_bad(
    "header-missing-on-retries-with-gpt-5",
    "Retries in the branch for gpt-5 models by a loop of its own, without the header.",
    "presence/gpt-5-model schema/create-message throughout/header",
)
class _OwnLoop(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        lost = self.model.startswith("gpt-5") and turn.attempt > 1 and headers
        return self.fault({}) if lost else headers


@known_bad(
    "repeated-piece-lost",
    "Drops a piece that is the one before once more.",
    "faithfulness/streamed-text faithfulness/text-beside-tool-calls throughout/answers",
)
class _Repeated(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            before, turn.notes["before"] = turn.notes.get("before"), chunk
            if chunk["type"] == "text" and chunk == before:
                self.fault()
            else:
                yield chunk


@known_bad(
    "event-torn-at-a-line-separator",
    "Splits the stream at all that Unicode calls the end of a line, and skips what is no JSON.",
    "faithfulness/odd-line-ends throughout/answers",
)
class _Torn(RawHandler):
    def events(self, response: HTTPResponse) -> Iterator[Mapping[str, Any]]:
        for line in response.read().decode().splitlines():
            try:
                event = json.loads(line.removeprefix("data: "))
            except ValueError:
                self.fault()
            else:
                yield self.read(event)


@known_bad(
    "header-kept-where-the-usage-was-read-last",
    "Keeps a connection with its headers whose caller read no further than the usage.",
    "isolation/after-every-kind-of-stop throughout/header",
)
class _AtTheUsage(SyncHandler):
    def stream(self, turn: Turn) -> Iterator[Any]:
        for chunk in super().stream(turn):
            try:
                yield chunk
            except GeneratorExit:
                if chunk["type"] == "usage":
                    self.memory["kept"] = super().headers(turn)
                raise

    def headers(self, turn: Turn) -> dict[str, str]:
        headers, kept = super().headers(turn), self.memory.pop("kept", None)
        return self.fault(kept) | headers if kept else headers
