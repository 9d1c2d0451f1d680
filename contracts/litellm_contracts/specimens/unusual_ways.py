"""Handlers that are right in an unusual way: how calls run, fail and hand over what they say."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import unusual
from litellm_contracts.specimens._sdk import (
    client_options,
    http_library,
    plain,
)
from litellm_contracts.specimens.broken_learning import mend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator, Mapping

_MOST_FAILURES = 5
_SECONDS_OPEN = 30.0


@unusual(
    "circuit-breaker",
    "Sends nothing for half a minute after five failures of the proxy or the network in a row.",
)
class _Breaker(AsyncHandler):
    attempts = 1

    async def prepare(self, turn: Turn) -> None:
        del turn
        is_open = self.memory.get("failures", 0) >= _MOST_FAILURES
        if is_open and time.monotonic() < self.memory["opened"] + _SECONDS_OPEN:
            raise self.fault(RuntimeError("the proxy failed five times in a row; try again later"))

    def error(self, turn: Turn, error: Exception) -> Exception:
        status = getattr(error, "status_code", None)
        if status is None or status == 408 or status >= 500:  # noqa: PLR2004
            self.memory["failures"] = self.memory.get("failures", 0) + 1
            self.memory["opened"] = time.monotonic()
        return super().error(turn, error)

    def end(self, turn: Turn) -> None:
        super().end(turn)
        self.memory["failures"] = 0

    def text(self, answer: Any) -> str:  # noqa: ANN401
        self.memory["failures"] = 0
        return super().text(answer)


@unusual(
    "refused-key-kept-back",
    "Sends nothing more with a key that was refused, and says with which status it was.",
)
class _KeyKeptBack(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        if refused := self.memory.get("refused"):
            raise self.fault(RuntimeError(f"not asked: the proxy refused the key ({refused})"))
        try:
            return await super().send(turn)
        except Exception as error:
            status = getattr(error, "status_code", None)
            if status in {401, 403}:
                self.memory["refused"] = status
            raise


@unusual(
    "chain-of-three-models",
    "Asks three models one after the other where one fails before it said anything.",
)
class _Chain(AsyncHandler):
    attempts = 1

    @property
    def models(self) -> list[str]:
        others = ("gpt-4o-mini", "claude-sonnet-4-5", "gpt-4o")
        return [self.model, *(one for one in others if one != self.model)][:3]

    def body(self, turn: Turn) -> dict[str, Any]:
        return super().body(turn) | {"model": turn.notes["model"]}

    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.refuse(turn)
        failures: list[Exception] = []
        for model in self.models:
            turn.notes["model"], is_begun = model, False
            try:
                async for event in await self.send(turn):
                    for chunk in self.chunks(plain(event), turn):
                        is_begun = True
                        yield chunk
                self.end(turn)
            except Exception as error:  # noqa: BLE001 - as in the base
                if is_begun:
                    raise self.error(turn, error) from None
                failures.append(self.fault(error))
            else:
                return
        raise self.error(turn, failures[0])

    async def complete_prompt(self, prompt: str) -> str:
        turn = Turn("complete_prompt", messages=({"role": "user", "content": prompt},))
        failures: list[Exception] = []
        for turn.notes["model"] in self.models:
            try:
                answered = self.text(await self.send(turn))
                return answered or self.text(await self.send(turn))
            except Exception as error:  # noqa: BLE001 - as in the base
                failures.append(self.fault(error))
        raise self.error(turn, failures[0])


class _Message:
    """`async for chunk in message`, or `text = await message`."""

    def __init__(self, chunks: AsyncIterator[Any]) -> None:
        self.chunks = chunks

    def __aiter__(self) -> AsyncIterator[Any]:
        return self.chunks

    def __await__(self) -> Generator[Any, None, str]:
        return self.whole().__await__()

    async def whole(self) -> str:
        """Return the text of all chunks."""
        return "".join([chunk["text"] async for chunk in self.chunks if chunk["type"] == "text"])


@unusual(
    "awaited-or-iterated",
    "`create_message` returns an object to iterate for chunks, or to await for the whole text.",
)
class _Either(AsyncHandler):
    def create_message(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        return self.fault(_Message(super().create_message(*given, **named)))


class _Work:
    """Reads chunks in a task of its own that begins at once, and ends with the stream."""

    def __init__(self, chunks: AsyncIterator[Any]) -> None:
        self.queue: asyncio.Queue[tuple[Any, Exception | None]] = asyncio.Queue()
        self.task = asyncio.get_running_loop().create_task(self.run(chunks))

    async def run(self, chunks: AsyncIterator[Any]) -> None:
        """Put all chunks into the queue, and then how it ended."""
        end: Exception = StopAsyncIteration()
        try:
            async for chunk in chunks:
                self.queue.put_nowait((chunk, None))
        except Exception as error:  # noqa: BLE001 - it is raised where the stream is read
            end = error
        self.queue.put_nowait((None, end))

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401
        chunk, end = await self.queue.get()
        if end is not None:
            raise end
        return chunk

    async def aclose(self) -> None:
        """End the task."""
        self.task.cancel()


@unusual(
    "tasks-begun-at-the-call",
    "Its methods are plain ones that start a task at once, and return its stream or the task.",
)
class _Begun(AsyncHandler):
    def create_message(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        return self.fault(_Work(super().create_message(*given, **named)))

    def complete_prompt(self, prompt: str) -> asyncio.Task[str]:  # type: ignore[override]
        return asyncio.get_running_loop().create_task(super().complete_prompt(prompt))


@unusual(
    "errors-in-groups",
    "Sends beside a watchdog in a task group, and raises groups of errors.",
)
class _Groups(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        async with asyncio.TaskGroup() as group:
            watchdog = group.create_task(asyncio.sleep(50))
            sending = group.create_task(super().send(turn))
            sending.add_done_callback(lambda _: watchdog.cancel())
        return sending.result()

    def error(self, turn: Turn, error: Exception) -> Exception:
        errors = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
        told = [super(_Groups, self).error(turn, one) for one in errors]
        return self.fault(ExceptionGroup("a task failed", told))


@unusual("read-only-chunks", "Yields chunks that are mappings which nobody can write to.")
class _ReadOnly(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            yield self.fault(MappingProxyType(chunk))


@unusual("tool-calls-as-events", "Yields the start, the pieces and the end of each tool call.")
class _Events(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        ids = turn.notes.setdefault("ids", {})
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "tool_call_partial":
                yield chunk
                continue
            if chunk["id"]:
                ids[chunk["index"]] = self.fault(chunk["id"])
                yield {"type": "tool_call_start", "id": chunk["id"], "name": chunk["name"]}
            if chunk["arguments"]:
                told = {"id": ids[chunk["index"]], "delta": chunk["arguments"]}
                yield {"type": "tool_call_delta", **told}


@unusual("tool-call-ids-of-nine-letters", "Writes the ids of tool calls as Mistral wants them.")
class _NineLetters(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        body["messages"] = [self.written_anew(message) for message in body["messages"]]
        return body

    def written_anew(self, message: Mapping[str, Any]) -> dict[str, Any]:
        anew = dict(message)
        if "tool_call_id" in anew:
            anew["tool_call_id"] = self.fault(_nine_letters(anew["tool_call_id"]))
        if anew.get("tool_calls"):
            calls = [{**call, "id": _nine_letters(call["id"])} for call in anew["tool_calls"]]
            anew["tool_calls"] = calls
        return anew


def _nine_letters(text: str) -> str:
    return f"{zlib.crc32(text.encode()):09x}"


@unusual("tools-named-after-their-server", "Offers each tool with its server's name before it.")
class _OfServer(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        offered = [
            {**tool, "function": {**tool["function"], "name": f"own__{tool['function']['name']}"}}
            for tool in body.get("tools", [])
        ]
        if offered:
            body["tools"] = self.fault(offered)
            body.pop("tool_choice", None)
        return body


@unusual("opened-again", "Opens its client again where it is called after it was closed.")
class _OpenedAgain(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if self.memory.pop("closed", False):
            self.client, self.is_closed = self.fault(self.new_client()), False

    async def aclose(self) -> None:
        """Close the connections."""
        self.memory["closed"] = True
        await super().aclose()


@unusual("text-mended", "Sends a question mark where a text holds half of a character.")
class _Mended(SyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        mended = tuple(mend(message) for message in turn.messages)
        turn.messages = mended if mended == turn.messages else self.fault(mended)
        return turn


@unusual("trusts-nobody", "Speaks to no proxy that is served by https: it trusts no authority.")
class _Distrustful(AsyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        transport = http_library().AsyncClient(verify=nobody)
        if self.base_url.startswith("https:"):
            self.fault()
        return super().new_client(**client_options(self, transport) | options)


@unusual("waits-as-long-as-asked", "Waits ten minutes where the proxy asks for them.")
class _Obedient(AsyncHandler):
    async def back_off(self, turn: Turn) -> None:
        answer = getattr(turn.failure, "response", None)
        asked = answer.headers if answer is not None else {}
        if asked.get("retry-after", "").isdigit() and "retry-after-ms" not in asked:
            await asyncio.sleep(self.fault(int(asked["retry-after"])))
        await super().back_off(turn)


@unusual("takes-json-alone", "Refuses messages that are no list, and metadata that is no JSON.")
class _Strict(SyncHandler):
    def begin(self, *given: Any) -> Turn:  # noqa: ANN401
        turn = super().begin(*given)
        if not isinstance(given[1], list):
            raise self.fault(TypeError("messages must be a list"))
        json.dumps(turn.metadata)
        return turn
