"""The specimens that ship: their registry, and the correct base they are made of."""

from __future__ import annotations

import re
from typing import Any

import pytest

from litellm_contracts._errors import UnknownContractError
from litellm_contracts._tables import all_contracts
from litellm_contracts.specimens import Specimen, all_specimens
from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import SPECIMENS, expand, known_bad, unusual
from litellm_contracts.specimens._task_ids import is_sendable

SPECIMEN_CASES = [pytest.param(one, id=name) for name, one in all_specimens().items()]
IDS = [contract.id for contract in all_contracts()]


class SomeHandler(Parts):
    def new_client(self, **_: Any) -> None:  # noqa: ANN401
        return None


@pytest.fixture
def handler() -> Parts:
    return SomeHandler.fresh()("http://127.0.0.1:1", "sk-1", "gpt-4o")


def test_at_least_fifty_known_bad_handlers_ship() -> None:
    assert sum(not one.is_right for one in all_specimens().values()) >= 50


def test_at_least_fifteen_right_handlers_ship() -> None:
    assert sum(one.is_right for one in all_specimens().values()) >= 15


def test_known_bad_handlers_come_first() -> None:
    rights = [one.is_right for one in all_specimens().values()]

    assert rights == sorted(rights)


@pytest.mark.parametrize("specimen", SPECIMEN_CASES)
def test_name_is_kebab_case(specimen: Specimen) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+|synchronous", specimen.name)


@pytest.mark.parametrize("specimen", SPECIMEN_CASES)
def test_about_is_one_sentence(specimen: Specimen) -> None:
    assert re.fullmatch(r"[A-Z`\d].*\.", specimen.about)


@pytest.mark.parametrize("specimen", SPECIMEN_CASES)
def test_broken_ids_are_contracts(specimen: Specimen) -> None:
    assert specimen.must_break(IDS) <= set(IDS)


@pytest.mark.parametrize("specimen", SPECIMEN_CASES)
def test_only_right_handlers_break_nothing(specimen: Specimen) -> None:
    assert bool(specimen.must_break(IDS)) is not specimen.is_right


def test_every_contract_is_named_by_a_known_bad_handler() -> None:
    named = frozenset().union(*(one.must_break(IDS) for one in all_specimens().values()))

    assert named == set(IDS)


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(AsyncHandler, id="asynchronous"),
        pytest.param(SyncHandler, id="synchronous"),
        pytest.param(RawHandler, id="bare socket"),
    ],
)
def test_each_base_bears_known_bad_handlers(base: type[Parts]) -> None:
    assert any(issubclass(one.handler, base) for one in SPECIMENS.values() if not one.is_right)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("a/one", ["a/one"], id="one"),
        pytest.param("a/*", ["a/one", "a/two"], id="group"),
        pytest.param("a/* -a/one", ["a/two"], id="without"),
        pytest.param("* -a/*", ["b/one"], id="without a group"),
        pytest.param("a/one a/one b/*", ["a/one", "b/one"], id="named twice"),
    ],
)
def test_patterns_expand_to_ids(patterns: str, expected: list[str]) -> None:
    assert expand(patterns, ["a/one", "a/two", "b/one"]) == set(expected)


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        pytest.param("a/onne", "matches no contract; did you mean 'a/one'?", id="misspelt"),
        pytest.param("a/one -a/onne", "matches no contract", id="misspelt without"),
        pytest.param("b/* -a/one", "takes out what was not named", id="not in"),
    ],
)
def test_pattern_that_names_nothing_is_an_error(patterns: str, told: str) -> None:
    with pytest.raises(UnknownContractError, match=re.escape(told)):
        expand(patterns, ["a/one", "b/one"])


def test_error_of_a_pattern_names_the_specimen() -> None:
    specimen = Specimen(name="odd-one", about="Is odd.", handler=SomeHandler, breaks="x/y")

    with pytest.raises(UnknownContractError, match="specimen odd-one"):
        specimen.must_break(IDS)


def test_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="two specimens are named 'header-never-sent'"):
        unusual("header-never-sent", "Sends no header.")(SomeHandler)


def test_known_bad_handler_must_break_something() -> None:
    with pytest.raises(ValueError, match="must break something"):
        known_bad("harmless-one", "Does nothing.", " ")


def test_fault_marks_and_hands_through(handler: Parts) -> None:
    assert handler.fault("value") == "value"
    assert handler.shared.reached


def test_fresh_handler_shares_nothing_with_the_last(handler: Parts) -> None:
    handler.fault()
    handler.shared.memory["kept"] = True

    again = SomeHandler.fresh()

    assert not again.shared.reached
    assert not again.shared.memory


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param(Turn("create_message"), {}, id="no metadata"),
        pytest.param(Turn("create_message", metadata={"task_id": ""}), {}, id="empty"),
        pytest.param(
            Turn("create_message", metadata={"task_id": "t-1"}),
            {"X-Zoo-Session-ID": "t-1"},
            id="task",
        ),
        pytest.param(Turn("complete_prompt", metadata={"task_id": "t-1"}), {}, id="prompt"),
    ],
)
def test_base_sends_the_header_when_it_is_due(
    handler: Parts, turn: Turn, expected: dict[str, str]
) -> None:
    assert handler.headers(turn) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("task-1", True, id="ascii"),
        pytest.param("a b", True, id="inner space"),
        pytest.param(" a", False, id="outer space"),
        pytest.param("a\r\nb", False, id="line break"),
        pytest.param("żółć", False, id="beyond ascii"),
        pytest.param(7, False, id="number"),
    ],
)
def test_sendable_is_what_a_header_can_hold(value: object, expected: bool) -> None:  # noqa: FBT001
    assert is_sendable(value) is expected
