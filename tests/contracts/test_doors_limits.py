"""Handlers that hang, block or do not close: they are left, and the run goes on."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from litellm_contracts import _calling
from litellm_contracts._calling import PythonHandler
from litellm_contracts._doors import PythonDoor
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract
from litellm_contracts._tables import find_contract
from litellm_contracts._threads import Worker, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]


class AsyncHanging:
    async def complete_prompt(self, _: object) -> None:
        await asyncio.Event().wait()


class Hanging:
    def __init__(self) -> None:
        self.left = threading.Event()

    def complete_prompt(self, _: object) -> None:
        self.left.wait(30)


class Blocking(Hanging):
    """Blocks the event loop."""

    async def complete_prompt(self, _: object) -> None:
        self.left.wait(30)


@pytest.mark.parametrize("handler", [AsyncHanging, Hanging])
def test_a_call_that_hangs_is_stopped(
    monkeypatch: pytest.MonkeyPatch, prompt: MakeCall, handler: Callable[[], object]
) -> None:
    monkeypatch.setattr(_calling, "CALL_LIMIT", 0.05)
    outcome = asyncio.run(PythonHandler(handler(), Worker()).call(prompt()))
    assert (outcome.hangs, outcome.error) == (True, "no answer within 0.05 s")


def test_a_handler_that_blocks_the_event_loop_is_left_and_the_run_goes_on() -> None:
    handler = Blocking()
    vars(handler)["create_message"] = print
    door = PythonDoor(lambda **_: handler, "my:factory")
    options = Options(limit=0.1)
    result = run_contract(find_contract("complete-prompt/omits-header"), door, options)
    handler.left.set()
    assert (result.status, result.message) == (
        "fail",
        "stopped: the handler did not come back within 0.1 s",
    )
    assert result.evidence == {
        "reproduce": "litellm-contracts check my:factory -k complete-prompt/omits-header"
    }


@pytest.mark.parametrize("sync", [True, False])
def test_a_handler_that_does_not_close_is_left(
    monkeypatch: pytest.MonkeyPatch,
    sync: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr("litellm_contracts._calling.CLOSE_LIMIT", 0.05)
    over = threading.Event()

    class Blocking:
        def create_message(self) -> None: ...

        def close(self) -> None:
            over.wait()

    class Waiting:
        async def create_message(self) -> None: ...

        async def aclose(self) -> None:
            await asyncio.Event().wait()

    asyncio.run(PythonHandler(Blocking() if sync else Waiting(), Worker()).close())
    over.set()


def test_closing_is_tried_and_its_errors_do_not_count() -> None:
    closed: list[str] = []

    class Async:
        async def aclose(self) -> None:
            closed.append("aclose")
            raise OSError

        def close(self) -> None:
            closed.append("close, although aclose is there")

    class Sync:
        def close(self) -> None:
            closed.append("close")

    for handler in (Async(), Sync(), object()):
        asyncio.run(PythonHandler(handler, Worker()).close())
    assert closed == ["aclose", "close"]


def test_a_thread_that_outlives_its_loop_is_quiet() -> None:
    left, ended = threading.Event(), threading.Event()

    def work() -> None:
        left.wait(10)
        ended.set()

    async def give_up() -> None:
        await asyncio.wait_for(in_thread(work), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    left.set()
    assert ended.wait(10)
