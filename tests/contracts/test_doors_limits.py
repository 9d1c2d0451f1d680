"""Handlers that hang, block or do not close: they are left, and the run goes on."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Page, Reply
from litellm_contracts import _calling
from litellm_contracts._calling import PythonHandler
from litellm_contracts._doors import PythonDoor
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract
from litellm_contracts._tables import find_contract
from litellm_contracts._threads import Worker, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

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
        "stopped: the handler came back from no call for 0.1 s",
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


@pytest.mark.parametrize(
    ("given", "hangs"),
    [
        pytest.param({"answers": (Failure(status=503),)}, False, id="unavailable"),
        pytest.param({"answers": (Failure(status=429),)}, False, id="limited"),
        pytest.param({"answers": (Cut(),)}, False, id="cut"),
        pytest.param({"down": True}, False, id="down"),
        pytest.param({"answers": (Failure(status=400),)}, True, id="refused"),
        pytest.param({"answers": (Failure(status=503), Reply())}, True, id="answered at last"),
        pytest.param({"answers": (Reply(),)}, True, id="answered"),
        pytest.param({"answers": (Page(html="", status=503),)}, True, id="a page"),
    ],
)
def test_who_is_never_answered_may_try_again_for_long(
    monkeypatch: pytest.MonkeyPatch, prompt: MakeCall, given: dict[str, Any], *, hangs: bool
) -> None:
    monkeypatch.setattr(_calling, "CALL_LIMIT", 0.06)
    monkeypatch.setattr(_calling, "PATIENCE", 0.05)
    outcome = asyncio.run(PythonHandler(AsyncHanging(), Worker()).call(prompt(**given)))
    assert (outcome.hangs, outcome.given_up) == (hangs, not hangs)
    assert outcome.error == f"no answer within {0.06 if hangs else 0.05} s"


def test_the_thread_of_a_worker_ends_with_it() -> None:
    async def run() -> threading.Thread:
        return await Worker().run(threading.current_thread)

    thread = asyncio.run(run())
    thread.join(10)
    assert not thread.is_alive()


def test_nobody_waits_for_a_thread_that_a_handler_left() -> None:
    left, ended = threading.Event(), threading.Event()

    def work() -> None:
        left.wait(30)
        ended.set()

    class Leaving:
        async def create_message(self, *_: object) -> AsyncIterator[object]:
            asyncio.get_running_loop().run_in_executor(None, work)
            raise ValueError("no")
            yield

        async def complete_prompt(self, _: object) -> str:
            raise NotImplementedError

    door = PythonDoor(lambda **_: Leaving(), "my:factory")
    result = run_contract(find_contract("presence/first-turn"), door, Options(limit=20))
    assert "ValueError: no" in result.message
    assert not ended.is_set()
    left.set()
    assert ended.wait(10)


def test_what_runs_later_waits_for_what_is_under_way() -> None:
    log: list[str] = []
    under_way = threading.Event()

    def work() -> None:
        under_way.wait(10)
        log.append("first")

    async def main() -> None:
        worker = Worker()
        first = asyncio.ensure_future(worker.run(work))
        await asyncio.sleep(0)
        ended = threading.Event()
        worker.run_later(lambda: 1 / 0)  # nobody is there to be told
        worker.run_later(lambda: log.append("later"))
        worker.run_later(ended.set)
        under_way.set()
        await first
        await in_thread(ended.wait, 10)

    asyncio.run(main())
    assert log == ["first", "later"]


def test_a_synchronous_stream_that_is_cancelled_is_closed_once_its_thread_is_done(
    message: MakeCall,
) -> None:
    begun, left, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def create_message(self, *_: object) -> Iterator[object]:
            try:
                begun.set()
                left.wait(10)
                yield {"type": "text", "text": "Hello."}
            finally:
                closed.set()

    async def main() -> None:
        calling = asyncio.ensure_future(PythonHandler(Slow(), Worker()).call(message()))
        await in_thread(begun.wait, 10)
        calling.cancel()
        await asyncio.wait({calling})  # whose result nobody looks at yet
        assert not closed.is_set()
        left.set()
        assert await in_thread(closed.wait, 10)
        assert calling.cancelled()

    asyncio.run(main())


def test_a_handler_that_needs_the_running_loop_is_called_there_from_then_on(
    prompt: MakeCall,
) -> None:
    class Queueing:
        def __init__(self) -> None:
            self.queued: list[str] = []

        def complete_prompt(self, text: str) -> asyncio.Future[str]:
            self.queued.append(text)
            future = asyncio.get_running_loop().create_future()
            future.set_result("Hello.")
            return future

    async def main() -> list[int]:
        queued = []
        for _ in range(2):
            handler = Queueing()
            outcome = await PythonHandler(handler, Worker()).call(prompt())
            assert (outcome.error, outcome.text) == (None, "Hello.")
            queued.append(len(handler.queued))
        return queued

    assert asyncio.run(main()) == [2, 1]
