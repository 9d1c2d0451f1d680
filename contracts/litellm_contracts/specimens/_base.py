"""One small correct handler, asynchronous and synchronous, made of parts that a fault overrides.

It runs on openai 1.0 to 3.x. It repeats failed requests itself, at once or when the proxy asks for
it: the SDK's own retries take seconds in its older releases, and a fault can then be told from
attempt to attempt.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

from litellm_contracts.specimens._sdk import (
    certificates,
    client_options,
    http_library,
    pause,
    plain,
)
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

HEADER = "X-Zoo-Session-ID"
_NOT_PASSED: Mapping[str, Any] = {}

T = TypeVar("T")


@dataclass
class Shared:
    """What all instances of a specimen share: it stands for state at module level.

    `reached` tells whether the code that makes the specimen special has run.
    """

    reached: bool = False
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass
class Turn:
    """One call of a handler, and how often it was sent so far."""

    method: str
    system_prompt: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] | None = None
    is_metadata_passed: bool = True
    attempt: int = 1
    failure: Exception | None = None
    finished: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_prompt(self) -> bool:
        """Whether this is `complete_prompt`."""
        return self.method == "complete_prompt"

    @property
    def task_id(self) -> Any:  # noqa: ANN401 - whatever the metadata holds
        """The task id of the metadata, or `None`."""
        return (self.metadata or {}).get("task_id")

    @property
    def tools(self) -> list[Any]:
        """The tools of the metadata."""
        return (self.metadata or {}).get("tools") or []

    @property
    def last(self) -> Any:  # noqa: ANN401 - a text or a list of parts
        """The content of the newest message."""
        return self.messages[-1].get("content")

    @property
    def text(self) -> str:
        """All that is said in the call, as one text."""
        return " ".join([self.system_prompt, *(str(m.get("content")) for m in self.messages)])


class Parts:
    """What both handlers share; a fault overrides one of these methods."""

    attempts: ClassVar[int] = 3
    path: ClassVar[str] = "/v1"
    shared: ClassVar[Shared] = Shared()

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.base_url = base_url
        self.api_key = api_key
        self.model = model
        self.memory: dict[str, Any] = {}
        self.is_closed = False
        self.client = self.new_client()

    @classmethod
    def fresh(cls) -> type[Self]:
        """Return the same handler without anything shared so far."""
        return type(cls.__name__, (cls,), {"shared": Shared()})

    @classmethod
    def factory(cls) -> Callable[..., Any]:
        """Return what a contract is given to build handlers with."""
        return cls

    @overload
    def fault(self) -> None: ...
    @overload
    def fault(self, value: T) -> T: ...
    def fault(self, value: object = None) -> object:
        """Mark that the special code has run, and hand the value through."""
        self.shared.reached = True
        return value

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401 - an SDK client
        """Build the SDK client, with a transport that loads no certificates: that takes 35 ms."""
        raise NotImplementedError

    def begin(
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None,
    ) -> Turn:
        """Return the turn of a message, when it is asked for: its stream is read later."""
        is_passed = metadata is not _NOT_PASSED
        given = metadata if is_passed else None
        return Turn("create_message", system_prompt, tuple(messages), given, is_passed)

    def headers(self, turn: Turn) -> dict[str, str]:
        """Return the headers of one request."""
        if turn.is_prompt or not turn.task_id:
            return {}
        return {HEADER: turn.task_id}

    def refuse(self, turn: Turn) -> None:
        """Refuse what no SDK sends, or each in a way of its own, before anything is sent.

        A task id that cannot be a header value, and half of a character.
        """
        turn.text.encode()
        task_id = turn.task_id
        if task_id and not is_sendable(task_id):
            raise ValueError(f"the task id {task_id!r} cannot be sent as a header")

    def refuse_if_closed(self) -> None:
        """Refuse a call after the end, which each SDK does in a way of its own."""
        if self.is_closed:
            raise RuntimeError("the handler is closed")

    def body(self, turn: Turn) -> dict[str, Any]:
        """Return the request's body."""
        if turn.is_prompt:
            return {"model": self.model, "messages": list(turn.messages)}
        system = [{"role": "system", "content": turn.system_prompt}]
        body = {
            "model": self.model,
            "messages": [*system, *turn.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if turn.tools:
            body["tools"] = turn.tools
        return body

    def request(self, turn: Turn) -> dict[str, Any]:
        """Return the arguments of the SDK's `create`."""
        body = self.body(turn)
        named: dict[str, Any] = {
            name: body.pop(name) for name in ("model", "messages", "stream") if name in body
        }
        return {**named, "extra_headers": self.headers(turn), "extra_body": body}

    def is_retried(self, turn: Turn, error: Exception) -> bool:
        """Tell whether a failed request is sent again."""
        status = getattr(error, "status_code", None)
        transient = status is None or status in {408, 409, 429} or status >= 500  # noqa: PLR2004
        return transient and turn.attempt < self.attempts

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        """Turn one event of the stream into chunks."""
        for choice in event.get("choices") or []:
            delta = choice.get("delta") or {}
            if delta.get("content"):
                yield {"type": "text", "text": delta["content"]}
            for call in delta.get("tool_calls") or []:
                yield tool_call_chunk(call)
            if choice.get("finish_reason"):
                turn.finished = True
        if usage := event.get("usage"):
            yield {
                "type": "usage",
                "input_tokens": usage["prompt_tokens"],
                "output_tokens": usage["completion_tokens"],
            }

    def end(self, turn: Turn) -> None:
        """Refuse a stream that ended before the answer did."""
        if not turn.finished:
            raise RuntimeError("the stream ended before the answer did")

    def text(self, answer: Any) -> str:  # noqa: ANN401 - an SDK model
        """Return the text of a completion."""
        return answer.choices[0].message.content or ""

    def error(self, turn: Turn, error: Exception) -> Exception:
        """Return the error to raise for one of the SDK: its cause named, the key not."""
        told = f"{turn.method} failed: {error} {getattr(error, 'body', None) or ''}"
        return RuntimeError(told.replace(self.api_key, "[key]"))


class AsyncHandler(Parts):
    """The correct handler over `openai.AsyncOpenAI`."""

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        """Build an asynchronous client."""
        import openai

        transport = http_library().AsyncClient(verify=certificates(self.base_url))
        return openai.AsyncOpenAI(**client_options(self, transport) | options)

    async def prepare(self, turn: Turn) -> None:
        """Do what has to be done before a request is built."""

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401 - an SDK model or stream
        """Send the request, again where that helps."""
        while True:
            try:
                return await self.client.chat.completions.create(**self.request(turn))
            except Exception as error:
                if not self.is_retried(turn, error):
                    raise
                turn.attempt, turn.failure = turn.attempt + 1, error
                await self.back_off(turn)

    async def back_off(self, turn: Turn) -> None:
        """Wait before a request is sent again."""
        await asyncio.sleep(pause(turn))

    def create_message(
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = _NOT_PASSED,
    ) -> AsyncIterator[Any]:
        """Stream an answer."""
        return self.stream(self.begin(system_prompt, messages, metadata))

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        """Yield the chunks of an answer."""
        self.refuse(turn)
        await self.prepare(turn)
        self.refuse_if_closed()
        try:
            async for event in await self.send(turn):
                for chunk in self.chunks(plain(event), turn):
                    yield chunk
            self.end(turn)
        except Exception as error:  # noqa: BLE001 - also what an old SDK lets through
            raise self.error(turn, error) from None

    async def complete_prompt(self, prompt: str) -> str:
        """Answer a single prompt."""
        turn = Turn("complete_prompt", messages=({"role": "user", "content": prompt},))
        await self.prepare(turn)
        try:
            return self.text(await self.send(turn))
        except Exception as error:  # noqa: BLE001 - as above
            raise self.error(turn, error) from None

    async def aclose(self) -> None:
        """Close the connections."""
        self.is_closed = True
        await self.client.close()


class SyncHandler(Parts):
    """The correct handler over `openai.OpenAI`."""

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        """Build a synchronous client."""
        import openai

        transport = http_library().Client(verify=certificates(self.base_url))
        return openai.OpenAI(**client_options(self, transport) | options)

    def prepare(self, turn: Turn) -> None:
        """Do what has to be done before a request is built."""

    def send(self, turn: Turn) -> Any:  # noqa: ANN401 - an SDK model or stream
        """Send the request, again where that helps."""
        while True:
            try:
                return self.client.chat.completions.create(**self.request(turn))
            except Exception as error:
                if not self.is_retried(turn, error):
                    raise
                turn.attempt, turn.failure = turn.attempt + 1, error
                time.sleep(pause(turn))

    def create_message(
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = _NOT_PASSED,
    ) -> Iterator[Any]:
        """Stream an answer."""
        return self.stream(self.begin(system_prompt, messages, metadata))

    def stream(self, turn: Turn) -> Iterator[Any]:
        """Yield the chunks of an answer."""
        self.refuse(turn)
        self.prepare(turn)
        self.refuse_if_closed()
        try:
            for event in self.send(turn):
                yield from self.chunks(plain(event), turn)
            self.end(turn)
        except Exception as error:  # noqa: BLE001 - also what an old SDK lets through
            raise self.error(turn, error) from None

    def complete_prompt(self, prompt: str) -> str:
        """Answer a single prompt."""
        turn = Turn("complete_prompt", messages=({"role": "user", "content": prompt},))
        self.prepare(turn)
        try:
            return self.text(self.send(turn))
        except Exception as error:  # noqa: BLE001 - as above
            raise self.error(turn, error) from None

    def close(self) -> None:
        """Close the connections."""
        self.is_closed = True
        self.client.close()


def tool_call_chunk(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chunk for one piece of a tool call."""
    function = call.get("function") or {}
    return {
        "type": "tool_call_partial",
        "index": call.get("index"),
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": function.get("arguments") or "",
    }
