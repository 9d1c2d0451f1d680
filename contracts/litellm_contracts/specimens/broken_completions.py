"""Handlers that lose, keep or mix up the answers of `complete_prompt`."""

from __future__ import annotations

import asyncio
from typing import Any

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad


@known_bad(
    "prompt-text-lost",
    "Returns nothing where complete_prompt was answered.",
    """faithfulness/completed-text schema/complete-prompt isolation/other-handler-closed
    isolation/many-stops complete-prompt/own-answer throughout/answers""",
)
class _Lost(AsyncHandler):
    def text(self, answer: Any) -> str:  # noqa: ANN401
        super().text(answer)
        return self.fault("")


@known_bad(
    "failed-prompt-kept",
    "Keeps what became of a prompt, also where it failed: the same one is never sent again.",
    "complete-prompt/retry",
)
class _Kept(SyncHandler):
    def complete_prompt(self, prompt: str) -> str:
        if prompt in self.memory:
            raise self.fault(self.memory[prompt])
        try:
            return super().complete_prompt(prompt)
        except RuntimeError as error:
            self.memory[prompt] = error
            raise


@known_bad(
    "prompts-answer-kept-on-the-handler",
    "Keeps a prompt's answer on the handler while it writes down what that cost.",
    "complete-prompt/own-answer throughout/answers",
)
class _OnTheHandler(AsyncHandler):
    async def complete_prompt(self, prompt: str) -> str:
        self.memory["answer"] = await super().complete_prompt(prompt)
        await asyncio.sleep(0.02)
        return str(self.fault(self.memory["answer"]))


@known_bad(
    "empty-prompt-for-half-an-answer",
    "Returns nothing where the body of a prompt's answer breaks off.",
    """faithfulness/broken-completion faithfulness/page-instead-of-completion
    throughout/answers""",
)
class _Half(RawHandler):
    def ask(self, turn: Turn) -> Any:  # noqa: ANN401
        response = super().ask(turn)
        turn.notes["answered"] = True
        return response

    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return super().send(turn)
        except Exception:
            if turn.is_prompt and turn.notes.get("answered"):
                return self.fault({"choices": [{"message": {"content": ""}}]})
            raise
