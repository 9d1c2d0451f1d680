from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litellm_contracts import _options, _run, _suite
from litellm_contracts._cli import main
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., tuple[int, str, str]]

PROGRAM = Path(__file__).parent / "doors" / "program.py"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs the command line: exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a pyproject.toml with settings, and return its path."""
    path = tmp_path / "pyproject.toml"
    path.write_text(
        "[tool.litellm-contracts]\nhandler = 'here.py:Handler'\nprofile = 'codex'\nseed = 1\n"
        "examples = 3\n",
        encoding="utf-8",
    )
    return path


def test_each_setting_is_told_with_its_place(
    ask: Ask, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_CONTRACTS_SEED", "7")
    code, told, err = ask("config", "--examples", "4")
    assert (code, err) == (0, "")
    rows = [line.split(maxsplit=2) for line in told.splitlines()]
    assert rows[:5] + rows[7:9] == [
        ["handler", "here.py:Handler", str(project)],
        ["command", "none", "default"],
        ["python", "none", "default"],
        ["profile", "codex", str(project)],
        ["header", "session-id", "profile codex"],
        ["seed", "7", "environment variable LITELLM_CONTRACTS_SEED"],
        ["examples", "4", "flag --examples"],
    ]


def test_the_same_is_told_as_json(ask: Ask, project: Path) -> None:
    code, told, _ = ask("config", "--json", "--header", "X-Mine-Session-ID")
    rows = json.loads(told)
    assert code == 0
    assert rows["profile"] == {"value": "codex", "source": "file", "origin": str(project)}
    assert rows["header"] == {
        "value": "X-Mine-Session-ID",
        "source": "flag",
        "origin": "--header",
    }
    assert rows["capabilities"] == {
        "value": ["create_message", "complete_prompt"],
        "source": "default",
        "origin": None,
    }


@pytest.mark.parametrize("command", ["config", "check"])
@pytest.mark.parametrize(
    ("variable", "told"),
    [
        pytest.param(("PROFILE", "zo"), "did you mean 'zoo'?", id="profile"),
        pytest.param(("HEADER", "a b"), "is no header name", id="header"),
        pytest.param(("LITELLM", "1.90.x.0"), "is not a LiteLLM release", id="litellm"),
        pytest.param(("REQUIREMENTS", "2026-1"), "did you mean '2026-11'?", id="requirements"),
    ],
)
def test_what_is_refused_is_told_with_its_place(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, command: str, variable: tuple[str, str], told: str
) -> None:
    name = f"LITELLM_CONTRACTS_{variable[0]}"
    monkeypatch.setenv(name, variable[1])
    code, out, err = ask(command)
    assert (code, out) == (2, "")
    assert err.startswith(f"litellm-contracts: {name}: ")
    assert told in err


HANDLER = """
class Handler:
    def __init__(self, **_): ...
    def create_message(self, *_): return []
    def complete_prompt(self, _): return ""
"""


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        pytest.param("handler = 'lib/here.py:Handler'", "lib/here.py:Handler", id="file"),
        pytest.param("handler = 'provided:Handler'", "provided:Handler", id="module"),
        pytest.param("command = '{python} program.py right'", "program", id="command"),
        pytest.param(
            "python = '{python}'\nhandler = 'provided:Handler'", "provided:Handler", id="python"
        ),
        pytest.param(
            "python = 'bin/py'\nhandler = 'lib/here.py:Handler'", "lib/here.py:Handler", id="path"
        ),
    ],
)
def test_the_file_s_paths_are_seen_from_a_folder_below(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, shown: str
) -> None:
    for name in ("below", "lib", "bin"):
        tmp_path.joinpath(name).mkdir()
    tmp_path.joinpath("lib/here.py").write_text(HANDLER, encoding="utf-8")
    tmp_path.joinpath("provided.py").write_text(HANDLER, encoding="utf-8")
    tmp_path.joinpath("program.py").write_bytes(PROGRAM.read_bytes())
    tmp_path.joinpath("bin/py").symlink_to(sys.executable)
    text = f"[tool.litellm-contracts]\n{setting.format(python=sys.executable)}\n"
    tmp_path.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "below")
    code, told, err = ask("check", "--jobs", "1", "-k", "complete-prompt/omits-header")
    assert (code, err) == (1, "")
    assert shown in told.splitlines()[0]
    assert "complete_prompt (call-1) sent no request to the proxy" in told


def test_waivers_are_written_where_the_settings_are(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.litellm-contracts]\nhandler = 'here.py:Handler'\n", encoding="utf-8")
    tmp_path.joinpath("here.py").write_text(HANDLER, encoding="utf-8")
    tmp_path.joinpath("below").mkdir()
    tmp_path.joinpath("below", "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:1])
    code, told, _ = ask("waive", "--jobs", "1", "--reason", "for now")
    assert (code, told) == (
        0,
        f"waived presence/first-turn\n1 waivers added to {path}\n",
    )
    assert 'id = "presence/first-turn"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(["--reason", " "], "a reason is required", id="blank"),
        pytest.param(["--until", "2020-01-01"], "it expired on 2020-01-01", id="over"),
    ],
)
def test_what_is_wrong_with_a_waiver_is_told_before_the_run(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, given: list[str], told: str
) -> None:
    monkeypatch.setattr(_suite, "run_suite", None)
    code, out, err = ask("waive", "--reason", "for now", *given)
    assert (code, out) == (2, "")
    assert told in err


def test_what_is_no_date_is_told(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ask("waive", "--reason", "for now", "--until", "2026-13-01")
    assert ended.value.code == 2
    assert "'2026-13-01' is no date such as 2027-01-31" in capsys.readouterr().err


def test_a_waiver_that_is_no_longer_needed_is_not_written_again(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pyproject.toml"
    entry = '[[tool.litellm-contracts.waivers]]\nid = "presence/first-turn"\nreason = "old"\n'
    path.write_text(entry, encoding="utf-8")
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:1])
    code, told, _ = ask("waive", "--jobs", "1", "--reason", "for now")
    stale = f"stale: presence/first-turn is kept; remove its waiver from {path}\n"
    assert (code, told) == (0, f"nothing fails; nothing waived\n{stale}")
    assert path.read_text(encoding="utf-8") == entry


def test_what_could_not_be_judged_is_not_waived(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:1])
    monkeypatch.setattr(_run, "judge", None)
    code, told, _ = ask("waive", "--jobs", "1", "--reason", "for now")
    assert code == 4
    assert "not judged: presence/first-turn: the suite itself failed" in told
    assert not tmp_path.joinpath("pyproject.toml").exists()


def test_smoke_tries_the_program_of_the_configuration(ask: Ask, tmp_path: Path) -> None:
    command = f"{sys.executable} {PROGRAM} right"
    text = f"[tool.litellm-contracts]\ncommand = '{command}'\n"
    tmp_path.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    code, told, _ = ask("smoke")
    assert code == 3  # it answers, and sends nothing
    assert "sent no request to base_url" in told
