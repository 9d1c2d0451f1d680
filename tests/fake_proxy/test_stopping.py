from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Failure, Gate, Reply
from fake_litellm._stopping import Stopping
from fake_litellm._wire import CutConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Answer
    from tests.fake_proxy.conftest import Wire

LONG = 60.0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Reply(latency=LONG), id="latency"),
        pytest.param(Failure(status=500, latency=LONG), id="latency of a failure"),
        pytest.param(Reply(piece_delay=LONG), id="slow pieces"),
        pytest.param(Reply(hold=Gate(LONG)), id="gate"),
        pytest.param(Reply(hold_in_stream=Gate(LONG)), id="gate in the stream"),
        pytest.param(Reply(ends="stall"), id="stall"),
    ],
)
def test_stop_ends_what_an_answer_waits_for(
    join_connections: Callable[[], bool],
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    answer: Answer,
) -> None:
    server = serve()
    server.script(answer)
    connect(server).ask(stream=True)
    assert server.journal.wait_for(1)
    server.stop()
    assert join_connections()


def test_stop_ends_an_answer_that_nobody_reads(
    join_connections: Callable[[], bool],
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
) -> None:
    server = serve(reply=Reply(text="x" * 16_000_000))
    wire = connect(server)
    wire.ask()
    wire.read_head()
    server.stop()
    assert join_connections()


def test_a_server_that_was_stopped_waits_again(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    server = serve(reply=Reply(latency=0.01, hold=Gate(0.01), piece_delay=0.01))
    server.stop()
    server.start()
    assert connect(server).chat(stream=True).pieces[-1] == b"data: [DONE]\n\n"


def test_no_time_is_no_wait() -> None:
    stopping = Stopping()
    stopping.set()
    stopping.sleep(0)
    with pytest.raises(CutConnection):
        stopping.sleep(LONG)


def test_what_is_there_is_not_waited_for() -> None:
    other = threading.Event()
    other.set()
    Stopping().wait_for(other, LONG)


def test_waiting_for_another_ends_in_time() -> None:
    Stopping().wait_for(threading.Event(), 0.01)
