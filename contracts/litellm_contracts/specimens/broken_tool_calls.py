"""Handlers that lose, join or tear the tool calls of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

Chunks = list[dict[str, Any]]

_ANY_TOOL_CALL = "faithfulness/tool-calls faithfulness/text-beside-tool-calls"
_TOOL_CALLS: tuple[tuple[str, str, Callable[[dict[str, Any]], Chunks], str], ...] = (
    (
        "tool-calls-lost",
        "Yields text alone.",
        lambda _: [],
        f"""{_ANY_TOOL_CALL} faithfulness/tool-call-after-broken-one faithfulness/streams-at-once
    schema/create-message
        throughout/answers""",
    ),
    (
        "second-tool-call-lost",
        "Expects one tool call per answer.",
        lambda call: [] if call["index"] else [call],
        "faithfulness/tool-calls throughout/answers faithfulness/text-beside-tool-calls",
    ),
    (
        "tool-call-arguments-lost",
        "Yields only the piece of a tool call that holds its name.",
        lambda call: [call] if call["name"] else [],
        f"""{_ANY_TOOL_CALL} faithfulness/tool-call-after-broken-one faithfulness/streams-at-once
    schema/create-message
        throughout/answers""",
    ),
)


def _changing_calls(change: Callable[[dict[str, Any]], Chunks]) -> type[Parts]:
    class ChangingCalls(AsyncHandler):
        """Changes the pieces of tool calls."""

        def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
            for chunk in super().chunks(event, turn):
                is_call = chunk["type"] == "tool_call_partial"
                yield from self.fault(change(chunk)) if is_call else [chunk]

    return ChangingCalls


for _name, _about, _change_call, _breaks in _TOOL_CALLS:
    known_bad(_name, _about, _breaks)(_changing_calls(_change_call))


@known_bad(
    "tool-call-joined-with-a-broken-one",
    "Joins a tool call with what is left of one whose stream broke off.",
    "faithfulness/tool-call-after-broken-one throughout/answers",
)
class _JoinedCalls(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        left = self.memory.setdefault("left", "")
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "tool_call_partial":
                yield chunk
                continue
            if left and not turn.notes:
                yield self.fault(chunk | {"arguments": left + chunk["arguments"]})
            else:
                yield chunk
            turn.notes["calls"] = True
            self.memory["left"] += chunk["arguments"]

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["left"] = ""


@known_bad(
    "tool-calls-joined-by-name",
    "Takes two calls of one tool for one.",
    "faithfulness/tool-calls throughout/answers faithfulness/text-beside-tool-calls",
)
class _ByName(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        known = turn.notes.setdefault("names", {})
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                if chunk["name"]:
                    turn.notes["index"] = known.setdefault(chunk["name"], chunk["index"])
                if turn.notes["index"] != chunk["index"]:
                    chunk["index"] = self.fault(turn.notes["index"])
            yield chunk


@known_bad(
    "tool-calls-collected-on-the-handler",
    "Joins the pieces of tool calls on the handler, and starts afresh with each call.",
    "faithfulness/streams-at-once throughout/answers",
)
class _Collected(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.memory["calls"] = {}

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "tool_call_partial":
                known = self.memory["calls"].setdefault(chunk["index"], chunk | {"arguments": ""})
                known["arguments"] += chunk["arguments"]
            else:
                yield chunk
        if turn.finished:
            yield from self.fault(self.memory["calls"].values())
            self.memory["calls"] = {}


@known_bad(
    "tool-call-begun-anew",
    "Begins a broken stream anew for as long as it has passed on no text.",
    "faithfulness/begun-anew throughout/answers",
)
class _BegunAnew(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        said = False
        try:
            async for chunk in super().stream(turn):
                said = said or chunk["type"] == "text"
                turn.notes["begun"] = True
                yield chunk
        except RuntimeError:
            if said or not turn.notes.get("begun") or turn.notes.get("anew"):
                raise
            again = Turn(turn.method, turn.system_prompt, turn.messages, turn.metadata)
            again.notes["anew"] = self.fault(True)  # noqa: FBT003
            async for chunk in self.stream(again):
                yield chunk


@known_bad(
    "tool-call-without-arguments-lost",
    "Tells of a tool call with the first piece of its arguments.",
    "faithfulness/tool-calls throughout/answers",
)
class _Argumentless(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        calls = turn.notes.setdefault("calls", {})
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "tool_call_partial":
                yield chunk
            elif chunk["arguments"]:
                first = calls.pop(chunk["index"], chunk)
                yield first | {"arguments": chunk["arguments"]}
            else:
                calls[chunk["index"]] = self.fault(chunk)


@known_bad(
    "equal-tool-calls-taken-for-one",
    "Takes a tool call for a repetition where an earlier one of the answer is the same.",
    "faithfulness/tool-calls throughout/answers",
)
class _Repetition(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        calls: dict[int, list[Any]] = {}
        async for chunk in super().stream(turn):
            if chunk["type"] != "tool_call_partial":
                yield chunk
                continue
            calls.setdefault(chunk["index"], []).append(chunk)
        known = []
        for pieces in calls.values():
            said = (pieces[0]["name"], "".join(piece["arguments"] for piece in pieces))
            if said in known:
                self.fault()
                continue
            known.append(said)
            for piece in pieces:
                yield piece


@known_bad(
    "first-tool-call-of-an-event-alone",
    "Expects one tool call in an event of the stream.",
    "faithfulness/tool-calls throughout/answers faithfulness/text-beside-tool-calls",
)
class _FirstOfEvent(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for choice in event.get("choices") or []:
            delta = choice.get("delta") or {}
            if delta.get("tool_calls"):
                delta["tool_calls"] = self.fault(delta["tool_calls"][:1])
        return super().chunks(event, turn)


@known_bad(
    "tool-calls-lost-behind-a-text",
    "Looks for tool calls only in an event that holds no text.",
    "faithfulness/text-beside-tool-calls throughout/answers",
)
class _Either(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        chunks = list(super().chunks(event, turn))
        if any(chunk["type"] == "text" for chunk in chunks) and len(chunks) > 1:
            chunks = self.fault([chunk for chunk in chunks if chunk["type"] == "text"])
        yield from chunks


@known_bad(
    "tool-call-named-once-for-a-task",
    "Passes a tool call's id and name on once, and keeps for each task which were.",
    "faithfulness/streams-at-once throughout/answers",
)
class _NamedOnce(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        named = self.memory.setdefault(turn.task_id, set())
        try:
            async for chunk in super().stream(turn):
                if chunk["type"] == "tool_call_partial":
                    if chunk["index"] in named and chunk["name"]:
                        chunk.update(self.fault({"id": None, "name": None}))
                    named.add(chunk["index"])
                yield chunk
        finally:
            named.clear()
