"""How many contracts were judged so far, here and in other processes."""

from __future__ import annotations

import tempfile
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from litellm_contracts._model import Result

_PAUSE = 0.2


@dataclass(frozen=True)
class Tally:
    """Counts in a file, a byte per contract: no thread is needed, which would forbid to fork.

    Attributes:
        path: The file; `None` where nobody wants to know.
        show: Is told the count; other processes have none.
    """

    path: str | None = None
    show: Callable[[int], None] | None = None

    def elsewhere(self) -> Tally:
        """Return the tally for another process."""
        return Tally(self.path)

    def add(self, result: Result) -> Result:
        """Count a contract that was judged, and return its result."""
        self.count()
        return result

    def count(self) -> None:
        """Count a contract that was judged."""
        if self.path is not None:
            with Path(self.path).open("ab") as file:
                file.write(b".")
        self.tell()

    def begin_anew(self) -> None:
        """Forget what was counted."""
        if self.path is not None:
            Path(self.path).write_bytes(b"")

    def wait_for(self, future: Future[list[Result]]) -> list[Result]:
        """Return what another process found; tell the count until it has."""
        while self.show is not None and wait([future], _PAUSE).not_done:
            self.tell()
        results = future.result()
        self.tell()
        return results

    def tell(self) -> None:
        """Tell the count, where somebody wants to know."""
        if self.show is not None and self.path is not None:
            self.show(Path(self.path).stat().st_size)


@contextmanager
def tally(show: Callable[[int], None] | None) -> Iterator[Tally]:
    """Yield a tally that tells `show` each new count."""
    if show is None:
        yield Tally()
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged"
        path.touch()
        yield Tally(str(path), show)
