"""`fake-litellm serve` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import openai
import pytest

from fake_litellm._cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_litellm import FakeLiteLLM

COMMAND = [sys.executable, "-c", "from fake_litellm._cli import main; raise SystemExit(main())"]
MESSAGES: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a call that starts `fake-litellm serve --port 0` with more options."""
    with ExitStack() as stack:

        def run(*options: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


@pytest.fixture
def ask() -> Iterator[Callable[..., str | None]]:
    """Return a call that asks the server at a URL through the SDK."""
    with ExitStack() as stack:

        def call(url: str, model: str = "m", key: str = "k") -> str | None:
            sdk = stack.enter_context(openai.OpenAI(base_url=url, api_key=key, max_retries=0))
            answer = sdk.chat.completions.create(
                model=model, messages=MESSAGES, extra_headers={"X-Zoo-Session-ID": "task-0001"}
            )
            return answer.choices[0].message.content

        yield call


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def end(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_prints_one_json_line_serves_and_ends(
    start: Callable[..., subprocess.Popen[str]], ask: Callable[..., str], number: int
) -> None:
    process = start("--json")
    url = json.loads(url_of(process))["url"]
    assert ask(url) == "Hello from the fake LiteLLM."
    with urllib.request.urlopen(f"{url}/_fake/journal") as answer:  # noqa: S310 - http
        (record,) = json.load(answer)["requests"]
    assert record["session_id"] == "task-0001"
    assert end(process, number) == (0, "", "")


def test_prints_the_url(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start()
    assert url_of(process).startswith("http://127.0.0.1:")
    assert end(process, signal.SIGTERM) == (0, "", "")


def test_options_reach_the_server(
    start: Callable[..., subprocess.Popen[str]], ask: Callable[..., str]
) -> None:
    process = start(
        *("--model", "one", "--model", "two", "--reply", "Scripted.", "--api-key", "sk-1"),
        *("--litellm", "1.109.1", "--missing-session-id", "reject"),
    )
    url = url_of(process)
    assert ask(url, model="two", key="sk-1") == "Scripted."
    with pytest.raises(openai.BadRequestError, match="Invalid model name"):
        ask(url, model="three", key="sk-1")
    with pytest.raises(openai.BadRequestError, match="No connected db"):
        ask(url, model="one", key="sk-2")
    with (
        openai.OpenAI(base_url=url, api_key="sk-1", max_retries=0) as sdk,
        pytest.raises(openai.BadRequestError, match="no session id"),
    ):
        sdk.chat.completions.create(model="one", messages=MESSAGES)


def test_a_taken_port_is_told_in_one_line(fake_litellm: FakeLiteLLM) -> None:
    port = str(fake_litellm.port)
    done = subprocess.run(
        [*COMMAND, "serve", "--port", port], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"fake-litellm: port {port} on 127.0.0.1 is taken by another program; "
        "stop it, or choose another port (0 picks a free one)\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--litellm", "latest"], "is not a LiteLLM release", id="litellm"),
        pytest.param(["--litellm", "9"], "is not a LiteLLM release", id="litellm of the future"),
        pytest.param(["--port", "70000"], "port 70000 is not a port", id="port"),
        pytest.param(["--host", "192.0.2.1", "--port", "0"], "cannot listen on", id="host"),
    ],
)
def test_a_bad_option_is_a_usage_error(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("fake-litellm: ")
    assert message in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param([], "COMMAND", id="no command"),
        pytest.param(["server"], "invalid choice: 'server'", id="unknown command"),
        pytest.param(["serve", "--port", "http"], "invalid int value", id="port"),
        pytest.param(["serve", "--missing-session-id", "x"], "invalid choice", id="policy"),
    ],
)
def test_what_argparse_refuses(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_session_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["session", "-H", "X-Zoo-Session-ID: task-0001"]) == 0
    assert "task-0001" in capsys.readouterr().out
