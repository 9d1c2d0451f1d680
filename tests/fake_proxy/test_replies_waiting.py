"""Replies that are held at a gate, or come late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_litellm import Failure, Gate, Redirect, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire


@pytest.mark.parametrize(
    "stream", [pytest.param(True, id="stream"), pytest.param(False, id="JSON")]
)
def test_a_held_reply_waits_for_its_gate(
    wire: Wire,
    fake_litellm: FakeLiteLLM,
    connect: Callable[[FakeLiteLLM], Wire],
    stream: bool,  # noqa: FBT001
) -> None:
    gate = Gate()
    fake_litellm.script(Reply(hold=gate))
    wire.ask(stream=stream)
    assert gate.wait_until_reached()
    assert connect(fake_litellm).chat().status == 200
    assert [record.status for record in fake_litellm.journal] == [None, 200]
    gate.open()
    assert wire.answer().status == 200


@pytest.mark.parametrize("status", [307, 429])
def test_a_held_failure_or_redirect_waits_for_its_gate(
    wire: Wire, fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire], status: int
) -> None:
    gate = Gate()
    held = {307: Redirect(location="/", hold=gate), 429: Failure(status=429, hold=gate)}
    fake_litellm.script(held[status])
    wire.ask()
    assert gate.wait_until_reached()
    assert connect(fake_litellm).chat().status == 200
    assert [record.status for record in fake_litellm.journal] == [None, 200]
    gate.open()
    assert wire.answer().status == status


def test_a_gate_that_nobody_opens_opens_itself(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(hold=Gate(0.01), hold_in_stream=Gate(0.01)))
    assert wire.chat(stream=True).body.endswith(b"data: [DONE]\n\n")


def test_a_gate_says_when_nobody_came() -> None:
    assert not Gate().wait_until_reached(0.01)


def test_latency_and_piece_delay_leave_the_answer_whole(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Reply(text="a b", latency=0.01, piece_delay=0.01))
    assert len(wire.chat(stream=True).events) == 4
