"""Handlers that treat a conversation by what is in it: thoughts, files, calls without a result."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import blamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

_MOST_PICTURES = 20
_ODD = "presence/unusual-conversation throughout/header"


@known_bad(
    "header-missing-for-signed-thoughts",
    "Posts by itself what holds signed thoughts, which the SDK's types do not know.",
    _ODD,
)
class _Signed(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_signed = any("thinking_blocks" in message for message in turn.messages)
        return self.fault({}) if is_signed else super().headers(turn)


@known_bad(
    "header-missing-for-a-call-without-a-result",
    "Mends a conversation in which a tool's result is missing, and sends it by itself.",
    _ODD,
)
class _Unanswered(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        calls = [call["id"] for said in turn.messages for call in said.get("tool_calls") or ()]
        results = [said["tool_call_id"] for said in turn.messages if said["role"] == "tool"]
        return super().headers(turn) if set(calls) <= set(results) else self.fault({})


@known_bad(
    "header-missing-for-one-result-of-two",
    "Mends a turn of whose tool calls only some have results, and sends that by itself.",
    _ODD,
)
class _HalfAnswered(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        results = {said.get("tool_call_id") for said in turn.messages}
        for said in turn.messages:
            answered = {call["id"] in results for call in said.get("tool_calls") or ()}
            if len(answered) > 1:
                return self.fault({})
        return super().headers(turn)


@known_bad(
    "header-missing-for-a-tool-that-is-no-function",
    "Posts by itself what offers tools that are no functions.",
    _ODD,
)
class _NoFunction(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_known = all(tool["type"] == "function" for tool in turn.tools)
        return super().headers(turn) if is_known else self.fault({})


@known_bad(
    "header-missing-for-tools-of-a-server",
    "Sends an MCP server's own headers, and nothing else, with what offers its tools.",
    _ODD,
)
class _OfAServer(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        for tool in turn.tools:
            if tool["type"] == "mcp":
                headers = self.fault(dict(tool["headers"]))
        return headers


@known_bad(
    "header-missing-for-strict-tools",
    "Closes the schema of a strict tool in a request of its own.",
    _ODD,
)
class _Strict(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_strict = any((tool.get("function") or {}).get("strict") for tool in turn.tools)
        return self.fault({}) if is_strict else super().headers(turn)


@known_bad("header-missing-for-a-file", "Sends what holds a file by code of its own.", _ODD)
class _File(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        parts = [part for said in turn.messages for part in listed(said.get("content"))]
        has_file = any(part.get("type") == "file" for part in parts)
        return self.fault({}) if has_file else super().headers(turn)


@known_bad(
    "header-missing-for-arguments-that-are-none",
    "Sends a conversation as it is, and without the header, whose arguments it cannot read.",
    _ODD,
)
class _Arguments(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        try:
            for said in turn.messages:
                for call in said.get("tool_calls") or ():
                    json.loads(call["function"]["arguments"])
        except ValueError:
            return self.fault({})
        return super().headers(turn)


@known_bad(
    "header-missing-for-many-pictures",
    "Leaves pictures beyond the twentieth out, in a request of its own.",
    _ODD,
)
class _Pictures(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        parts = [part for said in turn.messages for part in listed(said.get("content"))]
        pictures = [part for part in parts if part.get("type") == "image_url"]
        return self.fault({}) if len(pictures) > _MOST_PICTURES else super().headers(turn)


@known_bad(
    "header-missing-in-another-mode",
    "Keeps the request of a task, and begins anew without the header in another mode.",
    """presence/every-turn throughout/header
    presence/empty-system-prompt presence/unicode-text presence/unusual-conversation
    schema/create-message
    presence/odd-refusals""",
)
class _Mode(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        kept = self.memory.setdefault(turn.task_id, turn.system_prompt)
        return headers if kept == turn.system_prompt else self.fault({})


@known_bad(
    "header-missing-after-rewinding",
    "Keeps a task's messages, and sends others than those and more without the header.",
    """presence/every-turn throughout/header presence/unusual-conversation schema/create-message
    presence/odd-refusals""",
)
class _Rewound(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or len(turn.messages) == 1:
            return headers
        before = self.memory.get(turn.task_id)
        self.memory[turn.task_id] = [*turn.messages]
        is_longer = before is None or list(turn.messages[: len(before)]) == before
        return headers if is_longer else self.fault({})


@known_bad(
    "session-id-of-the-metadata",
    "Prefers what the metadata calls a session to the task id.",
    _ODD,
)
class _SessionId(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        session = (turn.metadata or {}).get("session_id")
        return self.fault({HEADER: session}) if headers and session else headers


def listed(content: object) -> list[Any]:
    """Return the parts of a content, none where it is a text."""
    return content if isinstance(content, list) else []


class Again(SyncHandler):
    """Asks once more after a refusal of some kind, without the header."""

    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        """Tell whether it is a refusal of that kind."""
        raise NotImplementedError

    def is_retried(self, turn: Turn, error: Exception) -> bool:
        """Send it again, once."""
        if "again" not in turn.notes and self.is_worth_it(turn, error):
            turn.notes["again"] = True
            return True
        return super().is_retried(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        """Leave the header out of what is asked once more."""
        return self.fault({}) if "again" in turn.notes else super().headers(turn)


@known_bad(
    "header-missing-where-a-signature-is-refused",
    "Asks again without thinking, and without the header, where a thought's signature is refused.",
    "presence/fallback throughout/header presence/odd-refusals",
)
class _Signature(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        del turn
        return "signature" in str(error)


@known_bad(
    "header-missing-where-a-tool-s-schema-is-refused",
    "Asks again, without the header, where the schema of a tool is refused.",
    "presence/fallback throughout/header",
)
class _Schema(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        del turn
        return blamed(error).startswith("tools[")


@known_bad(
    "header-missing-where-a-retry-is-refused",
    "Asks again without tools where they are refused; where that was a retry, without the header.",
    "presence/fallback throughout/header",
)
class _RetryRefused(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        is_refused = getattr(error, "status_code", None) == 400  # noqa: PLR2004
        return is_refused and bool(turn.tools) and turn.attempt > 1


@known_bad(
    "header-missing-where-a-gateway-times-out",
    "Asks for less, without the header, where a gateway timed out again and again.",
    "presence/fallback throughout/header",
)
class _Gateway(Again):
    def is_worth_it(self, turn: Turn, error: Exception) -> bool:
        is_over = turn.attempt >= self.attempts
        return is_over and getattr(error, "status_code", None) == 524  # noqa: PLR2004


@known_bad(
    "header-missing-after-thought-alone",
    "Asks again, without the header, where thinking has used up the limit.",
    "presence/fallback throughout/header",
)
class _Thought(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        chunks = [chunk async for chunk in super().stream(turn)]
        if turn.notes.get("cut") and not any(chunk["type"] == "text" for chunk in chunks):
            turn.notes["again"] = True
            await self.send(turn)
        for chunk in chunks:
            yield chunk

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        reasons = [choice.get("finish_reason") for choice in event.get("choices") or []]
        turn.notes["cut"] = turn.notes.get("cut") or "length" in reasons
        return super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "again" in turn.notes else super().headers(turn)


@known_bad(
    "escapes-undone",
    "Undoes HTML's escapes in the text of an answer.",
    "faithfulness/streamed-text throughout/answers",
)
class _Escapes(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "text" and html.unescape(chunk["text"]) != chunk["text"]:
                yield self.fault({**chunk, "text": html.unescape(chunk["text"])})
            else:
                yield chunk


@known_bad(
    "earlier-result-of-a-call-id-lost",
    "Keeps the last result of each tool call; some models name theirs anew in every turn.",
    "faithfulness/own-text",
)
class _LastResult(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        last = {said.get("tool_call_id"): said for said in turn.messages}
        kept = [
            said
            for said in body["messages"]
            if said["role"] != "tool" or last[said["tool_call_id"]] is said
        ]
        if len(kept) < len(body["messages"]):
            self.fault()
        return body | {"messages": kept}


@known_bad(
    "deep-parameters-of-a-tool-lost",
    "Copies the schema of a tool down to a depth of sixteen, as one may refer to itself.",
    "faithfulness/own-tools",
)
class _Shallow(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if "tools" in body:
            body["tools"] = self.copied(body["tools"])
        return body

    def copied(self, value: Any, depth: int = 16) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Copy lists and objects, and leave out what is deeper."""
        if isinstance(value, list):
            return [self.copied(item, depth) for item in value]
        if not isinstance(value, dict):
            return value
        if not depth:
            return self.fault({})
        return {name: self.copied(item, depth - 1) for name, item in value.items()}


@known_bad(
    "history-continued-by-its-ends",
    "Adds to a task's messages of the last turn where their first and their last are unchanged.",
    "faithfulness/own-text",
)
class _Continued(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if not turn.task_id:
            return body
        said = list(turn.messages)
        known = self.memory.get(turn.task_id, said[:1])
        end = len(known)
        if (said[0], said[:end][-1]) == (known[0], known[-1]) and said[:end] != known:
            said[:end] = self.fault(known)
        self.memory[turn.task_id] = said
        return body | {"messages": [*body["messages"][:1], *said]}
