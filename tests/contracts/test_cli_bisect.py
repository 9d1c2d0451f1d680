from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from litellm_contracts import _bisect_environments, _matrix_update
from litellm_contracts._bisect_environments import Question
from litellm_contracts._bisect_memory import Memory
from litellm_contracts._cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROBE = ("bisect", "--probe", "redirect-307", "--from", "1.0.0", "--to", "1.19.0")
SAME = ("bisect", "--probe", "redirect-307", "--from", "1.0.0", "--to", "1.9.0")


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let 20 releases be out, of which redirects are followed since 1.10.0; note each look."""
    releases: list[str] = []

    def look(_: Question, release: Version, *__: object) -> str:
        releases.append(str(release))
        return "followed" if release >= Version("1.10.0") else "APIStatusError"

    out = [Version(f"1.{minor}.0") for minor in range(20)]
    monkeypatch.setattr(_matrix_update, "released", lambda _: out)
    monkeypatch.setattr(_bisect_environments, "find_uv", lambda: "uv")
    monkeypatch.setattr(_bisect_environments, "look", look)
    return releases


def test_each_step_is_printed_and_the_change_last(
    looked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(PROBE) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "20 releases from 1.0.0 to 1.19.0, about 7 to look at"
    assert lines[1:3] == ["1.0.0      APIStatusError", "1.19.0     followed"]
    assert lines[-1] == "changed in 1.10.0: followed (until 1.9.0: APIStatusError)"
    assert len(lines) == len(looked) + 2


def test_it_goes_on_where_it_ended(
    looked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _bisect_environments.look

    def interrupted(question: Question, release: Version, *rest: object) -> str | None:
        if len(looked) == 3:
            raise KeyboardInterrupt
        return before(question, release, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(_bisect_environments, "look", interrupted)
    assert main(PROBE) == 4
    monkeypatch.setattr(_bisect_environments, "look", before)
    capsys.readouterr()
    assert main(PROBE) == 0
    assert capsys.readouterr().out.count("(seen before)") == 3
    assert len(looked) == len(set(looked))


def test_everything_is_looked_at_again_when_asked(
    looked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(PROBE)
    main([*PROBE, "--fresh"])
    assert looked[: len(looked) // 2] == looked[len(looked) // 2 :]
    assert "seen before" not in capsys.readouterr().out


@pytest.mark.usefixtures("looked")
def test_where_nothing_changes_the_limits_of_that_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(SAME) == 1
    assert "nothing changes between 1.0.0 and 1.9.0 as far as" in capsys.readouterr().out


@pytest.mark.usefixtures("looked")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            [*PROBE[:2], "redirect-37", *PROBE[3:]], "did you mean 'redirect-307'", id="p"
        ),
        pytest.param([*PROBE, "my:handler"], "a probe needs no handler", id="handler"),
        pytest.param([*PROBE[:6], "1.20"], "--to 1.20: there is no such release", id="release"),
        pytest.param([*PROBE[:6], "new"], "--to 'new' is no version", id="version"),
        pytest.param([*PROBE, "--spread", "-1"], "--spread must be 0 or more", id="spread"),
        pytest.param(
            ["bisect", "--contract", "presence/first", *PROBE[3:]], "presence/first", id="contract"
        ),
    ],
)
def test_a_wrong_command_line_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


def test_a_memory_is_kept_apart_by_question(tmp_path: Path) -> None:
    for handler, value in (("a", "pass"), ("b", "fail")):
        question = Question(kind="contract", id="x/y", handler=handler)
        Memory(tmp_path / "m", question).put(Version("1.0.0"), value)
    again = Memory(tmp_path / "m", Question(kind="contract", id="x/y", handler="a"))
    assert again.get(Version("1.0.0")) is None
    again.load()
    assert again.get(Version("1.0.0")) == "pass"
    assert (tmp_path / "m" / ".gitignore").read_text(encoding="utf-8") == "*\n"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text[:20], id="cut off"),
        pytest.param(lambda _: "[]", id="other"),
        pytest.param(lambda _: json.dumps({"seen": 1}), id="seen"),
    ],
)
def test_a_damaged_memory_is_as_none(tmp_path: Path, damage: Callable[[str], str]) -> None:
    question = Question(kind="probe", id="retries")
    Memory(tmp_path, question).put(Version("1.0.0"), "3 requests")
    [path] = tmp_path.glob("*.json")
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    memory = Memory(tmp_path, question)
    memory.load()
    assert memory.get(Version("1.0.0")) is None


def test_a_memory_that_cannot_be_written_is_told(
    looked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("file").touch()
    assert main([*PROBE, "--memory", "file"]) == 2
    assert "name another folder with --memory" in capsys.readouterr().err
    assert len(looked) == 1
