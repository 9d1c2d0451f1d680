from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litellm_contracts._errors import UsageError
from litellm_contracts._profile import ANY, choose_profile, profiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call

    MakeCall = Callable[..., Call]


@pytest.mark.parametrize(
    ("profile", "task_id", "due"),
    [
        pytest.param("zoo", "task-0001", "task-0001", id="task"),
        pytest.param("zoo", "", None, id="empty"),
        pytest.param("zoo", None, None, id="none"),
        pytest.param("zoo", 12345678, None, id="not-a-text"),
        pytest.param("opencode-go", "task-0001", "task-0001", id="always-with-task"),
        pytest.param("opencode-go", None, ANY, id="always-without-task"),
    ],
)
def test_create_message_is_due_what_the_profile_says(
    message: MakeCall, profile: str, task_id: object, due: object
) -> None:
    assert choose_profile(profile).due(message(task_id=task_id)) == due


@pytest.mark.parametrize(
    ("profile", "due"), [pytest.param("zoo", None, id="never"), ("opencode-go", ANY)]
)
def test_complete_prompt_is_due_what_the_profile_says(
    prompt: MakeCall, profile: str, due: object
) -> None:
    assert choose_profile(profile).due(prompt()) == due


def test_the_promised_profiles_ship() -> None:
    promised = {"zoo", "claude-code", "copilot", "codex", "opencode", "opencode-go"}
    assert promised <= set(profiles())


def test_only_an_unrecognised_header_has_no_litellm_rule() -> None:
    assert [one.name for one in profiles().values() if not one.recognized] == ["opencode-go"]


def test_a_header_of_ones_own_keeps_the_rest_of_the_profile() -> None:
    chosen = choose_profile("opencode-go", "X-Acme-Session-ID")
    assert (chosen.name, chosen.header) == ("opencode-go", "X-Acme-Session-ID")
    assert (chosen.complete_prompt, chosen.litellm_source) == ("always", "x-acme-session-id")


def test_a_profiles_own_header_changes_nothing() -> None:
    assert choose_profile("opencode-go", "x-opencode-session") == profiles()["opencode-go"]


@pytest.mark.parametrize(
    ("name", "header", "told"),
    [
        pytest.param("opencod", None, "did you mean 'opencode'?", id="profile"),
        pytest.param("zoo", "X Zoo", "is no header name", id="header"),
        pytest.param("zoo", "", "is no header name", id="empty-header"),
    ],
)
def test_a_bad_choice_is_a_usage_error(name: str, header: str | None, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        choose_profile(name, header)
    assert told in str(raised.value)
