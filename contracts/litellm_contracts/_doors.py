"""The Python door: how a handler in this process is built."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from litellm_contracts._calling import PythonHandler, words_of
from litellm_contracts._errors import HandlerError
from litellm_contracts._loading import load_factory
from litellm_contracts._model import METHODS
from litellm_contracts._threads import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

BUNDLED = "litellm_handler:LiteLLMHandler"


@dataclass(frozen=True)
class PythonRecipe:
    """How a Python door is opened.

    Attributes:
        handler: `package.module:factory` or `path/to/file.py:factory`.
        capabilities: The methods the handler declares.
    """

    handler: str
    capabilities: frozenset[str] = frozenset(METHODS)

    def open(self) -> PythonDoor:
        """Import the handler.

        Raises:
            HandlerError: as `load_factory`.
        """
        return PythonDoor(load_factory(self.handler), self.handler, self.capabilities)

    def words(self) -> list[str]:
        """Return the words by which `litellm-contracts check` opens this door."""
        return [] if self.handler == BUNDLED else [self.handler]


class PythonDoor:
    """Builds handlers with a factory in this process.

    Args:
        factory: Called as `factory(base_url=..., api_key=..., model=...)`; may be async.
        spec: How the user named it.
        capabilities: The methods the handler declares.
    """

    def __init__(
        self,
        factory: Callable[..., Any],
        spec: str,
        capabilities: Collection[str] = METHODS,
    ) -> None:
        self.factory = factory
        self.spec = spec
        self.capabilities = frozenset(capabilities)
        self._workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()

    def describe(self) -> dict[str, Any]:
        """Return the report's facts about the handler."""
        return {
            "name": self.spec,
            "door": "python",
            "language": "python",
            "capabilities": sorted(self.capabilities),
        }

    @property
    def in_process(self) -> bool:
        """True: the stream is read in this process."""
        return True

    @property
    def recipe(self) -> PythonRecipe:
        """How this door is opened in another process."""
        return PythonRecipe(self.spec, self.capabilities)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    async def build(self, base_url: str, api_key: str, model: str) -> PythonHandler:
        """Build one handler.

        Raises:
            HandlerError: where the factory raises, or a declared method is missing.
        """
        try:
            handler = self.factory(base_url=base_url, api_key=api_key, model=model)
            if inspect.isawaitable(handler):
                handler = await handler
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            what = words_of(error)
            what = what.replace(api_key, "[redacted]") if api_key else what
            raise HandlerError(
                f"{self.spec} raised while it built a handler: {what}; it is called as "
                f"factory(base_url={base_url!r}, api_key=..., model={model!r})"
            ) from error
        for method in METHODS:
            if method in self.capabilities and not callable(getattr(handler, method, None)):
                raise HandlerError(
                    f"the handler of {self.spec} (a {type(handler).__name__}) has no method "
                    f"{method}; add it, or declare what the handler can do: capabilities = "
                    f"{sorted(self.capabilities - {method})} in [tool.litellm-contracts]"
                )
        loop = asyncio.get_running_loop()
        return PythonHandler(handler, self._workers.setdefault(loop, Worker()))
