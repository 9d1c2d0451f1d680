"""Handlers that send too much, too little, to the wrong place, or what the API does not know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._ids import COUNTED, MESSAGES
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

_WARM_UP: dict[str, Any] = {"messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}


@known_bad(
    "warm-up-when-built",
    "Sends a completion to test the connection.",
    f"""{COUNTED} schema/create-message throughout/header
    presence/unusual-proxy presence/where-a-call-may-fail presence/fallback""",
)
class _WarmUp(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.fault(self.client.chat.completions.create(model=model, **_WARM_UP))


@known_bad(
    "warm-up-before-each-message",
    "Sends a completion before each message to wake the model.",
    f"""{COUNTED} schema/create-message presence/fallback throughout/header
    isolation/whatever-an-answer-says presence/unusual-conversation presence/unusual-proxy
    presence/where-a-call-may-fail
    presence/other-surroundings presence/secure-proxy""",
)
class _WarmUpEach(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if not turn.is_prompt:
            self.fault(await self.client.chat.completions.create(model=self.model, **_WARM_UP))


@known_bad(
    "request-sent-twice",
    "Sends each request again and drops the answer.",
    f"{COUNTED} schema/complete-prompt schema/create-message",
)
class _Twice(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        again = self.request(turn) | {"stream": False}
        again["extra_body"].pop("stream_options", None)
        self.fault(await self.client.chat.completions.create(**again))
        return answer


@known_bad(
    "message-sent-twice-after-a-prompt",
    "Starts the conversation's connection anew after complete_prompt, with a request.",
    "presence/exactly-one-request throughout/answers",
)
class _TwiceAfterPrompt(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        after_prompt, self.memory["prompt"] = self.memory.get("prompt"), turn.is_prompt
        answer = super().send(turn)
        if after_prompt and not turn.is_prompt:
            answer = self.fault(super().send(turn))
        return answer


@known_bad(
    "retry-sent-twice",
    "Repeats a request twice where once would do.",
    f"""{COUNTED} -presence/exactly-one-request -presence/reconnect schema/complete-prompt
    schema/create-message -presence/redirect
    throughout/answers""",
)
class _RetryTwice(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = super().send(turn)
        return self.fault(super().send(turn)) if turn.attempt > 1 else answer


@known_bad("never-sends", "Answers from a cache and sends nothing.", "* -always/*", sends=False)
class _Never(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        del turn
        yield self.fault({"type": "text", "text": "Hello."})

    async def complete_prompt(self, prompt: str) -> str:
        return self.fault(f"Echo: {prompt}")


@known_bad(
    "always-raises",
    "Raises whatever it is asked.",
    """* -always/*
    -presence/odd-refusals -presence/other-surroundings -presence/secure-proxy""",
    sends=False,
)
class _Raises(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        self.fault()
        raise RuntimeError(f"{turn.method} is not implemented")


@known_bad(
    "base-url-ignored",
    "Sends to a proxy of its own choice.",
    """* -always/*
    -presence/odd-refusals -presence/other-surroundings -presence/secure-proxy""",
    sends=False,
)
class _OtherProxy(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        del base_url
        super().__init__(self.fault("http://127.0.0.1:9"), api_key, model)


@known_bad(
    "stream-never-read",
    "Returns an iterator that ends before it sends.",
    f"{MESSAGES} -throughout/* throughout/answers -faithfulness/page-instead-of-completion",
    sends=False,
)
class _Unread(SyncHandler):
    def stream(self, turn: Turn) -> Iterator[Any]:
        del turn
        return iter(self.fault(()))


@known_bad(
    "never-comes-back-after-a-refusal",
    "Waits for ever once a conversation has become too long.",
    """presence/after-failed-call faithfulness/arguments-left-alone faithfulness/own-text
    faithfulness/own-tools
    presence/fallback""",
    sends=False,
    is_slow=True,
)
class _Hangs(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        self.memory["too long"] = "too long" in str(error)
        return super().error(turn, error)

    async def prepare(self, turn: Turn) -> None:
        del turn
        if self.memory.pop("too long", False):
            await self.fault(asyncio.get_running_loop().create_future())


@known_bad(
    "messages-not-passed-on",
    "Sends the system prompt and forgets the messages.",
    f"""{MESSAGES} -throughout/* throughout/nothing-leaks throughout/answers
    -faithfulness/page-instead-of-completion""",
)
class _NoMessages(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        return body if turn.is_prompt else self.fault(body | {"messages": body["messages"][:1]})


@known_bad(
    "tools-in-anthropics-shape",
    "Sends tools without the `function` around them.",
    "schema/create-message",
)
class _Tools(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.tools:
            body["tools"] = self.fault([tool["function"] for tool in turn.tools])
        return body


@known_bad(
    "tool-results-in-anthropics-shape",
    "Sends a tool's result as a message of the role `tool_result`.",
    "faithfulness/own-text schema/create-message",
)
class _ToolResults(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        for number, message in enumerate(body["messages"]):
            if message["role"] == "tool":
                body["messages"][number] = self.fault({**message, "role": "tool_result"})
        return body


@known_bad(
    "content-parts-without-type",
    "Drops the type of content parts.",
    "schema/create-message",
)
class _Parts(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        for number, message in enumerate(body["messages"]):
            if isinstance(message.get("content"), list):
                parts = [{"text": part.get("text", "")} for part in message["content"]]
                body["messages"][number] = self.fault({**message, "content": parts})
        return body


@known_bad(
    "answer-put-into-the-callers-messages",
    "Appends the answer to the caller's own list of messages.",
    "faithfulness/arguments-left-alone schema/create-message throughout/arguments",
)
class _Appending(SyncHandler):
    def begin(self, system_prompt: str, messages: Iterable[Any], metadata: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(system_prompt, messages, metadata)
        turn.notes["callers"] = messages
        return turn

    def end(self, turn: Turn) -> None:
        super().end(turn)
        if isinstance(turn.notes["callers"], list):
            turn.notes["callers"].append(self.fault({"role": "assistant", "content": "(it)"}))


@known_bad(
    "old-messages-left-out",
    "Sends the newest twenty messages, so that a request does not grow too long.",
    "schema/create-message",
)
class _Window(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if len(body["messages"]) > 21:  # noqa: PLR2004 - the system prompt and twenty
            body["messages"] = self.fault([body["messages"][0], *body["messages"][-20:]])
        return body


@known_bad(
    "model-without-its-variant",
    "Takes what follows a colon in the model's name for a tag of its own.",
    "schema/create-message schema/complete-prompt",
)
class _Variant(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        name, colon, _ = self.model.partition(":")
        return super().body(turn) | ({"model": self.fault(name)} if colon else {})


@known_bad(
    "cache-mark-in-the-callers-parts",
    "Marks the newest part of the caller's own message for prompt caching.",
    "faithfulness/arguments-left-alone schema/create-message throughout/arguments",
)
class _Marked(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        if isinstance(turn.last, list):
            turn.last[-1]["cache_control"] = self.fault({"type": "ephemeral"})
        return super().body(turn)


@known_bad(
    "tools-of-an-earlier-call",
    "Keeps the tools for calls that bring none.",
    "faithfulness/own-tools schema/create-message",
)
class _KeptTools(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        tools = turn.tools or self.memory.get("tools")
        if turn.is_prompt or not tools:
            return super().body(turn)
        self.memory["tools"] = tools
        return super().body(turn) | {"tools": tools if turn.tools else self.fault(tools)}


@known_bad(
    "tools-given-up-after-a-refusal",
    "Takes a model that refused a call with tools for one that knows none.",
    "faithfulness/own-tools",
)
class _NoMoreTools(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if turn.tools and getattr(error, "status_code", None) == 400:  # noqa: PLR2004
            self.memory["refused"] = True
        return super().error(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.tools and self.memory.get("refused"):
            self.fault(body.pop("tools"))
        return body


@known_bad(
    "tools-kept-by-name",
    "Keeps converted tools by their names, for all conversations.",
    "faithfulness/own-tools",
)
class _ByName(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        for number, tool in enumerate(body.get("tools", [])):
            known = self.memory.setdefault(tool["function"]["name"], tool)
            if known != tool:
                body["tools"] = [*body["tools"]]
                body["tools"][number] = self.fault(known)
        return body


@known_bad(
    "message-left-out-where-empty",
    "Leaves out messages without a text, among them what a tool said that said nothing.",
    "schema/create-message",
)
class _EmptyLeftOut(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        kept = [one for one in body["messages"] if one.get("content") or one.get("tool_calls")]
        return body if kept == body["messages"] else self.fault(body | {"messages": kept})


@known_bad(
    "message-said-twice-sent-once",
    "Takes a message that was said before for one sent by mistake.",
    "faithfulness/own-text",
)
class _SaidTwice(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        every = body["messages"]
        kept: list[Any] = []
        for one in every:
            kept += [] if one["role"] == "user" and one in kept else [one]
        return body if kept == every else self.fault(body | {"messages": kept})
