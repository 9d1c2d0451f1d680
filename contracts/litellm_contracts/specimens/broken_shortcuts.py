"""Handlers that leave something out to save work, or ask something of their own on the way."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_ARGUMENTS = 4000
_LONG = 50_000
_NEARLY_FULL = 150_000


@known_bad(
    "long-tool-arguments-cut",
    "Cuts the arguments of a tool call at 4,000 characters, against calls that never end.",
    "faithfulness/tool-calls throughout/answers",
)
class _Cut(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                got = turn.notes.get(chunk["index"], 0)
                turn.notes[chunk["index"]] = got + len(chunk["arguments"])
                if turn.notes[chunk["index"]] > _MOST_ARGUMENTS:
                    rest = max(0, _MOST_ARGUMENTS - got)
                    chunk["arguments"] = self.fault(chunk["arguments"][:rest])
            yield chunk


@known_bad(
    "tools-missing-after-a-tools-result",
    "Offers no tools where the last message is a tool's result: the model shall answer now.",
    "schema/create-message",
)
class _AfterResult(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.messages[-1].get("role") == "tool" and "tools" in body:
            self.fault(body.pop("tools"))
        return body


@known_bad(
    "messages-without-text-left-out",
    "Leaves messages without text out, and so the tool calls that results belong to.",
    "schema/create-message",
)
class _WithoutText(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        told = [message for message in body["messages"] if message.get("content")]
        return body if told == body["messages"] else self.fault(body | {"messages": told})


@known_bad(
    "trace-id-masks-the-session-for-claude",
    "Names a trace of LiteLLM beside the header for Claude models, which wins over it.",
    "throughout/filed-by-the-header schema/create-message recognition/nothing-else-filed-there",
)
class _Trace(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or not self.model.startswith("claude"):
            return headers
        trace = hashlib.sha256(turn.task_id.encode()).hexdigest()[:32]
        return headers | {"x-litellm-trace-id": self.fault(trace)}


@known_bad(
    "id-with-the-counting-of-a-long-text",
    "Has a long text's tokens counted first, with the headers of its turn.",
    "throughout/nothing-leaks schema/create-message",
)
class _LongCounted(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if turn.is_prompt or len(turn.text) <= _LONG:
            return
        counted = {"model": self.model, "messages": list(turn.messages)}
        url = f"{self.base_url}/utils/token_counter"
        headers = self.fault(self.headers(turn))
        # No count is no reason to fail: an older proxy has no such route.
        with contextlib.suppress(Exception):
            await self.client.post(url, cast_to=object, body=counted, options={"headers": headers})


@known_bad(
    "history-summarised-without-header",
    "Has the older messages summarised, without the header, when the context is nearly full.",
    "presence/every-turn throughout/header",
)
class _Summarised(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "usage" and turn.task_id:
                self.memory[turn.task_id] = chunk["input_tokens"]
            yield chunk

    async def prepare(self, turn: Turn) -> None:
        if turn.is_prompt or not turn.task_id or len(turn.messages) == 1:
            return
        if self.memory.pop(turn.task_id, 0) > _NEARLY_FULL:
            said = "\n".join(str(message.get("content")) for message in turn.messages[:-1])
            asked: Any = [{"role": "user", "content": self.fault(f"Summarise:\n{said}")}]
            answer = await self.client.chat.completions.create(model=self.model, messages=asked)
            turn.system_prompt += f"\n\nSo far: {self.text(answer)}"


@known_bad(
    "title-asked-for-when-closed",
    "Asks for a title of the last conversation when it is closed, without the header.",
    "presence/exactly-one-request throughout/header presence/where-a-call-may-fail",
)
class _Title(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "text":
                self.memory["said"] = chunk["text"]
            yield chunk

    def close(self) -> None:
        if said := self.memory.get("said"):
            asked: Any = [{"role": "user", "content": self.fault(f"Give a title to: {said}")}]
            self.client.chat.completions.create(model=self.model, messages=asked)
        super().close()


@known_bad(
    "changed-tool-offered-as-it-was",
    "Keeps converted tools by name and description: other parameters are not noticed.",
    "faithfulness/own-tools",
)
class _ToolKept(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if "tools" in body:
            body["tools"] = [self.converted(tool, turn) for tool in body["tools"]]
        return body

    def converted(self, tool: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
        known = self.known(tool["function"], turn)
        kept: Mapping[str, Any] = self.memory.setdefault(known, copy.deepcopy(tool))
        return kept if kept == tool else self.fault(kept)

    def known(self, function: Mapping[str, Any], _turn: Turn) -> str:
        """Return what a converted tool is kept by."""
        return f"{function['name']}: {function.get('description')}"


@known_bad(
    "tool-of-a-task-offered-as-it-was",
    "Keeps the converted tools of a task by their names: within a task they were not to change.",
    "faithfulness/own-tools",
)
class _ToolOfATask(_ToolKept):
    def known(self, function: Mapping[str, Any], turn: Turn) -> str:
        return f"{turn.task_id}: {function['name']}: {len(turn.tools)}"
