"""Handlers that hang: how long a run waits for them."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from litellm_contracts import _calling, _suite
from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Status
from litellm_contracts._run import Options
from litellm_contracts._suite import run_suite
from litellm_contracts._tables import all_contracts, find_contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TURNS = [
    "presence/after-failed-call",
    "presence/after-call-without-task",
    "presence/long-id",
    "presence/gpt-5-model",
]


class Hanging:
    """Never answers."""

    built: ClassVar[list[object]] = []

    def __init__(self, **_given: str) -> None:
        self.built.append(self)

    async def complete_prompt(self, _prompt: str) -> str:
        raise AssertionError

    async def create_message(self, *_given: Any) -> Any:  # noqa: ANN401
        await asyncio.sleep(3600)
        yield {}


def test_a_handler_that_hangs_is_waited_for_once_an_exchange() -> None:
    Hanging.built.clear()
    forms = [one for one in all_contracts() if one.exchange == "absence/no-metadata"]
    later = [find_contract("presence/first-turn")]
    report = run_suite(PythonDoor(Hanging, "my:factory"), [*forms, *later], Options(limit=0.2))
    assert len(Hanging.built) == 2
    assert {result.status for result in report.results} == {Status.FAIL}
    assert {result.message for result in report.results} == {
        "stopped: the handler came back from no call for 0.2 s"
    }


def test_a_handler_that_hangs_in_each_call_is_soon_given_little_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_suite, "SHORT_LIMIT", 0.1)
    turns = [find_contract(name) for name in TURNS]
    report = run_suite(PythonDoor(Hanging, "my:factory"), turns, Options(limit=0.2))
    told = [result.message for result in report.results]
    assert all(message.endswith("for 0.2 s") for message in told[:2])
    assert [message.partition(" call for ")[2] for message in told[2:]] == [
        f"0.1 s; it hung in {hung} exchanges before" for hung in (2, 3)
    ]


class HangingMessages(Hanging):
    """Answers prompts alone."""

    async def complete_prompt(self, _prompt: str) -> str:
        return "Done."


def test_where_three_calls_do_not_come_back_the_others_are_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_calling, "CALL_LIMIT", 0.01)
    [result] = run_suite(
        PythonDoor(HangingMessages, "my:factory"),
        [find_contract("isolation/alternating-tasks")],
        Options(),
    ).results
    assert result.status is Status.FAIL
    assert result.message == (
        "stopped: 3 calls did not come back, the last of them create_message (alpha-2): "
        "no answer within 0.01 s"
    )
    assert "trace" not in result.evidence


def test_where_nine_calls_do_not_come_back_their_excuses_are_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_calling, "CALL_LIMIT", 0.01)
    contract = find_contract("presence/unusual-conversation")
    [result] = run_suite(PythonDoor(HangingMessages, "my:factory"), [contract], Options()).results
    assert result.message == (
        "stopped: 9 calls did not come back, the last of them create_message "
        f"({contract.calls[8].name}): no answer within 0.01 s"
    )


def test_a_handler_that_was_stopped_in_two_exchanges_is_given_little_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_calling, "CALL_LIMIT", 0.01)
    monkeypatch.setattr(_suite, "SHORT_LIMIT", 0.0)
    names = ["complete-prompt/omits-header", "isolation/alternating-tasks"]
    names += ["isolation/ten-concurrent-tasks", "presence/every-kind-of-id"]
    report = run_suite(
        PythonDoor(HangingMessages, "my:factory"),
        [find_contract(name) for name in names],
        Options(),
    )
    told = [result.message.partition(",")[0].partition(";")[2] for result in report.results]
    assert told == ["", "", "", " it hung in 2 exchanges before"]


def test_a_handler_that_comes_back_from_one_call_is_given_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_suite, "SHORT_LIMIT", 0.0)
    turns = [find_contract(name) for name in TURNS]
    report = run_suite(PythonDoor(load_factory(BUNDLED), BUNDLED), turns, Options())
    assert {result.status for result in report.results} == {Status.PASS}


@pytest.mark.parametrize(
    ("contract", "seconds"),
    [
        pytest.param("isolation/alternating-tasks", 0.3, id="one by one"),
        pytest.param("faithfulness/beside-many-tasks", 0.05, id="beside an open stream"),
    ],
)
def test_a_handler_whose_calls_come_back_is_waited_for_however_long_they_take(
    contract: str, seconds: float
) -> None:
    class Slow(load_factory(BUNDLED)):  # type: ignore[misc]
        async def create_message(self, *given: object) -> AsyncIterator[object]:
            await asyncio.sleep(seconds)  # beyond the limit together
            async for chunk in super().create_message(*given):
                yield chunk

    [result] = run_suite(
        PythonDoor(Slow, "my:factory"), [find_contract(contract)], Options(limit=1.5)
    ).results
    assert (result.status, result.message) == (Status.PASS, "")


def test_no_garbage_is_collected_while_a_contract_runs() -> None:
    enabled = []

    class Watching(load_factory(BUNDLED)):  # type: ignore[misc]
        def create_message(self, *given: object) -> object:
            enabled.append(gc.isenabled())
            return super().create_message(*given)

    run_suite(PythonDoor(Watching, "my:factory"), [find_contract("presence/first-turn")], Options())
    assert enabled == [False]
    assert gc.isenabled()
