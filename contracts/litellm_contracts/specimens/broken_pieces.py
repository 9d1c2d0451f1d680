"""Handlers that take a stream's pieces, or its end, for what they are not."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping


@known_bad(
    "pieces-taken-for-all-so-far",
    "Takes a piece that begins like the answer so far for all of it, as some gateways send it.",
    "faithfulness/streamed-text faithfulness/text-beside-tool-calls throughout/answers",
)
class _SoFar(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "text":
                yield chunk
                continue
            so_far, piece = turn.notes.get("so far", ""), chunk["text"]
            if so_far and piece.startswith(so_far):
                piece = self.fault(piece.removeprefix(so_far))
            turn.notes["so far"] = so_far + piece
            yield {**chunk, "text": piece}


@known_bad(
    "cut-after-a-whole-tool-call",
    "Takes an answer for whole once the arguments of its tool calls can be read.",
    "faithfulness/broken-stream faithfulness/stream-without-finish throughout/answers",
)
class _WholeCalls(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                calls = turn.notes.setdefault("calls", {})
                calls[chunk["index"]] = calls.get(chunk["index"], "") + chunk["arguments"]
            yield chunk

    def has_whole_calls(self, turn: Turn) -> bool:
        """Tell whether all tool calls that were read have arguments that can be parsed."""
        try:
            return bool([json.loads(arguments) for arguments in turn.notes["calls"].values()])
        except (KeyError, ValueError):
            return False

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.refuse(turn)
        try:
            async for event in await self.send(turn):
                for chunk in self.chunks(plain(event), turn):
                    yield chunk
            self.end(turn)
        except Exception as error:  # noqa: BLE001 - whatever ended the stream
            if not self.has_whole_calls(turn):
                raise self.error(turn, error) from None
            self.fault()


@known_bad(
    "waits-for-more-of-a-filtered-answer",
    "Waits for the rest of an answer that was filtered, which never comes.",
    "presence/fallback",
    is_slow=True,
)
class _Waiting(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        reasons = [choice.get("finish_reason") for choice in event.get("choices") or []]
        turn.notes["is filtered"] = turn.notes.get("is filtered") or "content_filter" in reasons
        yield from super().chunks(event, turn)

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        async for chunk in super().stream(turn):
            yield chunk
        if turn.notes.get("is filtered"):
            self.fault()
            await asyncio.Event().wait()


@known_bad(
    "text-lost-beside-thinking",
    "Takes an event that holds thoughts for one that holds nothing else.",
    "faithfulness/streamed-text throughout/answers",
)
class _ThoughtsAlone(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        thinks = any(
            (choice.get("delta") or {}).get("reasoning_content")
            for choice in event.get("choices") or []
        )
        for chunk in super().chunks(event, turn):
            if thinks and chunk["type"] == "text":
                self.fault()
            else:
                yield chunk


@known_bad(
    "equal-piece-of-a-tool-call-skipped",
    "Takes a piece of a tool call that equals the one before for the same one, sent twice.",
    "faithfulness/tool-calls throughout/answers",
)
class _EqualPieces(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial" and chunk == turn.notes.get("last"):
                self.fault()
                continue
            turn.notes["last"] = chunk
            yield chunk
