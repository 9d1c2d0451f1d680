from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = shutil.which("litellm-contracts", path=sysconfig.get_path("scripts"))
BY_MODULE = [sys.executable, "-m", "litellm_contracts"]
FIRST_TURN = "presence/first-turn"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=60,
    )


@pytest.mark.parametrize(
    "command",
    [pytest.param([str(SCRIPT)], id="script"), pytest.param(BY_MODULE, id="module")],
)
def test_the_exit_code_is_the_process_s(command: list[str]) -> None:
    listed = run(*command, "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    unknown = run(*command, "explain", "presence/first-trun")
    assert unknown.returncode == 2
    assert "did you mean 'presence/first-turn'?" in unknown.stderr


def test_two_processes_judge_a_broken_handler(handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    judged = run(*BY_MODULE, "check", spec, "--jobs", "2", "-k", "first-turn or no-metadata")
    assert judged.returncode == 1
    assert "broken: 1 pass, 1 fail, " in judged.stdout
    assert judged.stderr == ""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_handler_that_cannot_be_built_is_told_in_a_line(tmp_path: Path, jobs: str) -> None:
    tmp_path.joinpath("here.py").write_text("def build(api_key): ...", encoding="utf-8")
    judged = run(*BY_MODULE, "check", "here.py:build", "--jobs", jobs)
    assert (judged.returncode, judged.stdout) == (3, "")
    assert judged.stderr.startswith("litellm-contracts: here.py:build raised while it built")
    assert judged.stderr.count("\n") == 1


def test_a_handler_that_exits_while_it_is_imported_is_not_conformant(tmp_path: Path) -> None:
    tmp_path.joinpath("here.py").write_text("raise SystemExit(0)", encoding="utf-8")
    judged = run(*BY_MODULE, "check", "here.py:build")
    assert judged.returncode == 3
    assert "SystemExit: 0" in judged.stderr


def test_a_terminal_that_cannot_show_a_character_ends_no_run(handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    told = run(
        *BY_MODULE, "check", spec, "--jobs", "1", "-k", "presence/unicode-text or streamed-text",
        PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert told.returncode == 1
    assert "FAIL presence/unicode-text" in told.stdout
    assert told.stderr == ""


SLOW = """
import time
class Handler:
    built = 0
    def __init__(self, **_):
        Handler.built += 1
        if Handler.built == 3:
            print("started", flush=True)
            time.sleep(60)
    def create_message(self, *_):
        raise RuntimeError("not today")
    complete_prompt = create_message
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals for one process there")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_once(tmp_path: Path, sent: signal.Signals, jobs: str) -> None:
    tmp_path.joinpath("slow.py").write_text(SLOW, encoding="utf-8")
    command = [*BY_MODULE, "check", "slow.py:Handler", "--jobs", jobs]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(sent)
        _, told = process.communicate(timeout=30)  # its children hold the pipes open as well
    assert process.returncode == 4
    assert told == "litellm-contracts: interrupted; nothing was decided\n"
