"""How a server starts and stops, where it listens, and what its settings do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_httpserver import HTTPServerError

import fake_litellm as package
from fake_litellm import (
    AddressTakenError,
    Failure,
    FakeLiteLLM,
    FakeLiteLLMError,
    ModelsError,
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize("root_path", ["/litellm", "/litellm/"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/litellm/v1/chat/completions", 200, id="below it"),
        pytest.param("/v1/chat/completions", 404, id="at the root"),
        pytest.param("/litellm", 404, id="the path itself"),
        pytest.param("/litellm-2/v1/chat/completions", 404, id="below another"),
    ],
)
def test_a_proxy_may_be_served_below_a_path(
    connect: Callable[[FakeLiteLLM], Wire], root_path: str, path: str, status: int
) -> None:
    with FakeLiteLLM(root_path=root_path) as server:
        assert server.base_url == f"http://127.0.0.1:{server.port}/litellm"
        body = {"model": "m", "messages": []}
        answer = connect(server).call(path, body, "X-Zoo-Session-ID: task-0001")
    [recorded] = server.journal
    assert (answer.status, recorded.status, recorded.path) == (status, status, path)
    assert recorded.session.session_id == "task-0001"


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


def test_names_are_loaded_on_first_use() -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Replay'"):
        _ = package.Replay
