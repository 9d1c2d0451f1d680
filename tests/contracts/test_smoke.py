from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from litellm_contracts import _door_process
from litellm_contracts._cli import main

PROGRAM = Path(__file__).parent / "doors" / "program.py"


def steps(text: str) -> dict[str, str]:
    """Return the word of each step by its name."""
    found = re.findall(r"(?m)^  (ok|MISSING|n/a|not tried) +([^:\n]+)", text)
    return {name: word for word, name in found}


def smoke(*arguments: str) -> int:
    """Run the command."""
    return main(["smoke", *arguments])


def program(fault: str) -> list[str]:
    """Return the arguments for a program with this fault."""
    return ["--command", f"{sys.executable} {PROGRAM} {fault}"]


def test_nothing_is_missing_in_a_right_door(capsys: pytest.CaptureFixture[str]) -> None:
    code = smoke("--python", sys.executable, "litellm_handler:LiteLLMHandler")
    text = capsys.readouterr().out
    assert (code, set(steps(text).values()), len(steps(text))) == (0, {"ok"}, 10)
    assert text.endswith("\nnothing is missing\n")
    assert "sk-smoke" not in text


ONE_METHOD = """
import asyncio, openai
class Handler:
    def __init__(self, base_url, api_key, model):
        self.client = openai.AsyncOpenAI(base_url=base_url + "/v1", api_key=api_key)
        self.lock = asyncio.Lock()
    async def complete_prompt(self, prompt):
        {body}
        answer = await self.client.chat.completions.create(
            model="gpt-4o", messages=[{{"role": "user", "content": prompt}}]
        )
        return answer.choices[0].message.content
"""
LOCKED = """async with self.lock:
            return await self.alone(prompt)
    async def alone(self, prompt):"""


@pytest.mark.parametrize(
    ("body", "missing", "told"),
    [
        pytest.param("", set(), "declares no create_message", id="one method"),
        pytest.param(
            LOCKED, {"answers complete_prompt out of turn"}, "answered in turn", id="in turn"
        ),
        pytest.param(
            "prompt = prompt.encode('ascii', 'ignore').decode()",
            {"answers complete_prompt"},
            "is the input UTF-8?",
            id="characters lost",
        ),
        pytest.param(
            "return 'hello'",
            {
                "answers complete_prompt",
                "reports errors of complete_prompt",
            },
            "sent no request to base_url",
            id="sends nothing",
        ),
    ],
)
def test_what_is_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, missing: set[str], told: str
) -> None:
    tmp_path.joinpath("pyproject.toml").write_text(
        '[tool.litellm-contracts]\ncapabilities = ["complete_prompt"]\n', encoding="utf-8"
    )
    tmp_path.joinpath("one.py").write_text(ONE_METHOD.format(body=body), encoding="utf-8")
    code = smoke("--python", sys.executable, "one.py:Handler", "--limit", "8")
    text = capsys.readouterr().out
    assert {name for name, word in steps(text).items() if word == "MISSING"} == missing
    assert code == (3 if missing else 0)
    assert told in text


@pytest.mark.parametrize(
    ("fault", "step", "told"),
    [
        pytest.param(
            "start-exits", "starts and answers `start`", "Traceback: it broke", id="start"
        ),
        pytest.param("build-exits", "builds a handler", "exited with code 3", id="build"),
        pytest.param("right", "answers create_message", "sent no request to base_url", id="wire"),
        pytest.param("message-breaks_off", "answers create_message", "Error: cut", id="error"),
    ],
)
def test_a_step_that_fails_is_told(
    capsys: pytest.CaptureFixture[str], fault: str, step: str, told: str
) -> None:
    assert smoke(*program(fault)) == 3
    text = capsys.readouterr().out
    assert steps(text)[step] == "MISSING"
    assert told in text


def test_steps_after_the_program_has_gone_are_not_tried(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smoke(*program("start-exits")) == 3
    assert list(steps(capsys.readouterr().out).values()) == ["MISSING", *["not tried"] * 9]


def test_a_program_that_stays_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_door_process, "STOP_LIMIT", 0.5)
    assert smoke(*program("stop-hang")) == 3
    assert steps(capsys.readouterr().out)["exits at `stop`"] == "MISSING"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param([], "smoke tries a program", id="nothing"),
        pytest.param(["--python", "py"], "--python needs a HANDLER", id="no handler"),
        pytest.param(["a:b", "--command", "x"], "exclude each other", id="both"),
        pytest.param(["--command", "x", "--limit", "0"], "--limit must be more", id="limit"),
    ],
)
def test_a_wrong_command_line_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert smoke(*arguments) == 2
    assert told in capsys.readouterr().err
