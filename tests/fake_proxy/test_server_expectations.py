"""What a test expects of the server as of any pytest-httpserver, beside the own routes."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fake_litellm import Failure, FakeLiteLLM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fake_proxy.conftest import Wire


def test_clear_forgets_everything(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_request("/x").respond_with_data("here")
    wire.get("/x")
    fake_litellm.script(Failure(status=500))
    fake_litellm.answer_with(lambda _: Failure(status=501))
    fake_litellm.clear()
    assert list(fake_litellm.journal) == []
    assert fake_litellm.log == []
    assert wire.chat().status == 200
    assert wire.get("/x").status == 404


def test_it_is_a_pytest_httpserver(fake_litellm: FakeLiteLLM) -> None:
    assert isinstance(fake_litellm, HTTPServer)


def test_what_is_expected_goes_before_the_own_routes(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_request("/v1/models", method="GET").respond_with_json({"mine": 1})
    assert wire.get("/v1/models").json == {"mine": 1}
    assert wire.get("/models").json["object"] == "list"
    assert wire.get("/v1/models").json == {"mine": 1}
    assert [(one.path, one.status) for one in fake_litellm.journal] == [
        ("/v1/models", 200),
        ("/models", 200),
        ("/v1/models", 200),
    ]
    assert [request.path for request, _ in fake_litellm.log] == ["/v1/models", "/v1/models"]
    fake_litellm.check()


def test_oneshot_is_answered_once(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_oneshot_request("/health/liveness").respond_with_data("mine")
    assert wire.get("/health/liveness").body == b"mine"
    assert wire.get("/health/liveness").body == b'"I\'m alive!"'
    fake_litellm.check()


def test_ordered_are_answered_in_order(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_ordered_request("/a").respond_with_data("a")
    fake_litellm.expect_ordered_request("/b").respond_with_data("b")
    assert wire.get("/b").status == 404
    assert wire.get("/a").body == b"a"
    assert wire.chat().status == 200
    assert wire.get("/b").body == b"b"
    assert wire.get("/b").status == 404
    fake_litellm.check()


def test_waiting_for_what_is_expected(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.expect_oneshot_request("/a").respond_with_data("a")
    with fake_litellm.wait(timeout=10) as waiting:
        wire.get("/a")
    assert waiting.result


def test_the_body_of_a_request_reaches_a_handler(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    def echo(request: Request) -> Response:
        return Response(request.get_data() + request.headers["X-Name"].encode("latin-1"))

    fake_litellm.expect_request("/v1/chat/completions").respond_with_handler(echo)
    assert wire.post(b"hello ", "X-Name: \xe9").body == b"hello \xe9"


@pytest.mark.parametrize("answer", [pytest.param("text", id="text"), pytest.param(None, id="None")])
def test_a_handler_may_return_less_than_a_response(
    wire: Wire, fake_litellm: FakeLiteLLM, answer: str | None
) -> None:
    fake_litellm.expect_request("/x").respond_with_handler(lambda _: answer)
    assert wire.get("/x").body == (answer or "").encode()


@pytest.fixture
def hectic() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hectic")
def test_oneshots_are_given_out_once_each_under_load(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    for number in range(128):
        fake_litellm.expect_oneshot_request("/once").respond_with_data(str(number))
    wires = [connect(fake_litellm) for _ in range(16)]
    together = threading.Barrier(16)

    def ask(wire: Wire) -> list[bytes]:
        together.wait(10)
        return [wire.get("/once").body for _ in range(8)]

    with ThreadPoolExecutor(16) as pool:
        answers = [body for bodies in pool.map(ask, wires) for body in bodies]
    assert sorted(map(int, answers)) == list(range(128))
    fake_litellm.check()
