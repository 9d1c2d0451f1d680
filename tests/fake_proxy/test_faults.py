"""Every fault on every streaming route: how the answer ends, and that the server lives on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, Gate, Page, Redirect, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Answer, Ending
    from tests.fake_proxy.conftest import Wire

CHAT: dict[str, Any] = {"model": "m", "messages": []}
STREAMS = [
    pytest.param(("/v1/chat/completions", CHAT), id="chat"),
    pytest.param(("/v1/completions", {"model": "m", "prompt": "x"}), id="completions"),
    pytest.param(
        ("/v1/completions", {"model": "gpt-4o", "prompt": "x"}), id="completions of a chat model"
    ),
    pytest.param(("/v1/responses", {"model": "m", "input": "x"}), id="responses"),
    pytest.param(("/v1/messages", CHAT | {"max_tokens": 9}), id="messages"),
    pytest.param(("/v1beta/models/m:streamGenerateContent", {"contents": []}), id="gemini"),
]
WHOLE, BROKEN_OFF, RESET, NOTHING = "whole", "broken off", "reset", "nothing"


def broken(ends: Ending, ends_after: int = 2) -> Reply:
    return Reply(pieces=("one", "two", "three"), ends=ends, ends_after=ends_after)


FAULTS = [
    pytest.param(broken("silent"), (200, WHOLE), id="silent"),
    pytest.param(broken("malformed"), (200, WHOLE), id="malformed"),
    pytest.param(broken("error-event"), (200, WHOLE), id="error-event"),
    pytest.param(broken("error-event", 0), (200, WHOLE), id="error-event before the first piece"),
    pytest.param(broken("drop"), (200, BROKEN_OFF), id="drop"),
    pytest.param(broken("drop", 0), (200, BROKEN_OFF), id="drop before the first piece"),
    pytest.param(broken("reset"), (200, RESET), id="reset"),
    pytest.param(Reply(split_every=7), (200, WHOLE), id="split"),
    pytest.param(Reply(piece_delay=0.01), (200, WHOLE), id="slow pieces"),
    pytest.param(Reply(latency=0.01), (200, WHOLE), id="latency"),
    pytest.param(Reply(hold=Gate(0.01)), (200, WHOLE), id="gate"),
    pytest.param(Reply(hold_in_stream=Gate(0.01)), (200, WHOLE), id="gate in the stream"),
    pytest.param(Cut(), (None, RESET), id="cut before the headers"),
    pytest.param(Cut(at="in-headers"), (None, RESET), id="cut in the headers"),
    pytest.param(Cut(at="after-headers"), (200, RESET), id="cut after the headers"),
    pytest.param(Failure(status=429, retry_after=1), (429, WHOLE), id="429"),
    pytest.param(Failure(status=500, latency=0.01), (500, WHOLE), id="500"),
    pytest.param(Failure(status=529), (529, WHOLE), id="529"),
    pytest.param(Redirect(location="/elsewhere"), (307, WHOLE), id="redirect"),
    pytest.param(Page(html="<p>Log in</p>"), (200, WHOLE), id="page"),
    pytest.param(Page(html="<p>Blocked</p>", status=403), (403, WHOLE), id="page of a firewall"),
]


def end_of(wire: Wire) -> str:
    """Read the answer to a request that asked for the connection's end."""
    try:
        head, _, body = wire.rest().partition(b"\r\n\r\n")
    except ConnectionResetError:
        return RESET
    if not head:
        return NOTHING
    chunked = b"Transfer-Encoding: chunked" in head
    return BROKEN_OFF if chunked and not body.endswith(b"0\r\n\r\n") else WHOLE


@pytest.mark.parametrize(("fault", "expected"), FAULTS)
@pytest.mark.parametrize("route", STREAMS)
def test_a_fault_on_a_stream(
    fake_litellm: FakeLiteLLM,
    connect: Callable[[FakeLiteLLM], Wire],
    route: tuple[str, dict[str, Any]],
    fault: Answer,
    expected: tuple[int | None, str],
) -> None:
    fake_litellm.script(fault)
    wire = connect(fake_litellm)
    path, body = route
    data = json.dumps(body | {"stream": True}).encode()
    wire.request(f"POST {path} HTTP/1.1", "Connection: close", body=data)
    end = end_of(wire)
    assert connect(fake_litellm).chat().status == 200
    first, second = fake_litellm.journal
    assert ((first.status, end), second.status) == (expected, 200)
