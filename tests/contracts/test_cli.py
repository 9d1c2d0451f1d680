from __future__ import annotations

import json
import shlex
import signal
from typing import TYPE_CHECKING

import pytest
from junitparser import JUnitXml

from litellm_contracts import _options, _run, _suite, _tables
from litellm_contracts._cli import _interrupted_once, main
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Check = Callable[..., tuple[int, str, str]]

FIRST_TURN = "presence/first-turn"
ID = "5f0c2b1e-7d43-4a9f-8c1d-2e6b90a4f713"
FIRST_ID = "8a88ce1b-46de-4eef-843f-9f5b05fb0d55"


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Return a function that runs `check`: exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", "--jobs", "1", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.mark.parametrize(
    ("file", "contract_id", "line"),
    [
        pytest.param("header_missing", FIRST_TURN, None, id="header missing"),
        pytest.param(
            "sticky_default_header", "absence/after-task",
            "x-zoo-session-id: a9bdbbeb-a86b-476b-b884-5e1fe913f8da", id="sticky default header",
        ),
        pytest.param(
            "sent_by_complete_prompt", "complete-prompt/after-create-message",
            "x-zoo-session-id: 25490c72-5312-46cd-a66f-018227af415f", id="sent by complete_prompt",
        ),
        pytest.param("previous_task_id", "presence/next-task", f"x-zoo-session-id: {ID}",
                     id="previous task's id"),
        pytest.param("two_header_lines", FIRST_TURN, f"x-zoo-session-id: {FIRST_ID}",
                     id="two header lines"),
    ],
)  # fmt: skip
def test_a_broken_handler_exits_with_1_and_shows_the_header_line(
    check: Check, handlers: Path, file: str, contract_id: str, line: str | None
) -> None:
    code, told, _ = check(f"{handlers / file}.py:Handler", "-k", contract_id)
    assert code == 1
    assert f"FAIL {contract_id} (must)" in told
    assert told.splitlines()[-1].startswith("broken: 1 fail")
    marked = [text[6:].lower() for text in told.splitlines() if text.startswith("  --> ")]
    assert marked[-1:] == ([line] if line else [])
    assert "LiteLLM files it " in told
    assert "  likely:   " in told


def test_two_header_lines_are_both_shown_as_sent(check: Check, handlers: Path) -> None:
    _, told, _ = check(f"{handlers / 'two_header_lines.py'}:Handler", "-k", FIRST_TURN)
    assert f"  --> X-Zoo-Session-ID: {FIRST_ID}\n" in told
    assert f"  --> x-zoo-session-id: {FIRST_ID}\n" in told


