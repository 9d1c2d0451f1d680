from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._cli_doors import DOORS
from litellm_contracts._command_door import command_recipe
from litellm_contracts._errors import HandlerError
from litellm_contracts._protocol import FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._command_door import CommandDoor
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]
    Open = Callable[[str], CommandDoor]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node here")

PROGRAM = """
import {{ serve }} from "./door.mjs"
serve({{ name: "mine", sdk: "openai 1.2.3", build: (settings) => ({{ {members} }}) }})
"""


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Return a function that opens a door to a handler with these members."""

    def make(members: str) -> CommandDoor:
        text = FILES.joinpath(DOORS["node"]).read_text(encoding="utf-8")
        tmp_path.joinpath("door.mjs").write_text(text, encoding="utf-8")
        tmp_path.joinpath("mine.mjs").write_text(PROGRAM.format(members=members), "utf-8")
        return command_recipe("node mine.mjs").open()

    return make


def perform(door: CommandDoor, *calls: Call) -> list[Outcome]:
    """Make the calls at the same time."""

    async def main() -> list[Outcome]:
        with door:
            handler = await door.build("http://here", "sk-secret", "gpt-4o")
            return list(await asyncio.gather(*(handler.call(call) for call in calls)))

    return asyncio.run(main())


def test_it_says_what_it_is(opened: Open) -> None:
    with opened("") as door:
        facts = door.describe()
    assert (facts["name"], facts["sdk"]) == ("mine", "openai 1.2.3")
    assert facts["language"].startswith("node ")


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        pytest.param("completePrompt: async (p) => p", "Hi [prompt]", id="text"),
        pytest.param("completePrompt: async () => settings.baseUrl", "http://here", id="url"),
        pytest.param("completePrompt: async () => settings.model", "gpt-4o", id="model"),
        pytest.param("completePrompt: async () => settings.apiKey", "sk-secret", id="key"),
        pytest.param("completePrompt: async () => undefined", "", id="undefined"),
        pytest.param("completePrompt: async () => { console.log('x'); return 'a' }", "a", id="log"),
        pytest.param("completePrompt: async () => 'Grüße\\u2028🙂'", "Grüße\u2028🙂", id="UTF-8"),
    ],
)
def test_a_prompt_is_completed(opened: Open, prompt: MakeCall, member: str, expected: str) -> None:
    (outcome,) = perform(opened(member), prompt())
    assert (outcome.received_text, outcome.error) == (expected, None)


@pytest.mark.parametrize(
    ("metadata", "given"),
    [
        pytest.param(None, "undefined", id="none"),
        pytest.param({}, "{}", id="empty"),
        pytest.param({"task_id": None}, '{"task_id":null}', id="no task id"),
        pytest.param({"task_id": "a\u2028b"}, '{"task_id":"a\u2028b"}', id="task id"),
    ],
)
def test_metadata_arrives_as_it_is(
    opened: Open, message: MakeCall, metadata: object, given: str
) -> None:
    member = (
        "async *createMessage(s, m, d) { yield { type: 'text', text: `${JSON.stringify(d)}` } }"
    )
    (outcome,) = perform(opened(member), message(metadata=metadata))
    assert outcome.received_text == given


THREE = "for (const text of 'abc') yield { type: 'text', text }"


@pytest.mark.parametrize(
    ("body", "text", "error"),
    [
        pytest.param(THREE, "abc", None, id="whole"),
        pytest.param(f"{THREE}; throw new TypeError('cut')", "abc", "TypeError: cut", id="cut"),
        pytest.param(
            "throw new Error('a', { cause: new Error('b') })",
            "",
            "Error: a (cause: Error: b)",
            id="cause",
        ),
        pytest.param("throw 'text'", "", "text", id="not an error"),
    ],
)
def test_a_message_is_streamed(
    opened: Open, message: MakeCall, body: str, text: str, error: str | None
) -> None:
    door = opened(f"async *createMessage() {{ {body} }}")
    (outcome,) = perform(door, message())
    assert (outcome.received_text, outcome.error) == (text, error)


def test_calls_do_not_wait_for_one_another(opened: Open, prompt: MakeCall) -> None:
    member = """
        async completePrompt(p) {
            this.waiting ??= []
            const both = new Promise((resolve) => this.waiting.push(resolve))
            if (this.waiting.length === 2) this.waiting.forEach((resolve) => resolve())
            await both
            return p
        }
    """
    one, two = perform(opened(member), prompt("one"), prompt("two"))
    assert (one.text, two.text) == ("Hi [one]", "Hi [two]")


@pytest.mark.parametrize(
    ("member", "told"),
    [
        pytest.param("...fail()", "could not build a handler: ReferenceError", id="build"),
        pytest.param(
            "completePrompt: () => new Promise(() => setTimeout(() => { throw Error('later') }))",
            "Error: later",
            id="crash",
        ),
    ],
)
def test_a_program_that_fails_is_told(
    opened: Open, prompt: MakeCall, member: str, told: str
) -> None:
    door = opened(member)
    with pytest.raises(HandlerError, match=told):
        perform(door, prompt())
