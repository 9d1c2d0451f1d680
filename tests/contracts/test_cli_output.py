from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litellm_contracts import _options, _suite
from litellm_contracts._cli import main
from litellm_contracts._tables import all_contracts
from litellm_contracts.reports._markdown import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Check = Callable[..., tuple[int, str]]

FIRST_TURN = "presence/first-turn"


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Return a function that runs `check`: exit code and output."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["check", "--jobs", "1", *arguments])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that GitHub names for a step's summary; another command wrote to it."""
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_the_markdown_is_written_into_a_new_folder(check: Check, tmp_path: Path) -> None:
    code, _ = check("-k", FIRST_TURN, "--markdown", "new/r.md")
    text = tmp_path.joinpath("new/r.md").read_text(encoding="utf-8")
    assert (code, text.splitlines()[0]) == (1, "## litellm-contracts: incomplete")


def test_the_page_is_written(check: Check, tmp_path: Path) -> None:
    code, _ = check("-k", FIRST_TURN, "--html", "r.html")
    text = tmp_path.joinpath("r.html").read_text(encoding="utf-8")
    assert code == 1
    assert text.startswith("<!doctype html>\n")
    assert "create_message" in text


def test_annotations_follow_the_fenced_text(check: Check, handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    code, told = check(spec, "-k", FIRST_TURN, "--github")
    lines = told.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert code == 1
    assert lines[1].startswith("litellm-contracts ")
    assert lines[lines.index(f"::{token}::") + 1].startswith(f"::error title={FIRST_TURN}::")


def test_the_step_summary_is_appended_to(check: Check, summary: Path) -> None:
    check("-k", FIRST_TURN, "--github")
    assert summary.read_text(encoding="utf-8").startswith("before\n## litellm-contracts: incom")


def test_the_limit_holds_for_the_whole_step(check: Check, summary: Path) -> None:
    before = "x" * (LIMIT - 100)
    summary.write_text(before, encoding="utf-8")
    check("-k", FIRST_TURN, "--github")
    assert summary.read_text(encoding="utf-8") == before


def test_without_github_the_step_summary_is_left_alone(check: Check, summary: Path) -> None:
    _, told = check("-k", FIRST_TURN)
    assert summary.read_text(encoding="utf-8") == "before\n"
    assert "::" not in told


def test_a_run_without_a_verdict_leaves_no_earlier_report_behind(tmp_path: Path) -> None:
    earlier = tmp_path / "r.json"
    earlier.write_text('{"verdict": "conformant"}', encoding="utf-8")
    assert main(["check", "no_such_module:build", "--json", "r.json"]) == 3
    assert not earlier.exists()


@pytest.mark.parametrize("option", ["--markdown", "--html"])
def test_a_report_that_cannot_be_written_is_told_before_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    monkeypatch.setattr(_suite, "run_contract", None)
    assert main(["check", option, "."]) == 2
    assert "cannot write .: it is a folder" in capsys.readouterr().err


def test_a_step_summary_that_cannot_be_written_is_told_before_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(_suite, "run_contract", None)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert main(["check", "--github"]) == 2
    assert f"cannot write {tmp_path}: it is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kept", "expected"), [pytest.param(2, 0, id="conformant"), pytest.param(0, 1, id="nothing")]
)
def test_the_exit_code_is_the_same_whatever_is_written(
    check: Check, monkeypatch: pytest.MonkeyPatch, kept: int, expected: int
) -> None:
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:kept])
    reports = [
        "--github",
        "--markdown",
        "r.md",
        "--html",
        "r.html",
        "--json",
        "r.json",
        "--junitxml",
        "r.xml",
    ]
    assert check()[0] == check(*reports)[0] == expected
