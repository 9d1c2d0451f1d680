"""Handlers that go by what an answer tells of where it is from: a cookie, a deployment, a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
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