def test_the_command_that_is_told_reproduces_the_failure(check: Check, handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    _, first, _ = check(spec, "-k", "first-turn or after-task", "--header", "X-Mine-Session-ID")
    [again] = [line for line in first.splitlines() if line.startswith("  again:")]
    program, command, *arguments = shlex.split(again.removeprefix("  again:"))
    assert (program, command) == ("litellm-contracts", "check")
    code, second, _ = check(*arguments)
    assert code == 1
    assert second[second.index("\nFAIL ") : second.index("\nbroken")] in first


def test_the_bundled_handler_is_judged_where_none_is_named(check: Check) -> None:
    code, told, _ = check("-k", FIRST_TURN)
    assert told.startswith("litellm-contracts ")
    assert "litellm_handler:LiteLLMHandler" in told
    assert f"  pass     {FIRST_TURN}\n" in told
    assert code == 1
    assert told.splitlines()[-1].startswith("incomplete: 1 pass, ")


def test_a_whole_run_that_is_conformant_exits_with_0(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:2])
    code, told, err = check()
    assert (code, err) == (0, "")
    assert told.splitlines()[-1].startswith("conformant: 2 pass in ")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param("no_such_module:build", "No module named 'no_such_module'", id="no import"),
        pytest.param("no/such.py:build", "'no/such.py' does not exist", id="no file"),
        pytest.param("litellm_handler:LiteLLMHandle", "did you mean 'LiteLLMHandler'?", id="name"),
        pytest.param("os:sep", "is not callable", id="not callable"),
        pytest.param("handler.py", "expected package.module:factory", id="no factory"),
        pytest.param("", "cannot read the handler ''", id="an empty variable"),
        pytest.param("here.py:Raises", "Raises raised while it built a handler: OSError", id="r"),
        pytest.param("here.py:Half", "has no method complete_prompt; add it, or declare", id="h"),
    ],
)
def test_a_handler_that_cannot_be_loaded_exits_with_3(
    check: Check, tmp_path: Path, spec: str, told: str
) -> None:
    tmp_path.joinpath("here.py").write_text(
        "class Half:\n    def __init__(self, **_): ...\n    def create_message(self, *_): ...\n"
        "class Raises:\n    def __init__(self, api_key, **_): raise OSError(api_key)\n",
        encoding="utf-8",
    )
    code, out, err = check(spec, "-k", FIRST_TURN)
    assert (code, out) == (3, "")
    assert err.startswith("litellm-contracts: ")
    assert told in err
    assert "Traceback" not in err
    assert "sk-contract" not in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["-k", "presence/first-trun"], "did you mean 'presence/first-turn'?", id="-k"),
        pytest.param(["-k", "zzz"], "-k 'zzz' matches no contract", id="-k matches nothing"),
        pytest.param(["-k", "a and"], "cannot read -k 'a and'", id="-k unreadable"),
        pytest.param(["--litellm", "1.90.x.0"], "is not a LiteLLM release", id="--litellm"),
        pytest.param(["--header", "a b"], "'a b' is no header name", id="--header"),
        pytest.param(["--header", ""], "'' is no header name", id="--header empty"),
        pytest.param(["--examples", "0"], "--examples must be 1 or more", id="--examples"),
        pytest.param(["--jobs", "0"], "--jobs must be 1 or more", id="--jobs"),
        pytest.param(["--json", "."], "cannot write .: it is a folder", id="--json"),
        pytest.param(["--junitxml", "file/x"], "cannot write file/x: ", id="--junitxml"),
    ],
)
def test_a_wrong_command_line_exits_with_2_before_anything_is_run(
    check: Check,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    tmp_path.joinpath("file").touch()
    monkeypatch.setattr(_suite, "run_contract", None)
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("litellm-contracts: ")
    assert told in err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no command"),
        pytest.param(["chekc"], id="unknown command"),
        pytest.param(["check", "--jsn", "x"], id="unknown option"),
        pytest.param(["check", "--seed", "x"], id="not a number"),
        pytest.param(["explain"], id="no id"),
    ],
)
def test_what_argparse_refuses_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert "usage: litellm-contracts" in capsys.readouterr().err


def test_a_bad_configuration_exits_with_2(check: Check, tmp_path: Path) -> None:
    text = "[tool.litellm-contracts]\nhandlr = 'a:b'"
    tmp_path.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    code, _, err = check()
    assert code == 2
    assert "unknown key 'handlr'; did you mean 'handler'?" in err


def test_the_configuration_is_used(check: Check, tmp_path: Path, handlers: Path) -> None:
    text = (
        "[tool.litellm-contracts]\nheader = 'X-Mine-Session-ID'\n"
        f"handler = '{handlers / 'socket_handler.py'}:Handler'\n"
        "capabilities = ['create_message']\n"
    )
    tmp_path.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    _, told, _ = check("-k", "first-turn or omits-header")
    assert "socket_handler.py:Handler" in told.splitlines()[0]
    assert told.splitlines()[0].endswith("header X-Mine-Session-ID")
    assert "  n/a      complete-prompt/omits-header  (the handler declares that" in told
    assert "no X-Mine-Session-ID header line; expected X-Mine-Session-ID: " in told
    assert "the id is sent as 'X-Zoo-Session-ID': LiteLLM groups by X-Mine-Session-ID" in told


