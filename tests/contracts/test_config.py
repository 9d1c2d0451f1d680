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


@pytest.mark.parametrize(
    ("inner", "handler"),
    [
        pytest.param('[tool.litellm-contracts]\nhandler = "inner:build"', "inner:build", id="own"),
        pytest.param('[tool.other]\nhandler = "inner:build"', "outer:build", id="no table"),
    ],
)
def test_the_nearest_table_counts(tmp_path: Path, inner: str, handler: str) -> None:
    write(tmp_path, '[tool.litellm-contracts]\nhandler = "outer:build"')
    folder = tmp_path / "inner"
    folder.mkdir()
    write(folder, inner)
    assert read_config(folder).handler == handler


def test_flags_count_over_the_environment_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, "[tool.litellm-contracts]\nseed = 1\njobs = 1\nexamples = 1\n")
    environ = {"LITELLM_CONTRACTS_SEED": "2", "LITELLM_CONTRACTS_JOBS": "2", "OTHER": "x"}
    config = read_config(tmp_path, {"seed": 3, "profile": None}, environ)
    assert (config.seed, config.jobs, config.examples) == (3, 2, 1)
    assert {key: given.source for key, given in config.given.items()} == {
        "seed": "flag",
        "jobs": "environment",
        "examples": "file",
    }
    assert config.place("seed") == "--seed"
    assert config.place("jobs") == "LITELLM_CONTRACTS_JOBS"
    path = tmp_path / "pyproject.toml"
    assert config.place("examples") == f"{path}, [tool.litellm-contracts]: examples"


@pytest.mark.parametrize(
    ("flags", "environ", "doors"),
    [
        pytest.param({}, {}, (None, "node f.mjs", None), id="file"),
        pytest.param({"handler": "a:b"}, {}, ("a:b", None, None), id="flag"),
        pytest.param({}, {"HANDLER": "a:b"}, ("a:b", None, None), id="variable"),
        pytest.param({}, {"PYTHON": "py"}, (None, None, "py"), id="python"),
        pytest.param(
            {"python": "py"}, {"HANDLER": "a:b"}, ("a:b", None, "py"), id="both beside each other"
        ),
        pytest.param({"command": "x"}, {"HANDLER": "a:b"}, (None, "x", None), id="command"),
    ],
)
def test_the_strongest_place_chooses_the_door(
    tmp_path: Path,
    flags: dict[str, str],
    environ: dict[str, str],
    doors: tuple[str | None, ...],
) -> None:
    write(tmp_path, '[tool.litellm-contracts]\ncommand = "node f.mjs"\n')
    variables = {f"LITELLM_CONTRACTS_{name}": text for name, text in environ.items()}
    config = read_config(tmp_path, flags, variables)
    assert (config.handler, config.command, config.python) == doors


@pytest.mark.parametrize(
    ("flags", "environ", "text", "told"),
    [
        pytest.param({"handler": "a:b", "command": "x"}, {}, "", "HANDLER and --command", id="f"),
        pytest.param(
            {}, {"HANDLER": "a:b", "COMMAND": "x"}, "",
            "LITELLM_CONTRACTS_HANDLER and LITELLM_CONTRACTS_COMMAND exclude", id="environment",
        ),
        pytest.param(
            {}, {}, "python = 'py'\ncommand = 'x'",
            "litellm-contracts]: python and {path}, [tool.litellm-contracts]: command exclude",
            id="file",
        ),
    ],
)  # fmt: skip
def test_two_doors_in_one_place_are_told(
    tmp_path: Path, flags: dict[str, str], environ: dict[str, str], text: str, told: str
) -> None:
    write(tmp_path, f"[tool.litellm-contracts]\n{text}\n")
    variables = {f"LITELLM_CONTRACTS_{name}": value for name, value in environ.items()}
    with pytest.raises(UsageError) as raised:
        read_config(tmp_path, flags, variables)
    assert told.format(path=tmp_path / "pyproject.toml") in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        pytest.param("SED", "1", "SED; did you mean 'LITELLM_CONTRACTS_SEED'?", id="unknown"),
        pytest.param("seed", "1", "LITELLM_CONTRACTS_seed; did you mean", id="lower case"),
        pytest.param("SEED", "x", "LITELLM_CONTRACTS_SEED must be a whole number", id="text"),
        pytest.param("JOBS", "0", "LITELLM_CONTRACTS_JOBS must be 1 or more, not 0", id="zero"),
        pytest.param("HANDLER", "", "LITELLM_CONTRACTS_HANDLER must be a text", id="empty"),
        pytest.param("WAIVERS", "x", "waivers can only be set in [tool.", id="file only"),
    ],
)
def test_bad_variables_are_told_by_name(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        read_config(tmp_path, environ={f"LITELLM_CONTRACTS_{name}": text})


def test_a_number_may_be_a_name_where_a_text_is_expected(tmp_path: Path) -> None:
    environ = {"LITELLM_CONTRACTS_REQUIREMENTS": "2026"}
    assert read_config(tmp_path, environ=environ).requirements == "2026"


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
        pytest.param("[tool.litellm-contracts]\nseed = '7'", "seed must be a whole", id="seed"),
        pytest.param("[tool.litellm-contracts]\nseed = true", "seed must be a whole", id="true"),
        pytest.param("[tool.litellm-contracts]\njobs = 0", "jobs must be 1 or more", id="jobs"),
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
