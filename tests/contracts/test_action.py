"""The GitHub Action: its judging step is run with bash, as a runner would."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WORKFLOWS = [
    yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
]
WORKFLOWS += [yaml.safe_load(text) for language, text in SNIPPETS if language == "yaml"]
NO_PIP = f"""#!/usr/bin/env bash
if [ "$1 $2" = "-m pip" ]; then paste -sd " " "${{@: -1}}" >> "$PIP_LOG"; exit 0; fi
exec {sys.executable} "$@"
"""


def steps_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every step of a workflow."""
    return [step for job in document.get("jobs", {}).values() for step in job["steps"]]


def run_step(folder: Path, inputs: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Run the judging step: its exit code, its outputs and what it printed."""
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(NO_PIP, encoding="utf-8")
    python.chmod(0o755)
    given = {name: spec["default"] for name, spec in ACTION["inputs"].items()} | inputs
    values = {f"${{{{ inputs.{name} }}}}": text for name, text in given.items()}
    values["${{ github.action_path }}"] = str(ROOT)
    (step,) = [one for one in STEPS if one.get("id") == "judge"]
    output = folder / "output.txt"
    ran = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={
            **os.environ,
            **{name: values[text] for name, text in step["env"].items()},
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "PIP_LOG": str(folder / "pip.txt"),
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        },
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    pairs = [line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines()]
    return ran.returncode, dict(pairs), ran.stdout + ran.stderr


def test_no_input_is_written_into_a_script() -> None:
    scripts = [step["run"] for step in STEPS]
    scripts += [step.get("run", "") for workflow in WORKFLOWS for step in steps_of(workflow)]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_every_input_reaches_the_step_and_every_output_is_told() -> None:
    given = "".join(str(step.get("env", "")) for step in STEPS)
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in given] == []
    script = (ROOT / ".ci" / "judge").read_text(encoding="utf-8")
    assert [name for name in ACTION["outputs"] if f'print(f"{name}=' not in script] == []
    assert all(
        one["value"] == f"${{{{ steps.judge.outputs.{name} }}}}"
        for name, one in ACTION["outputs"].items()
    )


def test_every_action_that_is_used_has_a_version() -> None:
    used = [step["uses"] for one in WORKFLOWS for step in steps_of(one) if "uses" in step]
    assert used
    assert [one for one in used if not re.search(r"@v\d+(\.\d+\.\d+)?$", one)] == []


@pytest.mark.parametrize(("language", "text"), SNIPPETS)
def test_a_recipe_can_be_read(language: str, text: str) -> None:
    if language == "ini":
        parser = configparser.RawConfigParser()
        parser.read_string(text)
        assert "litellm-contracts check" in str(dict(parser[parser.sections()[0]]))
    else:
        assert isinstance(yaml.safe_load(text), dict)


def test_a_broken_handler_fails_the_step(tmp_path: Path, handlers: Path) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    code, outputs, told = run_step(
        tmp_path, {"handler": spec, "requirements": "2026-11", "report": "my reports"}
    )
    assert code == 1
    assert outputs["verdict"] == "broken"
    assert int(outputs["passed"]) > 0
    assert int(outputs["failed"]) > 0
    assert outputs["report-path"] == "my reports"
    assert "::error" in told
    assert "presence/first-turn" in tmp_path.joinpath("summary.md").read_text(encoding="utf-8")
    assert tmp_path.joinpath("my reports", "openai-installed.json").is_file()


def test_each_release_is_installed_with_its_pins_and_judged(tmp_path: Path) -> None:
    code, outputs, told = run_step(tmp_path, {"openai-versions": "1.0.0, latest"})
    assert (code, outputs["verdict"], outputs["failed"]) == (0, "conformant", "0"), told
    asked = tmp_path.joinpath("pip.txt").read_text(encoding="utf-8").splitlines()
    assert asked == ["openai==1.0.0 httpx<0.28", "openai"]
    found = tmp_path.joinpath("litellm-contracts-report").iterdir()
    assert {path.name for path in found} == {"openai-1.0.0.json", "openai-latest.json"}


@pytest.mark.parametrize(
    ("inputs", "code", "told"),
    [
        pytest.param({"openai-versions": "0.28.1"}, 2, "the lowest is 1.0.0", id="too old"),
        pytest.param({"openai-versions": "1.0.0; touch x"}, 2, "is no version", id="no version"),
        pytest.param({"handler": "no_such:f"}, 3, "No module named", id="no handler"),
        pytest.param({"handler": "$(touch x)"}, 3, "cannot read the handler", id="a script"),
        pytest.param({"profile": "zo"}, 2, "did you mean 'zoo'?", id="profile"),
        pytest.param({"handler": "a:b", "command": "x"}, 2, "exclude each other", id="both"),
    ],
)
def test_what_could_not_be_judged_is_an_error(
    tmp_path: Path, inputs: dict[str, str], code: int, told: str
) -> None:
    found, outputs, text = run_step(tmp_path, inputs)
    assert found == code
    assert outputs == {
        "verdict": "error",
        "passed": "0",
        "failed": "0",
        "report-path": "litellm-contracts-report",
    }
    assert told in text
    assert not tmp_path.joinpath("x").exists()
