"""`fake-litellm session` as a user runs it."""

import argparse
import json
from pathlib import Path

import pytest

from fake_litellm._session_cli import add_session_command

UUID = "11111111-2222-4333-8444-555555555555"


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser(prog="fake-litellm")
    add_session_command(parser.add_subparsers())
    args = parser.parse_args(["session", *argv])
    return int(args.run(args))


def test_says_session_and_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-H", f"X-Zoo-Session-ID: {UUID}") == 0
    assert capsys.readouterr().out == f"session: {UUID}\nrule:    x-zoo-session-id\n"


def test_says_why_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-H", "X-Zoo-Session-ID: short") == 0
    assert capsys.readouterr().out.splitlines() == [
        "session: none of the client's; each such request stands alone",
        "rule:    none matched",
        "note:    `x-zoo-session-id`: `short` is too short: 5 of at least 8 characters",
    ]


def test_says_that_the_request_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--missing-session-id", "reject") == 0
    assert capsys.readouterr().out.startswith("session: none, LiteLLM answers 400\n")


def test_says_the_trace_where_it_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-d", '{"litellm_trace_id": "r"}', "--missing-session-id", "omit") == 0
    assert "trace:   r\n" in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-H", "x-litellm-session-id: é", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "session_id": "Ã©",
        "trace_id": "Ã©",
        "source": "x-litellm-session-id",
        "rejected": False,
        "near_misses": [],
    }


def test_options_reach_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    body = '{"metadata": "{\\"session_id\\": \\"m\\"}"}'

    assert run("-d", body, "--path", "/v1/messages", "--litellm", "1.99.0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["session_id"] == "m"


def test_correlation_reaches_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    body = '{"litellm_session_id": "b"}'

    assert run("-d", body, "--request-correlation-in-logs", "--json") == 0
    assert json.loads(capsys.readouterr().out)["session_id"] is None


def test_body_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"litellm_session_id": "b"}', encoding="utf-8")

    assert run("-d", f"@{file}") == 0
    assert capsys.readouterr().out.startswith("session: b\n")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(["-H", "X-Zoo"], "-H 'X-Zoo' is not a header line", id="no-colon"),
        pytest.param(["-H", ": abc"], "-H ': abc' is not a header line", id="no-name"),
        pytest.param(["-d", "{"], "-d is not JSON", id="not-json"),
        pytest.param(["-d", "@/nowhere.json"], "No such file", id="no-file"),
        pytest.param(["--litellm", "1.106.x"], "Did you mean 1.106.2?", id="release"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fake-litellm session: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_an_unknown_mode_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--missing-session-id", "rejct")
    assert "invalid choice: 'rejct'" in capsys.readouterr().err
