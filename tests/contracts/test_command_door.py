from __future__ import annotations

import asyncio
import pickle
import re
import sys
import threading
from dataclasses import replace
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _door_process
from litellm_contracts._command_door import CommandRecipe, command_recipe, python_recipe
from litellm_contracts._door_process import environment
from litellm_contracts._errors import HandlerError, UsageError
from litellm_contracts._model import OMITTED
from litellm_contracts._suite import Options, find_contract, run_suite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._command_door import CommandDoor, CommandHandler
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]

PROGRAM = Path(__file__).parent / "doors" / "program.py"
KEY = "sk-secret-1234"


def recipe(fault: str, **rest: Any) -> CommandRecipe:  # noqa: ANN401
    """Return the recipe for the door with this fault."""
    command = (sys.executable, str(PROGRAM), fault)
    return CommandRecipe(command=command, shown=("--command", f"program {fault}"), **rest)


def build(door: CommandDoor) -> CommandHandler:
    """Build one handler."""
    return asyncio.run(door.build("http://127.0.0.1:1", KEY, "gpt-4o"))


def perform(door: CommandDoor, *calls: Call) -> list[Outcome]:
    """Make the calls at the same time, with one handler and in an event loop of their own."""

    async def main() -> list[Outcome]:
        handler = await door.build("http://127.0.0.1:1", KEY, "gpt-4o")
        outcomes = await asyncio.gather(*(handler.call(call) for call in calls))
        await handler.close()
        return outcomes

    return asyncio.run(main())


def used() -> tuple[int, int]:
    """Return how many threads and open files there are."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread or an open file behind."""
    resource_tracker.ensure_running()  # spawning keeps a pipe to it for good
    before = used()
    yield
    # What an earlier test left may end meanwhile, so that there is less.
    more = [after > at_first for after, at_first in zip(used(), before, strict=True)]
    assert more == [False, False]


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_door_describes_what_the_program_says() -> None:
    with recipe("right").open() as door:
        assert door.describe() == {
            "name": "program",
            "door": "command",
            "language": "python",
            "sdk": "none 1.0",
            "capabilities": ["complete_prompt", "create_message"],
        }
        assert door.capabilities == {"create_message", "complete_prompt"}


def test_a_project_may_narrow_the_capabilities() -> None:
    with recipe("right", declared=frozenset({"create_message"})).open() as door:
        assert door.capabilities == {"create_message"}


def test_calls_are_answered_by_their_ids(message: MakeCall, prompt: MakeCall) -> None:
    calls = [prompt("one"), message("two"), prompt("three")]
    with recipe("right").open() as door:
        one, two, three = perform(door, *calls)
    assert (one.text, three.text) == ("Hi [one]", "Hi [three]")
    assert "Say hello. [two]" in two.received_text
    assert [one.error, two.error, three.error] == [None] * 3


@pytest.mark.parametrize(
    ("metadata", "sent"),
    [
        pytest.param(OMITTED, "null", id="left out"),
        pytest.param(None, "null", id="none"),
        pytest.param({}, "{}", id="empty"),
        pytest.param({"task_id": None}, '{"task_id": null}', id="no task id"),
        pytest.param({"task_id": "a\r\nb\u2028ł\ud800"}, r'"a\r\nb\u2028\u0142\ud800"', id="text"),
        pytest.param({"task_id": ["x"]}, '{"task_id": ["x"]}', id="list"),
    ],
)
def test_metadata_arrives_as_it_is(message: MakeCall, metadata: object, sent: str) -> None:
    with recipe("right").open() as door:
        (outcome,) = perform(door, message(metadata=metadata))
    assert sent in outcome.received_text


def test_an_error_of_the_handler_is_an_outcome(prompt: MakeCall) -> None:
    with recipe("prompt-fails").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.error == "APIError: no"


def test_chunks_before_an_error_are_kept(message: MakeCall) -> None:
    with recipe("message-breaks_off").open() as door:
        (outcome,) = perform(door, message())
    assert (outcome.received_text, outcome.error) == ("Hal", "Error: cut")


def test_a_handler_may_return_nothing(prompt: MakeCall) -> None:
    with recipe("prompt-nothing").open() as door:
        (outcome,) = perform(door, prompt())
    assert (outcome.received_text, outcome.error) == ("", None)


def test_a_long_answer_arrives_whole(prompt: MakeCall) -> None:
    with recipe("prompt-long_text").open() as door:
        (outcome,) = perform(door, prompt())
    assert len(outcome.received_text) == 2_000_000


def test_a_chatty_standard_error_blocks_nothing(prompt: MakeCall) -> None:
    with recipe("prompt-flood").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == "Hi [prompt]"


