from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._config import Config, read_config
from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> None:
    """Write a pyproject.toml."""
    folder.joinpath("pyproject.toml").write_text(text, encoding="utf-8")


def test_a_project_without_settings_has_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, '[project]\nname = "x"\n')
    assert read_config(tmp_path) == Config()
    assert Config().capabilities == ("create_message", "complete_prompt")


def test_settings_are_found_from_a_folder_below(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.litellm-contracts]
        handler = "my_provider:build"
        header = "X-Mine-Session-ID"
        capabilities = ["create_message"]
        """,
    )
    folder = tmp_path / "src" / "deep"
    folder.mkdir(parents=True)
    assert read_config(folder) == Config(
        handler="my_provider:build",
        header="X-Mine-Session-ID",
        capabilities=("create_message",),
    )


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    write(tmp_path, '[tool.litellm-contracts]\nhandler = "outer:build"')
    folder = tmp_path / "inner"
    folder.mkdir()
    write(folder, '[tool.litellm-contracts]\nhandler = "inner:build"')
    assert read_config(folder).handler == "inner:build"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[tool", "is not TOML", id="not TOML"),
        pytest.param(
            '[tool.litellm-contracts]\nhandlr = "a:b"',
            "[tool.litellm-contracts]: unknown key 'handlr'; did you mean 'handler'?",
            id="unknown key",
        ),
        pytest.param("[tool.litellm-contracts]\nhandler = 5", "handler must be", id="number"),
        pytest.param("[tool.litellm-contracts]\nhandler = ''", "handler must be", id="empty text"),
        pytest.param("[tool.litellm-contracts]\nheader = ['x']", "header must be", id="list"),
        pytest.param(
            "[tool.litellm-contracts]\ncapabilities = 'create_message'",
            "capabilities must be a list",
            id="capabilities a text",
        ),
        pytest.param(
            "[tool.litellm-contracts]\ncapabilities = []", "must be a list", id="no capabilities"
        ),
        pytest.param(
            "[tool.litellm-contracts]\ncapabilities = ['complete_promt']",
            "unknown capability 'complete_promt'; did you mean 'complete_prompt'?",
            id="mistyped capability",
        ),
        pytest.param("tool.litellm-contracts = 'a:b'", "must be a table", id="not a table"),
    ],
)
def test_bad_settings_are_told_with_their_file(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageError, match=re.escape(told)) as raised:
        read_config(tmp_path)
    assert str(tmp_path / "pyproject.toml") in str(raised.value)