def test_reports_are_written_into_new_folders(check: Check, tmp_path: Path) -> None:
    code, _, _ = check("-k", FIRST_TURN, "--json", "new/r.json", "--junitxml", "new/r.xml")
    told = json.loads(tmp_path.joinpath("new/r.json").read_text(encoding="utf-8"))
    assert (code, told["verdict"]) == (1, "incomplete")
    assert [one["id"] for one in told["contracts"]] == [one.id for one in all_contracts()]
    [suite] = JUnitXml.fromfile("new/r.xml")
    assert suite.tests == len(all_contracts())


LEAKING = """
class Handler:
    def __init__(self, base_url, api_key, model):
        self.key = api_key
    def create_message(self, *_):
        raise ValueError("no access with " + self.key + " \\udcff\\x00")
    complete_prompt = create_message
"""


def test_the_key_is_in_no_output(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    tmp_path.joinpath("leaking.py").write_text(LEAKING, encoding="utf-8")
    code, told, _ = check(
        "leaking.py:Handler", "-k", "first-turn or schema", "--examples", "1",
        "--json", "r.json", "--junitxml", "r.xml",
    )  # fmt: skip
    reports = [tmp_path.joinpath(name).read_text(encoding="utf-8") for name in ("r.json", "r.xml")]
    assert code == 1
    for text in (told, *reports):
        assert "0123456789abcdef" not in text
        assert "no access with [redacted]" in text


HANGING = """
import threading
class Handler:
    def __init__(self, **_): ...
    async def create_message(self, *_):
        threading.Event().wait(5)
        yield
    async def complete_prompt(self, _): ...
"""


def test_a_run_goes_on_after_a_handler_that_hangs(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_run.Options.__init__, "__kwdefaults__", _limited(1.0))
    tmp_path.joinpath("hanging.py").write_text(HANGING, encoding="utf-8")
    code, told, _ = check("hanging.py:Handler", "-k", "first-turn or long-id or omits-header")
    assert code == 1
    assert told.count("stopped: the handler came back from no call for 1.") == 2
    assert "complete_prompt (call-1) sent no request to the proxy" in told
    assert "broken: 3 fail" in told


def _limited(seconds: float) -> dict[str, object]:
    return {**(_run.Options.__init__.__kwdefaults__ or {}), "limit": seconds}


def test_a_fault_of_the_suite_exits_with_4(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tables, "all_contracts", None)
    assert main(["list"]) == 4
    told = capsys.readouterr().err
    assert "TypeError" in told
    assert told.endswith("litellm-contracts: the suite itself failed, see above\n")


def test_an_interrupted_run_decides_nothing(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_suite, "run_contract", interrupt)
    code, out, err = check("--json", "r.json")
    assert (code, out) == (4, "")
    assert err == "litellm-contracts: interrupted; nothing was decided\n"
    assert not tmp_path.joinpath("r.json").exists()


def test_list_names_every_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [contract.id, contract.level.value] for contract in all_contracts()
    ]


def test_explain_tells_one_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", FIRST_TURN]) == 0
    assert capsys.readouterr().out.startswith(f"{FIRST_TURN} (must)\nrequires: ")


def test_explaining_an_unknown_contract_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "presence/first-trun"]) == 2
    assert capsys.readouterr().err == (
        "litellm-contracts: no contract has the id 'presence/first-trun'; did you mean "
        "'presence/first-turn'?\n"
    )


@pytest.mark.parametrize(("at_once", "heard"), [(60.0, 1), (0.0, 2)])
def test_a_second_interrupt_is_heard_later_alone(
    monkeypatch: pytest.MonkeyPatch, at_once: float, heard: int
) -> None:
    monkeypatch.setattr("litellm_contracts._cli._AT_ONCE", at_once)
    interrupts = 0
    with _interrupted_once():
        for sent in (signal.SIGINT, signal.SIGTERM):
            try:
                signal.raise_signal(sent)
            except KeyboardInterrupt:
                interrupts += 1
    assert interrupts == heard
