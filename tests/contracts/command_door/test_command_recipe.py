"""How a command is read, repeated, and told of where it cannot be started."""

from __future__ import annotations

import pickle
import re

import pytest

from litellm_contracts._command_door import command_recipe, python_recipe
from litellm_contracts._errors import HandlerError, UsageError


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
