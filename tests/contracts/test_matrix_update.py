from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from litellm_contracts import _matrix_update
from litellm_contracts._cli import main
from litellm_contracts._errors import UsageError
from litellm_contracts._matrix import load_matrix
from litellm_contracts._matrix_update import released, update

if TYPE_CHECKING:
    from pathlib import Path

    from litellm_contracts._matrix import Language

LIST = """\
# ours
[python]
pythons = ["3.11"]
other_pythons = []

[[python.release]]
openai = "2.0.0"
why = "the first 2.x" # kept

[[python.release]]
openai = "2.5.0"
why = "the last 2.x"
moves = "last-of-major"

[[python.release]]
openai = "3.0.0"
why = "the first 3.x"

[[python.release]]
openai = "3.4.0"
why = "the newest known"
pins = ["x<1"]
moves = "newest"

[node]

[[node.release]]
openai = "7.0.0"
why = "the first 7.x"
"""
OUT = ["2.0.0", "2.5.0", "3.0.0", "3.4.0"]


def found(*python: str, node: str = "7.0.0") -> dict[Language, list[Version]]:
    """Return what is released."""
    return {"python": sorted(Version(one) for one in python), "node": [Version(node)]}


def listed(text: str, tmp_path: Path) -> list[tuple[str, str, str]]:
    """Return the entries of a list: version, reason and what moves it."""
    path = tmp_path / "matrix.toml"
    path.write_text(text, encoding="utf-8")
    return [(one.openai, one.why, one.moves) for one in load_matrix(path).of("python")]


def test_nothing_newer_changes_nothing() -> None:
    assert update(LIST, found(*OUT)) == (LIST, [])


def test_the_newest_and_the_last_of_a_major_move_and_nothing_else() -> None:
    text, changes = update(LIST, found(*OUT, "2.5.1", "3.4.1", "3.10.0"))
    assert text == LIST.replace("2.5.0", "2.5.1").replace("3.4.0", "3.10.0")
    assert changes == [
        "python: 2.5.0 becomes 2.5.1 (the last 2.x)",
        "python: 3.4.0 becomes 3.10.0 (the newest known)",
    ]


def test_a_new_major_comes_in_with_both_ends(tmp_path: Path) -> None:
    text, changes = update(LIST, found(*OUT, "4.0.0", "4.1.0", "4.2.0"))
    assert listed(text, tmp_path)[3:] == [
        ("3.4.0", "the last 3.x", "last-of-major"),
        ("4.0.0", "the first 4.x", ""),
        ("4.2.0", "the newest known", "newest"),
    ]
    assert len(changes) == 2
    assert "# ours\n[python]" in text
    assert '"the first 2.x" # kept' in text
    assert 'moves = "newest"\n\n[node]' in text


def test_a_first_release_of_a_major_stays_when_the_next_one_is_out(tmp_path: Path) -> None:
    text, _ = update(LIST, found(*OUT, "4.0.0"))
    text, _ = update(text, found(*OUT, "4.0.0", "4.1.0"))
    assert listed(text, tmp_path)[4:] == [
        ("4.0.0", "the first 4.x", ""),
        ("4.1.0", "the newest known", "newest"),
    ]


def test_the_ends_of_each_minor_come_in_on_request(tmp_path: Path) -> None:
    text, _ = update(LIST, found(*OUT, "2.1.0", "2.1.1", "2.1.2", "2.2.0", "3.1.0"), ["2"])
    assert [one[:2] for one in listed(text, tmp_path)][:5] == [
        ("2.0.0", "the first 2.x"),
        ("2.1.0", "the first 2.1"),
        ("2.1.2", "the last 2.1"),
        ("2.2.0", "the only 2.2"),
        ("2.5.0", "the last 2.x"),
    ]
    assert "3.1.0" not in text


def test_a_major_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"--minors 3.x: .* expected one of 2, 3"):
        update(LIST, found(*OUT), ["3.x"])


def test_an_index_that_lacks_the_newest_adds_nothing() -> None:
    assert update(LIST, found("2.5.0", "3.3.0")) == (LIST, [])


def test_the_other_sdk_is_updated_too() -> None:
    text, changes = update(LIST, found(*OUT, node="8.0.0"))
    assert changes == ["node: 8.0.0 is new (the first 8.x)"]
    assert text.rstrip().endswith('openai = "8.0.0"\nwhy = "the first 8.x"')


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder for programs first on PATH, and let pip be found there alone."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(_matrix_update, "find_spec", lambda _: None)
    return tmp_path


def put(folder: Path, name: str, out: str, err: str = "", code: int = 0) -> None:
    """Write a program that prints this."""
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport sys\nprint({out!r})\nsys.stderr.write({err!r})\n"
        f"sys.exit({code})\n",
        encoding="utf-8",
    )
    program.chmod(0o755)


def test_what_pip_and_npm_print_is_read(tool: Path) -> None:
    put(tool, "pip", "openai (3.4.0)\nAvailable versions: 3.4.0, 3.0.0, 3.0.0rc1, 0.28.1\n  LATEST")
    put(tool, "npm", '["4.0.0", "5.0.0-beta.1", "0.1.0", "4.10.0"]')
    assert released("python") == [Version("3.0.0"), Version("3.4.0")]
    assert released("node") == [Version("4.0.0"), Version("4.10.0")]


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        pytest.param(("", "WARNING: x\nERROR: no network", 1), "ERROR: no network", id="network"),
        pytest.param(("nothing", "", 0), "it named no release", id="empty"),
    ],
)
def test_an_index_that_does_not_answer_changes_nothing(
    tool: Path, capsys: pytest.CaptureFixture[str], printed: tuple[str, str, int], told: str
) -> None:
    put(tool, "pip", *printed)
    path = tool / "matrix.toml"
    path.write_text(LIST, encoding="utf-8")
    assert main(["matrix", "update", "--file", str(path)]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"litellm-contracts: `pip index versions openai` cannot say what is released: {told}; "
        "nothing was changed\n"
    )
    assert path.read_text(encoding="utf-8") == LIST


def test_a_tool_that_is_not_there_is_told(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tool))
    with pytest.raises(UsageError, match=r"cannot run `npm view openai versions --json`: "):
        released("node")


def test_the_command_edits_the_file(tool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tool, "pip", "Available versions: 3.5.0, 2.5.0")
    put(tool, "npm", '["7.0.0"]')
    path = tool / "matrix.toml"
    path.write_text(LIST, encoding="utf-8")
    assert main(["matrix", "update", "--file", str(path)]) == 0
    assert "python: 3.4.0 becomes 3.5.0 (the newest known)\n" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == LIST.replace("3.4.0", "3.5.0")
