from __future__ import annotations

import io
import subprocess
import sys

import pytest

from litellm_contracts._terminal import progress_bar, wants_colour


class Screen(io.StringIO):
    """A terminal that takes UTF-8."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class OldScreen(Screen):
    """A terminal that takes ASCII."""

    encoding = "ascii"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what asks for plain text out of the environment."""
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_terminal_gets_colour_and_a_file_does_not() -> None:
    assert wants_colour(Screen())
    assert not wants_colour(OldScreen())
    assert not wants_colour(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("NO_COLOR", "1", False, id="NO_COLOR"),
        pytest.param("NO_COLOR", "", True, id="NO_COLOR empty"),
        pytest.param("CI", "true", False, id="CI"),
        pytest.param("TERM", "dumb", False, id="dumb"),
    ],
)
def test_the_environment_can_ask_for_plain_text(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    expected: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv(name, value)
    assert wants_colour(Screen()) is expected


def test_the_bar_shows_how_many_were_judged_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress_bar(7) as told:
        assert told is not None
        told(3)
        assert "3/7" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


def test_there_is_no_bar_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(7) as told:
        assert told is None
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many threads there are")
def test_the_bar_does_not_keep_processes_from_being_forked() -> None:
    code = (
        "from litellm_contracts import _jobs, _terminal as terminal\n"
        "terminal.wants_colour = lambda _: True\n"
        "with terminal.progress_bar(7) as told:\n"
        "    told(1)\n"
        "    print(_jobs.start_method())\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert asked.stdout == "fork\n"


def test_plain_runs_do_not_import_rich() -> None:
    code = (
        "import sys\n"
        "from litellm_contracts._cli import main\n"
        "main(['check', '--jobs', '1', '-k', 'presence/first-turn'])\n"
        "print({'rich', 'jinja2', 'junitparser'} & {*sys.modules})\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert asked.stdout.splitlines()[-1] == "set()"
