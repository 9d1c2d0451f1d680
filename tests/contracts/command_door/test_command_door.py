"""What a program behind the door is told, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_litellm import AUTHORITY
from litellm_contracts._door_process import environment
from litellm_contracts._model import OMITTED
from litellm_contracts._suite import Options, run_suite
from litellm_contracts._surroundings import DECOYS
from litellm_contracts._tables import find_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._command_door import CommandRecipe
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]
    MakeRecipe = Callable[..., CommandRecipe]
    Perform = Callable[..., list[Outcome]]


def test_a_door_describes_what_the_program_says(recipe: MakeRecipe) -> None:
    with recipe("right").open() as door:
        assert door.describe() == {
            "name": "program",
            "door": "command",
            "language": "python",
            "sdk": "none 1.0",
            "capabilities": ["complete_prompt", "create_message"],
        }
        assert door.capabilities == {"create_message", "complete_prompt"}


def test_a_project_may_narrow_the_capabilities(recipe: MakeRecipe) -> None:
    with recipe("right", declared=frozenset({"create_message"})).open() as door:
        assert door.capabilities == {"create_message"}


def test_calls_are_answered_by_their_ids(
    message: MakeCall, prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
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
def test_metadata_arrives_as_it_is(
    message: MakeCall, metadata: object, sent: str, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("right").open() as door:
        (outcome,) = perform(door, message(metadata=metadata))
    assert sent in outcome.received_text


def test_an_error_of_the_handler_is_an_outcome(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("prompt-fails").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.error == "APIError: no"


def test_chunks_before_an_error_are_kept(
    message: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("message-breaks_off").open() as door:
        (outcome,) = perform(door, message())
    assert (outcome.received_text, outcome.error) == ("Hal", "Error: cut")


def test_a_handler_may_return_nothing(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("prompt-nothing").open() as door:
        (outcome,) = perform(door, prompt())
    assert (outcome.received_text, outcome.error) == ("", None)


def test_a_long_answer_arrives_whole(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("prompt-long_text").open() as door:
        (outcome,) = perform(door, prompt())
    assert len(outcome.received_text) == 2_000_000


def test_a_chatty_standard_error_blocks_nothing(
    prompt: MakeCall, recipe: MakeRecipe, perform: Perform
) -> None:
    with recipe("prompt-flood").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == "Hi [prompt]"


TRUST = {"NODE_EXTRA_CA_CERTS": AUTHORITY}


def test_proxies_are_kept_away(
    prompt: MakeCall, monkeypatch: pytest.MonkeyPatch, recipe: MakeRecipe, perform: Perform
) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with recipe("prompt-environment").open() as door:
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == ""
    given = {"PATH": "/bin", "Http_Proxy": "x", "PROXY": "y"}
    assert environment(given) == DECOYS | TRUST | {"PATH": "/bin", "PROXY": "y"}


def test_a_key_of_the_users_own_environment_is_kept() -> None:
    own = {"OPENAI_API_KEY": "sk-own", "NODE_EXTRA_CA_CERTS": "own.pem"}
    assert environment(own) == DECOYS | own


def test_a_paused_door_starts_again(prompt: MakeCall, recipe: MakeRecipe, perform: Perform) -> None:
    with recipe("right").open() as door:
        door.pause()
        (outcome,) = perform(door, prompt())
    assert outcome.received_text == "Hi [prompt]"


@pytest.mark.parametrize("jobs", [pytest.param(1, id="here"), pytest.param(2, id="processes")])
def test_contracts_are_judged_through_a_door(jobs: int, recipe: MakeRecipe) -> None:
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
