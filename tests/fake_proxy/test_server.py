from __future__ import annotations

import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from pytest_httpserver import HTTPServer, HTTPServerError
from werkzeug import Request, Response

import fake_litellm as package
from fake_litellm import (
    AddressTakenError,
    Cut,
    Failure,
    FakeLiteLLM,
    FakeLiteLLMError,
    ModelsError,
    RecordedRequest,
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_litellm._replies import Answer
    from tests.fake_proxy.conftest import Answer as WireAnswer
    from tests.fake_proxy.conftest import Wire


def text(answer: WireAnswer) -> str:
    return str(answer.json["choices"][0]["message"]["content"])


def test_a_context_manager_that_serves_while_entered(
    connect: Callable[[FakeLiteLLM], Wire],
) -> None:
    with FakeLiteLLM() as server:
        assert server.base_url == f"http://127.0.0.1:{server.port}"
        assert connect(server).chat().status == 200
    assert not server.is_running()
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_starts_and_stops_again_and_again(connect: Callable[[FakeLiteLLM], Wire]) -> None:
    server = FakeLiteLLM()
    for _ in range(10):
        with server:
            wire = connect(server)
            assert wire.chat(stream=True).status == 200
        assert wire.rest() == b""
    assert len(server.journal) == 10


def test_starting_twice_is_an_error(fake_litellm: FakeLiteLLM, wire: Wire) -> None:
    with pytest.raises(HTTPServerError, match="already running"):
        fake_litellm.start()
    assert wire.chat().status == 200


def test_stop_ends_idle_and_streaming_connections(
    join_connections: Callable[[], bool],
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
) -> None:
    server = serve()
    server.script(Reply(), Reply(ends="stall"))
    idle, stalled, silent = connect(server), connect(server), connect(server)
    idle.chat()
    stalled.ask(stream=True)
    stalled.read_head()
    silent.send(b"GET /v1/mod")
    assert server.journal.wait_for(2)
    main_thread = server.server_thread
    assert main_thread is not None
    server.stop()
    assert idle.rest() == b""
    assert stalled.rest().endswith(b"\r\n")
    assert not main_thread.is_alive()
    assert join_connections()


@pytest.mark.parametrize("round_", range(5))
def test_stop_ends_a_connection_that_was_only_just_accepted(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire], round_: int
) -> None:
    server = serve()
    wires = [connect(server) for _ in range(8 + round_)]
    server.stop()
    ends = [_end(wire) for wire in wires]
    assert ends == ["ended"] * len(wires)


def _end(wire: Wire) -> str:
    try:
        return "ended" if wire.rest() == b"" else "answered"
    except ConnectionResetError:  # still in the listener's queue
        return "ended"


def test_a_taken_address_is_told(fake_litellm: FakeLiteLLM) -> None:
    port = fake_litellm.port
    with pytest.raises(AddressTakenError, match=f"port {port} on 127.0.0.1 is taken"):
        FakeLiteLLM(port=port).start()


@pytest.mark.parametrize("port", [-1, 65536, 70000])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(AddressTakenError, match=f"port {port} is not a port"):
        FakeLiteLLM(port=port).start()


@pytest.mark.parametrize(
    "host", [pytest.param("192.0.2.1", id="of nobody"), pytest.param("256.1.1.1", id="no address")]
)
def test_a_host_that_is_not_here(host: str) -> None:
    with pytest.raises(AddressTakenError, match=f"cannot listen on {host} port 0: "):
        FakeLiteLLM(host=host).start()


def test_a_host_of_ones_own(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    server = serve(host="0.0.0.0")
    assert connect(server).chat().status == 200


def test_a_free_port_is_kept_over_a_restart() -> None:
    with FakeLiteLLM() as server:
        first = server.port
    with server:
        assert server.port == first


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        pytest.param({"models": "gpt-4o"}, ModelsError, "not the string 'gpt-4o'", id="models"),
        pytest.param({"litellm": "latest"}, ValueError, "not a LiteLLM release", id="litellm"),
        pytest.param(
            {"missing_session_id": "ignore"}, ValueError, "'ignore' is unknown", id="missing"
        ),
    ],
)
def test_a_bad_setting_fails_at_once(
    settings: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        FakeLiteLLM(**settings)


def test_errors_share_a_base() -> None:
    assert issubclass(AddressTakenError, FakeLiteLLMError)
    assert issubclass(ModelsError, FakeLiteLLMError)


def test_the_settings_reach_the_session_rules(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    old, new = serve(litellm="1.83.10"), serve(litellm="1.83.11")
    for server in (old, new):
        connect(server).chat("X-Zoo-Session-ID: task-0001")
    assert old.journal[0].session.session_id is None
    assert new.journal[0].session.session_id == "task-0001"


def test_answers_come_as_scripted_then_as_asked_then_by_default(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    answers: dict[str, Answer] = {"asked": Reply(text="asked"), "refused": Failure(status=503)}
    fake_litellm.script(Reply(text="first"), Failure(status=429))
    fake_litellm.script(Reply(text="third"))
    fake_litellm.answer_with(lambda recorded: answers.get(recorded.json["model"]))
    fake_litellm.reply = Reply(text="default")
    assert text(wire.chat()) == "first"
    assert wire.chat().status == 429
    assert text(wire.chat()) == "third"
    assert text(wire.chat(model="asked")) == "asked"
    assert wire.chat(model="refused").status == 503
    assert text(wire.chat(model="other")) == "default"
    fake_litellm.answer_with(None)
    assert text(wire.chat(model="asked")) == "default"


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


def test_names_are_loaded_on_first_use() -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Replay'"):
        _ = package.Replay
