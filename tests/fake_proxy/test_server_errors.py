"""Which errors the server keeps for the test to see, and which are none."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Cut, FakeLiteLLM, RecordedRequest, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug import Request, Response

    from fake_litellm._replies import Answer
    from tests.fake_proxy.conftest import Wire


def test_an_exception_in_a_handler_is_a_500_and_kept(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    error = RuntimeError("boom")

    def fail(_: Request) -> Response:
        raise error

    fake_litellm.expect_oneshot_request("/v1/models").respond_with_handler(fail)
    answer = wire.get("/v1/models", "X-Zoo-Session-ID: task-0001")
    assert answer.status == 500
    assert answer.error["message"] == "the fake itself failed: RuntimeError('boom')"
    assert fake_litellm.handler_errors == [error]
    assert fake_litellm.journal[0].status == 500
    assert fake_litellm.journal[0].session.session_id == "task-0001"
    assert wire.get("/v1/models").status == 200


def test_an_assertion_in_a_handler_is_kept_for_check(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    def fail(_: Request) -> Response:
        raise AssertionError("wrong")

    fake_litellm.expect_request("/x").respond_with_handler(fail)
    assert wire.get("/x").status == 500
    assert fake_litellm.handler_errors == []
    with pytest.raises(AssertionError, match="wrong"):
        fake_litellm.check_assertions()


def test_an_exception_in_own_code_is_a_500_and_kept(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    def fail(_: RecordedRequest) -> Answer:
        raise LookupError("no answer")

    fake_litellm.answer_with(fail)
    answer = wire.chat()
    assert answer.status == 500
    assert answer.error["message"] == "the fake itself failed: LookupError('no answer')"
    assert [type(error) for error in fake_litellm.handler_errors] == [LookupError]
    assert [record.status for record in fake_litellm.journal] == [500]


def test_a_cut_is_no_handler_error(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Cut())
    wire.ask()
    with pytest.raises(ConnectionResetError):
        wire.rest()
    assert fake_litellm.handler_errors == []


def test_a_client_that_leaves_in_mid_answer_is_no_error(
    join_connections: Callable[[], bool],
    fake_litellm: FakeLiteLLM,
    connect: Callable[[FakeLiteLLM], Wire],
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_litellm.reply = Reply(pieces=("x" * 1000,) * 5000)
    wire = connect(fake_litellm)
    wire.ask(stream=True)
    wire.read_head()
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wire.close()
    assert join_connections()
    assert fake_litellm.handler_errors == []
    assert capfd.readouterr().err == ""
