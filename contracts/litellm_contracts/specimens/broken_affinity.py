"""Handlers that go by what came with an answer: a cookie, a deployment, a model, a place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import blamed
from litellm_contracts.specimens.broken_conversations import Again
from litellm_contracts.specimens.broken_learning import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CLAUDE = "claude"


@known_bad(
    "header-replaced-by-a-cookie",
    "Sends a task's further requests with the cookie of a load balancer, in place of the header.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Cookie(Listener):
    def end(self, turn: Turn) -> None:
        super().end(turn)
        if turn.task_id and (cookie := self.said("set-cookie")):
            self.memory[f"cookie of {turn.task_id}"] = cookie

    def headers(self, turn: Turn) -> dict[str, str]:
        cookie = self.memory.get(f"cookie of {turn.task_id}")
        return self.fault({"Cookie": cookie}) if cookie else super().headers(turn)


@known_bad(
    "header-missing-where-the-deployment-moved",
    "Asks by another way, without the header, once two deployments answered in a task.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Moved(Listener):
    def end(self, turn: Turn) -> None:
        super().end(turn)
        if turn.task_id and (deployment := self.said("x-litellm-model-id")):
            self.memory.setdefault(f"served {turn.task_id}", set()).add(deployment)

    def headers(self, turn: Turn) -> dict[str, str]:
        served = self.memory.get(f"served {turn.task_id}", ())
        return self.fault({}) if len(served) > 1 else super().headers(turn)


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


@known_bad(
    "header-missing-at-a-new-place",
    "Builds a client for the route that it was sent to for good, without the header.",
    "presence/redirect throughout/header",
)
class _NewPlace(Listener):
    def hear(self, response: Any) -> None:  # noqa: ANN401
        """Take down where to."""
        if response.status_code == 308 and response.headers["location"].startswith("/"):  # noqa: PLR2004
            self.memory["moved"] = True

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "moved" in self.memory else super().headers(turn)


@known_bad(
    "header-missing-once-an-alias-is-known",
    "Asks by the headers of Claude alone once an answer shows that Claude is behind the model.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Alias(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if _CLAUDE in (event.get("model") or "") and _CLAUDE not in self.model:
            self.memory["alias"] = True
        yield from super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "alias" in self.memory else super().headers(turn)


@known_bad(
    "header-missing-where-a-task-lost-its-cache",
    "Asks for a longer cache, in place of the header, once a task's prompts are cached no more.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _CacheLost(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if details := (event.get("usage") or {}).get("prompt_tokens_details"):
            read = self.memory.setdefault(f"read by {turn.task_id}", [])
            read.append(details["cached_tokens"])
        yield from super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        read = self.memory.get(f"read by {turn.task_id}", [])
        return self.fault({}) if any(read) and not read[-1] else super().headers(turn)


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
    "headers-by-task-for-claude",
    "Asks Claude once at a time for a task, and lets the first one take the headers away.",
    "isolation/one-task-twice-at-once throughout/header",
)
class _InTurn(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        self.memory[f"headers of {turn.task_id}"] = super().headers(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers or _CLAUDE not in self.model:
            return headers
        return self.memory.get(f"headers of {turn.task_id}") or self.fault({})

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        async with self.memory.setdefault(f"lock of {turn.task_id}", asyncio.Lock()):
            stream = await super().send(turn)
            self.memory.pop(f"headers of {turn.task_id}", None)
            return stream
