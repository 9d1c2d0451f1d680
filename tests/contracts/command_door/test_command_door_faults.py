"""Programs that do not start, break the protocol, hang or flood: told, and ended."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from litellm_contracts import _door_process
from litellm_contracts._errors import HandlerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._command_door import CommandDoor, CommandHandler, CommandRecipe
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]
    MakeRecipe = Callable[..., CommandRecipe]
    Perform = Callable[..., list[Outcome]]

KEY = "sk-secret-1234"


def build(door: CommandDoor) -> CommandHandler:
    """Build one handler."""
    return asyncio.run(door.build("http://127.0.0.1:1", KEY, "gpt-4o"))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("start-exits", "exited with code 3 before it answered `start`", id="exits"),
        pytest.param("start-hang", "did not answer `start` within 0.5 s", id="silent"),
        pytest.param("start-protocol_2", "speaks protocol 2; this suite speaks 1", id="protocol"),
        pytest.param("start-no_capabilities", '"capabilities" is a required', id="capabilities"),
    ],
)
def test_a_program_that_does_not_start_is_told(fault: str, told: str, recipe: MakeRecipe) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)):
        recipe(fault, start_limit=0.5 if "hang" in fault else 30.0).open()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("build-exits", "exited with code 3", id="exits"),
        pytest.param("build-hang", "did not answer `handler` within 0.5 s", id="silent"),
        pytest.param(
            "build-shows_key", "could not build a handler: 401 for [redacted]", id="error"
        ),
    ],
)
def test_a_handler_that_cannot_be_built_is_told(fault: str, told: str, recipe: MakeRecipe) -> None:
    limit = 0.5 if "hang" in fault else 30.0
    door = recipe(fault).open()
    door._recipe = replace(door.recipe, start_limit=limit)
    with pytest.raises(HandlerError, match=re.escape(told)), door:
        build(door)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("exits", "exited with code 3 with 1 calls in flight", id="exits"),
        pytest.param("dies", "was ended by signal 6", id="dies"),
        pytest.param("closes", "closed its standard output", id="closes its output"),
        pytest.param("noise", "is no answer: 'Listening on port 3000'", id="noise"),
        pytest.param("half_a_line", """is no answer: '{"id": "c'""", id="half a line"),
        pytest.param("not_utf8", "is no answer", id="not UTF-8"),
        pytest.param("a_list", "is no answer", id="not an object"),
        pytest.param("nameless", "gave an answer to nothing (no `id`, no `handler`)", id="no id"),
        pytest.param("unknown_id", "answered what nobody asked", id="unknown id"),
        pytest.param("empty", "departs from the protocol (completion)", id="neither"),
        pytest.param("number", 'text: 5 is not of types "null", "string"', id="wrong type"),
        pytest.param("hang", "answered no call within 0.5 s", id="never answers"),
    ],
)
def test_a_program_that_breaks_the_protocol_is_told(
    prompt: MakeCall, fault: str, told: str, recipe: MakeRecipe, perform: Perform
) -> None:
    limit = 0.5 if fault == "hang" else 15.0
    door = recipe(f"prompt-{fault}", call_limit=limit).open()
    with pytest.raises(HandlerError, match=re.escape(told)), door:
        perform(door, prompt())


def test_an_answer_given_twice_is_told_at_the_latest_at_the_end(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with (
        pytest.raises(HandlerError, match="answered twice"),
        recipe("prompt-twice").open() as door,
    ):
        perform(door, prompt())


def test_the_last_lines_on_standard_error_are_told(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    door = recipe("prompt-exits").open()
    with pytest.raises(HandlerError) as raised, door:
        perform(door, prompt())
    assert str(raised.value) == (
        "the door `program prompt-exits` exited with code 3 with 1 calls in flight\n"
        "  its last lines on standard error:\n"
        "    Traceback: it broke"
    )


def test_a_flood_on_standard_error_ends_the_program(
    prompt: MakeCall, monkeypatch: pytest.MonkeyPatch, recipe: MakeRecipe, perform: Perform
) -> None:
    monkeypatch.setattr(_door_process, "STDERR_LIMIT", 2**20)
    with pytest.raises(HandlerError, match="floods its standard error: 1 MiB") as raised:  # noqa: SIM117
        with recipe("prompt-flood").open() as door:
            perform(door, prompt())
    assert len(str(raised.value).splitlines()) == 2 + _door_process.STDERR_LINES
    assert all(len(line) < 400 for line in str(raised.value).splitlines())


def test_a_line_without_end_ends_the_program(
    prompt: MakeCall, monkeypatch: pytest.MonkeyPatch, recipe: MakeRecipe, perform: Perform
) -> None:
    monkeypatch.setattr(_door_process, "LINE_LIMIT", 2**20)
    with (
        pytest.raises(HandlerError, match="printed a line without end: 'xxx"),
        recipe("prompt-endless").open() as door,
    ):
        perform(door, prompt())


def test_one_hung_call_is_an_outcome_and_the_program_is_replaced(
    message: MakeCall, prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("message-forget", call_limit=1.0).open() as door:
        perform(door, prompt())
        first = door._programs[-1].process
        (hung,) = perform(door, message())
        (after,) = perform(door, prompt())
        assert door._programs[-1].process is not first
    assert (hung.hangs, hung.error) == (True, "no answer within 1 s")
    assert after.received_text == "Hi [prompt]"


def test_a_program_that_died_is_started_again_after_it_was_told(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("prompt-exits").open() as door:
        with pytest.raises(HandlerError, match="exited with code 3"):
            perform(door, prompt())
        assert build(door) is not None


def test_a_program_that_does_not_exit_at_stop_is_told(
    monkeypatch: pytest.MonkeyPatch, recipe: MakeRecipe
) -> None:
    monkeypatch.setattr(_door_process, "STOP_LIMIT", 0.5)
    with (
        pytest.raises(HandlerError, match=re.escape("did not exit within 0.5 s of `stop`")),
        recipe("stop-hang").open(),
    ):
        pass


def test_a_run_that_takes_too_long_is_ended(recipe: MakeRecipe) -> None:
    with (
        pytest.raises(HandlerError, match="was stopped after -1 s"),
        recipe("right", run_limit=-1.0).open() as door,
    ):
        build(door)


def test_an_error_of_the_suite_ends_the_program(recipe: MakeRecipe) -> None:
    with pytest.raises(ZeroDivisionError), recipe("stop-hang").open():
        raise ZeroDivisionError
