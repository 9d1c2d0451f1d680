"""What the suite asks of a door, whatever language the handler behind it is written in.

A door builds handlers; a handler is called; a recipe opens the same door again in another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    Meanwhile = Callable[[], Awaitable[None]]

CALL_LIMIT = 15.0
"""Seconds after which a single call counts as hung."""
PATIENCE = 5.0
"""Seconds after which its caller gives up a call that is never answered: a handler may try again
for as long as it likes."""
NEVER_READ = "never read by its caller"
CANCELLED = "cancelled by its caller"
"""The error of a call that was."""


class Handler(Protocol):
    """A handler that was built for one proxy and one model."""

    async def call(self, call: Call, meanwhile: Meanwhile | None = None, /) -> Outcome:
        """Make one call; what goes wrong in the handler is its outcome's error.

        `meanwhile` runs after the first chunk, before the next one is asked for.
        """
        ...

    async def close(self) -> None:
        """Let go of the handler."""
        ...


class Recipe(Protocol):
    """How to open a door: plain data, which another process can be given."""

    def open(self) -> Door:
        """Open the door.

        Raises:
            HandlerError: where the handler cannot be loaded or started.
        """
        ...

    def words(self) -> list[str]:
        """Return the words by which `litellm-contracts check` opens this door."""
        ...


class Door(Protocol):
    """Builds the handlers under test; what it started ends with the `with` block."""

    @property
    def capabilities(self) -> frozenset[str]:
        """The methods the handler has."""
        ...

    @property
    def recipe(self) -> Recipe:
        """How this door was opened."""
        ...

    @property
    def in_process(self) -> bool:
        """Whether handlers run here: streams can be left, and arguments are the caller's own."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the report's facts about the handler."""
        ...

    async def build(self, base_url: str, api_key: str, model: str) -> Handler:
        """Build one handler.

        Raises:
            HandlerError: where none can be built.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...
