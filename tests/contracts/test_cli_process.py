from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

if sys.platform != "win32":
    import pty
    import termios

needs_terminals = pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
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


CERTIFICATES = """
import ssl
class Handler:
    def __init__(self, **_):
        print("shared:", ssl.create_default_context() is ssl.create_default_context())
        try:
            ssl.create_default_context(cadata=bytearray(b"no certificate"))
        except ssl.SSLError:
            print("its own are read")
        raise RuntimeError("seen enough")
    def create_message(self, *_): ...
    complete_prompt = create_message
"""


def test_clients_share_the_certificates_of_the_system_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("seen.py").write_text(CERTIFICATES, encoding="utf-8")
    judged = run(*BY_MODULE, "check", "seen.py:Handler", "--jobs", "1")
    assert judged.returncode == 3
    assert judged.stdout.splitlines()[:2] == ["shared: True", "its own are read"]


BY_HTTPS = """
import ssl
from litellm_contracts.specimens._raw import RawHandler
class Handler(RawHandler):
    def __init__(self, **given):
        super().__init__(**given)
        self.context = ssl.create_default_context()
    def secured(self, connection):
        if not self.base_url.startswith("https"):
            return connection
        return self.context.wrap_socket(connection, server_hostname="127.0.0.1")
    def headers(self, turn):
        return {} if self.base_url.startswith("https") else super().headers(turn)
"""


def test_a_handler_that_reads_the_certificates_anew_trusts_a_secure_proxy(tmp_path: Path) -> None:
    tmp_path.joinpath("by_https.py").write_text(BY_HTTPS, encoding="utf-8")
    chosen = ["--jobs", "1", "-k", "first-turn or secure-proxy"]
    judged = run(*BY_MODULE, "check", "by_https.py:Handler", *chosen)
    assert "FAIL presence/secure-proxy" in judged.stdout
    assert judged.returncode == 1


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


def on_terminal(*command: str, **environment: str) -> tuple[int, str, str]:
    """Run a command on a terminal of 24 lines; return exit code, output and errors."""
    terminals = [pty.openpty() for _ in range(2)]
    for _, end in terminals:
        termios.tcsetwinsize(end, (24, 100))
    inherited = {key: os.environ[key] for key in os.environ.keys() - {"CI", "NO_COLOR"}}
    with (
        ThreadPoolExecutor() as pool,
        subprocess.Popen(
            command,
            stdout=terminals[0][1],
            stderr=terminals[1][1],
            env={**inherited, "TERM": "xterm-256color", **environment},
        ) as process,
    ):
        for _, end in terminals:
            os.close(end)
        told = [text.decode() for text in pool.map(_read_all, [mine for mine, _ in terminals])]
    return process.returncode, *told


def _read_all(terminal: int) -> bytes:
    parts = []
    with contextlib.suppress(OSError):  # how Linux says that the other end was closed
        while part := os.read(terminal, 65536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts)


@needs_terminals
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_shows_how_far_the_run_is_then_the_report_in_colour(jobs: str) -> None:
    command = (*BY_MODULE, "check", "--jobs", jobs, "-k", "absence and not retry")
    code, out, err = on_terminal(*command)
    assert code == 1
    assert "\x1b[32m  9 pass" in out
    assert "  pass     absence/" not in out
    assert "0/9" in err
    assert "9/9" in err


@needs_terminals
@pytest.mark.parametrize("asking", [{"NO_COLOR": "1"}, {"CI": "true"}], ids=["NO_COLOR", "CI"])
def test_a_terminal_shows_the_plain_text_where_it_is_asked_for(asking: dict[str, str]) -> None:
    command = (*BY_MODULE, "check", "--jobs", "1", "-k", FIRST_TURN)
    code, out, err = on_terminal(*command, **asking)
    piped = run(*command)
    seconds = re.compile(r"in \d+\.\d s")
    assert seconds.sub("", out.replace("\r\n", "\n")) == seconds.sub("", piped.stdout)
    assert (code, err) == (piped.returncode, "")


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_a_selftest_while_its_processes_begin(times: int) -> None:
    with subprocess.Popen(
        [*BY_MODULE, "selftest", "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        while not any(map(_has_interpreter, _workers(process.pid))):
            assert process.poll() is None
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 4
    assert told == "litellm-contracts: interrupted; nothing was decided\n"


def _workers(parent: int) -> list[Path]:
    """Return the folders in /proc of the processes that work for another one."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    folders = [Path("/proc", child) for child in children]
    return [
        folder for folder in folders if b"spawn_main" in folder.joinpath("cmdline").read_bytes()
    ]


def _has_interpreter(folder: Path) -> bool:
    """Tell whether a process already answers Ctrl-C itself, with a traceback or not at all."""
    status = folder.joinpath("status").read_text("utf-8")
    masks = re.findall(r"^Sig(?:Cgt|Ign):\s*(\w+)$", status, re.MULTILINE)
    return any(int(mask, 16) >> (signal.SIGINT - 1) & 1 for mask in masks)
