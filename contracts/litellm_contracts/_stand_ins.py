"""What stands for a handler: before one that was built, or instead of one that could not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts._observation import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._door import Handler, Meanwhile
    from litellm_contracts._model import Call


class Counted:
    """A handler each of whose calls is counted as soon as it is over."""

    def __init__(self, handler: Handler, count: Callable[[Outcome], None]) -> None:
        self._handler = handler
        self._count = count

    async def call(self, call: Call, meanwhile: Meanwhile | None = None, /) -> Outcome:
        outcome = await self._handler.call(call, meanwhile)
        self._count(outcome)
        return outcome

    async def close(self) -> None:
        await self._handler.close()


class Unbuilt:
    """Stands for a handler that could not be built, where that is its own affair."""

    def __init__(self, error: str) -> None:
        self._error = error

    async def call(self, call: Call, _meanwhile: Meanwhile | None = None, /) -> Outcome:
        return Outcome(call=call, error=self._error)

    async def close(self) -> None:
        return
