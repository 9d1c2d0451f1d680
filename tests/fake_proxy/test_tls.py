"""A fake that is served by https: who trusts its authority reads it, and its faults stay faults."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import openai
import pytest

from fake_litellm import AUTHORITY, Cut, FakeLiteLLM, Reply
from tests.fake_proxy.conftest import HELLO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def secure() -> Iterator[FakeLiteLLM]:
    """Return a server that speaks TLS."""
    with FakeLiteLLM(https=True) as server:
        yield server


def connect(server: FakeLiteLLM, host: str = "127.0.0.1") -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=AUTHORITY)
    return http.client.HTTPSConnection(host, server.port, context=context, timeout=10)


def ask(connection: http.client.HTTPSConnection, **changes: Any) -> http.client.HTTPResponse:  # noqa: ANN401
    headers = {"X-Zoo-Session-ID": "task-0001", "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(HELLO | changes), headers)
    return connection.getresponse()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_who_trusts_its_authority_is_answered(secure: FakeLiteLLM, host: str) -> None:
    assert secure.base_url == f"https://127.0.0.1:{secure.port}"
    connection = connect(secure, host)
    for _ in range(2):  # the connection stays open
        answer = ask(connection)
        assert (answer.status, json.load(answer)["object"]) == (200, "chat.completion")
    connection.close()
    assert [one.session.session_id for one in secure.journal] == ["task-0001"] * 2
    assert len({one.connection for one in secure.journal}) == 1


def test_who_trusts_nobody_sends_nothing(secure: FakeLiteLLM) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")
    assert len(secure.journal) == 0


def test_a_stream_arrives_also_where_it_pauses(secure: FakeLiteLLM) -> None:
    secure.script(Reply(text="One, two.", piece_delay=0.02))
    connection = connect(secure)
    answer = ask(connection, stream=True).read()
    connection.close()
    assert answer.endswith(b"data: [DONE]\n\n")
    assert b"One," in answer


def test_a_connection_is_reset(secure: FakeLiteLLM) -> None:
    secure.script(Cut(at="before-headers"))
    connection = connect(secure)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        ask(connection)
    connection.close()
    assert len(secure.journal) == 1


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda _: None, id="says nothing"),
        pytest.param(lambda plain: plain.sendall(b"GET / HTTP/1.1\r\n\r\n"), id="speaks no TLS"),
    ],
)
def test_who_speaks_no_tls_keeps_nobody_waiting(
    secure: FakeLiteLLM, send: Callable[[socket.socket], None]
) -> None:
    before = set(threading.enumerate())
    with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain:
        send(plain)
        connection = connect(secure)
        assert ask(connection).status == 200
        connection.close()
        secure.stop()
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive()
    secure.start()


def test_an_sdk_that_is_told_of_the_authority_is_answered(
    secure: FakeLiteLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    with openai.OpenAI(base_url=f"{secure.base_url}/v1", api_key="sk-a", max_retries=0) as client:
        answer = client.chat.completions.create(**HELLO)  # type: ignore[call-overload]
    assert answer.choices[0].message.content == secure.reply.text
