"""How answers end before their end, raw and as the real SDK sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from fake_litellm import Cut, Gate, Reply
from fake_litellm._stopping import Stopping
from fake_litellm._stream import SPLIT_PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from fake_litellm._replies import Ending
    from tests.fake_proxy.conftest import Wire

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
PIECES = ("one", "two", "three")
BOOM = (
    "litellm.APIConnectionError: APIConnectionError: OpenAIException - "
    "scripted failure in mid-stream"
)


def broken(ends: Ending, ends_after: int = 2) -> Reply:
    return Reply(pieces=PIECES, ends=ends, ends_after=ends_after)


def contents(pieces: list[bytes]) -> list[str | None]:
    events = [json.loads(piece.removeprefix(b"data: ")) for piece in pieces]
    return [event["choices"][0]["delta"].get("content") for event in events]


@pytest.mark.parametrize(
    ("ends_after", "received"),
    [
        pytest.param(0, [""], id="before the first piece"),
        pytest.param(1, ["", "one"], id="after one"),
        pytest.param(3, ["", "one", "two", "three"], id="after all"),
        pytest.param(9, ["", "one", "two", "three", None], id="after the finish reason"),
    ],
)
def test_ends_after_counts_the_pieces(
    wire: Wire, fake_litellm: FakeLiteLLM, ends_after: int, received: list[str | None]
) -> None:
    fake_litellm.script(broken("silent", ends_after))
    assert contents(list(wire.chat(stream=True).pieces)) == received


def test_events_can_be_cut_anywhere(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Grüße."), Reply(text="Grüße.", split_every=7))
    whole, cut = (list(wire.chat(stream=True).pieces) for _ in range(2))
    assert max(map(len, cut)) == 7
    assert contents(whole[:-1]) == contents(b"".join(cut).split(b"\n\n")[:-2])


def test_the_parts_of_a_character_do_not_come_at_once(
    wire: Wire, fake_litellm: FakeLiteLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(Stopping, "sleep", lambda _, seconds: pauses.append(seconds))
    fake_litellm.script(Reply(text="Grüße.", split_every=1), Reply(text="Grusse.", split_every=1))
    wire.chat(stream=True)
    wire.chat(stream=True)
    assert [pause for pause in pauses if pause] == [SPLIT_PAUSE] * 2


def test_drop_closes_without_the_last_chunk(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("drop"))
    wire.ask(stream=True)
    wire.read_head()
    assert contents([wire.read_piece() for _ in range(3)]) == ["", "one", "two"]
    assert wire.rest() == b""


def test_reset_breaks_the_connection(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("reset"))
    wire.ask(stream=True)
    wire.read_head()
    assert contents([wire.read_piece() for _ in range(3)]) == ["", "one", "two"]
    with pytest.raises(ConnectionResetError):
        wire.file.read(1)


def test_silent_ends_in_good_order_and_says_nothing(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("silent"))
    answer = wire.chat(stream=True)
    assert contents(list(answer.pieces)) == ["", "one", "two"]
    assert b"finish_reason" not in answer.body
    assert b"[DONE]" not in answer.body
    assert wire.chat().status == 200


def test_malformed_sends_an_event_that_is_not_json(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("malformed"))
    pieces = wire.chat(stream=True).pieces
    assert contents(list(pieces[:3])) == ["", "one", "two"]
    assert pieces[3:] == (b"data: {this is not JSON\n\n", b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("litellm", "kind", "after"),
    [
        pytest.param("1.106.2", "null", (), id="1.106.2"),
        pytest.param("1.109.1", '"internal_server_error"', (b"data: [DONE]\n\n",), id="1.109.1"),
    ],
)
def test_error_event(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    litellm: str,
    kind: str,
    after: tuple[bytes, ...],
) -> None:
    answer = connect(serve(litellm=litellm, reply=broken("error-event"))).chat(stream=True)
    error = f'{{"message": "{BOOM}", "type": {kind}, "param": null, "code": "500"}}'
    assert answer.status == 200
    assert answer.pieces[3].decode() == f'data: {{"error": {error}}}\n\n'
    assert answer.pieces[4:] == after


def test_stall_sends_nothing_more_until_the_client_leaves(
    join_connections: Callable[[], bool], wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(broken("stall"))
    wire.ask(stream=True)
    wire.read_head()
    assert contents([wire.read_piece() for _ in range(3)]) == ["", "one", "two"]
    wire.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1)
    wire.close()
    assert join_connections()


@pytest.mark.parametrize("ends", ["drop", "reset"])
def test_a_json_answer_is_cut_in_its_body(
    wire: Wire, fake_litellm: FakeLiteLLM, ends: Ending
) -> None:
    fake_litellm.script(broken(ends))
    wire.ask()
    head = wire.read_head().decode()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    assert wire.file.read(length // 2).startswith(b'{"id":"chatcmpl-')
    assert fake_litellm.journal[0].status == 200


def test_a_dropped_json_answer_ends_early(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("drop"))
    wire.ask()
    length = int(wire.read_head().decode().partition("content-length: ")[2].split("\r\n")[0])
    assert len(wire.rest()) == length // 2


def test_a_reset_json_answer_ends_with_an_error(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(broken("reset"))
    wire.ask()
    wire.read_head()
    with pytest.raises(ConnectionResetError):
        wire.file.read(100_000)


@pytest.mark.parametrize("ends", ["error-event", "malformed", "stall", "silent"])
def test_other_ends_leave_a_json_answer_whole(
    wire: Wire, fake_litellm: FakeLiteLLM, ends: Ending
) -> None:
    fake_litellm.script(broken(ends))
    assert wire.chat().json["choices"][0]["finish_reason"] == "stop"


def test_hold_in_stream_lets_one_piece_out(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    gate = Gate()
    fake_litellm.script(Reply(pieces=PIECES, hold_in_stream=gate))
    wire.ask(stream=True)
    wire.read_head()
    assert contents([wire.read_piece(), wire.read_piece()]) == ["", "one"]
    assert gate.wait_until_reached()
    gate.open()
    assert contents([wire.read_piece(), wire.read_piece()]) == ["two", "three"]


@pytest.mark.parametrize(
    ("ends", "error"),
    [
        # The SDK's own words for a broken connection changed between its releases.
        pytest.param("drop", Exception, id="drop"),
        pytest.param("reset", Exception, id="reset"),
        pytest.param("error-event", openai.APIError, id="error-event"),
        pytest.param("malformed", ValueError, id="malformed"),
    ],
)
def test_the_sdk_reports_a_broken_stream(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM, ends: Ending, error: type[Exception]
) -> None:
    fake_litellm.script(broken(ends))
    texts: list[str | None] = []
    with (
        client.chat.completions.create(model="m", messages=MESSAGES, stream=True) as stream,
        pytest.raises(error),
    ):
        texts.extend(chunk.choices[0].delta.content for chunk in stream)
    assert texts == ["", "one", "two"]


def test_the_sdk_takes_a_silent_end_for_the_end(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(broken("silent"))
    with client.chat.completions.create(model="m", messages=MESSAGES, stream=True) as stream:
        reasons = [chunk.choices[0].finish_reason for chunk in stream]
    assert reasons == [None, None, None]


@pytest.mark.parametrize("at", ["before-headers", "in-headers"])
def test_the_sdk_retries_a_cut_connection(fake_litellm: FakeLiteLLM, at: Any) -> None:  # noqa: ANN401
    fake_litellm.script(Cut(at=at))
    with openai.OpenAI(base_url=fake_litellm.base_url, api_key="k", max_retries=1) as sdk:
        assert sdk.chat.completions.create(model="m", messages=MESSAGES).model == "m"
    assert [record.status for record in fake_litellm.journal] == [None, 200]