def test_proxies_are_kept_away(prompt: MakeCall, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with recipe("prompt-environment").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == ""
    assert environment({"PATH": "/bin", "Http_Proxy": "x", "PROXY": "y"}) == {
        "PATH": "/bin",
        "PROXY": "y",
    }


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("start-exits", "exited with code 3 before it answered `start`", id="exits"),
        pytest.param("start-hang", "did not answer `start` within 0.5 s", id="silent"),
        pytest.param("start-protocol_2", "speaks protocol 2; this suite speaks 1", id="protocol"),
        pytest.param("start-no_capabilities", '"capabilities" is a required', id="capabilities"),
    ],
)
def test_a_program_that_does_not_start_is_told(fault: str, told: str) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)):
        recipe(fault, start_limit=0.5 if "hang" in fault else 30.0).open()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        pytest.param("no-such-program", "'no-such-program': No such file", id="no such program"),
        pytest.param("/", "'/': Permission denied", id="a folder"),
    ],
)
def test_a_command_that_cannot_be_started_is_told(command: str, told: str) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)) as raised:
        command_recipe(command).open()
    assert raised.value.exit_code == 3


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
def test_a_handler_that_cannot_be_built_is_told(fault: str, told: str) -> None:
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
    prompt: MakeCall, fault: str, told: str
) -> None:
    limit = 0.5 if fault == "hang" else 15.0
    door = recipe(f"prompt-{fault}", call_limit=limit).open()
    with pytest.raises(HandlerError, match=re.escape(told)), door:
        perform(door, prompt())


def test_an_answer_given_twice_is_told_at_the_latest_at_the_end(prompt: MakeCall) -> None:
    with (
        pytest.raises(HandlerError, match="answered twice"),
        recipe("prompt-twice").open() as door,
    ):
        perform(door, prompt())


def test_the_last_lines_on_standard_error_are_told(prompt: MakeCall) -> None:
    door = recipe("prompt-exits").open()
    with pytest.raises(HandlerError) as raised, door:
        perform(door, prompt())
    assert str(raised.value) == (
        "the door `program prompt-exits` exited with code 3 with 1 calls in flight\n"
        "  its last lines on standard error:\n"
        "    Traceback: it broke"
    )


def test_a_flood_on_standard_error_ends_the_program(
    prompt: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_door_process, "STDERR_LIMIT", 2**20)
    with pytest.raises(HandlerError, match="floods its standard error: 1 MiB") as raised:  # noqa: SIM117
        with recipe("prompt-flood").open() as door:
            perform(door, prompt())
    assert len(str(raised.value).splitlines()) == 2 + _door_process.STDERR_LINES
    assert all(len(line) < 400 for line in str(raised.value).splitlines())


def test_a_line_without_end_ends_the_program(
    prompt: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_door_process, "LINE_LIMIT", 2**20)
    with (
        pytest.raises(HandlerError, match="printed a line without end: 'xxx"),
        recipe("prompt-endless").open() as door,
    ):
        perform(door, prompt())


def test_one_hung_call_is_an_outcome_and_the_program_is_replaced(
    message: MakeCall, prompt: MakeCall
) -> None:
    with recipe("message-forget", call_limit=1.0).open() as door:
        perform(door, prompt())
        first = door._programs[-1].process
        (hung,) = perform(door, message())
        (after,) = perform(door, prompt())
        assert door._programs[-1].process is not first
    assert hung.error == "no answer within 1 s"
    assert after.received_text == "Hi [prompt]"


def test_a_program_that_died_is_started_again_after_it_was_told(prompt: MakeCall) -> None:
    with recipe("prompt-exits").open() as door:
        with pytest.raises(HandlerError, match="exited with code 3"):
            perform(door, prompt())
        assert build(door) is not None


def test_a_program_that_does_not_exit_at_stop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door_process, "STOP_LIMIT", 0.5)
    with (
        pytest.raises(HandlerError, match=re.escape("did not exit within 0.5 s of `stop`")),
        recipe("stop-hang").open(),
    ):
        pass


def test_a_run_that_takes_too_long_is_ended() -> None:
    with (
        pytest.raises(HandlerError, match="was stopped after -1 s"),
        recipe("right", run_limit=-1.0).open() as door,
    ):
        build(door)


def test_a_paused_door_starts_again(prompt: MakeCall) -> None:
    with recipe("right").open() as door:
        door.pause()
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == "Hi [prompt]"


def test_an_error_of_the_suite_ends_the_program() -> None:
    with pytest.raises(ZeroDivisionError), recipe("stop-hang").open():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("text", "command"),
    [
        pytest.param("node door.mjs", ("node", "door.mjs"), id="words"),
        pytest.param("'my node' \"a b\"", ("my node", "a b"), id="quotes"),
    ],
)
def test_a_command_is_split_as_a_shell_would(text: str, command: tuple[str, ...]) -> None:
    made = command_recipe(text)
    assert made.command == command
    assert made.words() == ["--command", text]
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own


@pytest.mark.parametrize(
    "text", [pytest.param("", id="empty"), pytest.param("node 'x", id="an open quote")]
)
def test_a_command_that_cannot_be_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--command"):
        command_recipe(text)


def test_a_python_recipe_says_how_to_repeat_it() -> None:
    assert python_recipe("py", "mod:make").words() == ["--python", "py", "mod:make"]


@pytest.mark.parametrize("jobs", [pytest.param(1, id="here"), pytest.param(2, id="processes")])
def test_contracts_are_judged_through_a_door(jobs: int) -> None:
    contracts = [
        find_contract("complete-prompt/omits-header"),
        find_contract("absence/no-metadata"),
    ]
    door = recipe("right")
    with door.open() as opened:
        report = run_suite(opened, contracts, Options(), jobs=jobs)
    assert [result.status.value for result in report.results] == ["fail", "fail"]
    assert "sent no request to the proxy" in report.results[0].message
    assert "--command 'program right'" in report.results[0].evidence["reproduce"]
    assert report.environment["openai"] is None
