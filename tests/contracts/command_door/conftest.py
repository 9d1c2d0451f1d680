"""A program behind the command door, with a fault of choice; and a watch on what it leaves."""

from __future__ import annotations

import asyncio
import sys
import threading
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._command_door import CommandRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._command_door import CommandDoor
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

PROGRAM = Path(__file__).parent.parent / "doors" / "program.py"


def used() -> tuple[int, int]:
    """Return how many threads and open files there are."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread or an open file behind."""
    if sys.platform != "linux":
        pytest.skip("looks into /proc")
    resource_tracker.ensure_running()  # spawning keeps a pipe to it for good
    before = used()
    yield
    # What an earlier test left may end meanwhile, so that there is less.
    more = [after > at_first for after, at_first in zip(used(), before, strict=True)]
    assert more == [False, False]


@pytest.fixture
def recipe() -> Callable[..., CommandRecipe]:
    """Return a function that makes the recipe for the door with a fault."""

    def make(fault: str, **rest: Any) -> CommandRecipe:  # noqa: ANN401
        command = (sys.executable, str(PROGRAM), fault)
        return CommandRecipe(command=command, shown=("--command", f"program {fault}"), **rest)

    return make


@pytest.fixture
def perform() -> Callable[..., list[Outcome]]:
    """Return a function that makes calls at the same time, with one handler of a door."""

    def make(door: CommandDoor, *calls: Call) -> list[Outcome]:
        async def main() -> list[Outcome]:
            handler = await door.build("http://127.0.0.1:1", "sk-secret-1234", "gpt-4o")
            outcomes = await asyncio.gather(*(handler.call(call) for call in calls))
            await handler.close()
            return outcomes

        return asyncio.run(main())

    return make
