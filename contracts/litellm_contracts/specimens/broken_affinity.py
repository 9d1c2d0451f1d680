"""Handlers that keep a conversation, or a connection, where it was: by what came with an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens.broken_learning import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator


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
