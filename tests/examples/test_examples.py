"""Each example, judged through its own commands, in an environment of its own.

It installs packages, so that it runs in a tox environment of its own and not with the other tests.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._matrix import load_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LAST_OF_EACH_MAJOR = list({one.major: one.openai for one in load_matrix().of("node")}.values())
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that copies an example into a folder of its own."""

    def copy(name: str) -> Path:
        ignored = shutil.ignore_patterns("node_modules", "dist", ".venv", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=ignored))

    return copy


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of a README as its reader would."""
    path = f"{Path(sys.executable).parent}:$PATH"
    return subprocess.run(  # noqa: S602 - our own README
        f'PATH="{path}" && {command}',
        shell=True,
        cwd=folder,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_leads_to_a_conformant_handler(
    name: str, example: Callable[[str], Path]
) -> None:
    folder = example(name)
    text = folder.joinpath("README.md").read_text(encoding="utf-8")
    (commands,) = COMMANDS.findall(text)
    *lines, check = commands.splitlines()
    for line in [*lines, f"{check} --json report.json"]:
        ran = run(line, folder)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
    report = json.loads(folder.joinpath("report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "conformant"
    assert report["counts"]["pass"] > 60


@pytest.mark.parametrize("openai", LAST_OF_EACH_MAJOR)
def test_the_typescript_example_is_conformant_on(
    openai: str, example: Callable[[str], Path]
) -> None:
    folder = example("node-typescript")
    check = 'litellm-contracts check --command "node dist/contracts.js" --json report.json'
    for line in (f"npm install openai@{openai}", "npx tsc", check):
        ran = run(line, folder)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
    package = folder.joinpath("node_modules", "openai", "package.json")
    assert json.loads(package.read_text(encoding="utf-8"))["version"] == openai
    report = json.loads(folder.joinpath("report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "conformant"


def test_there_is_an_example_for_each_way() -> None:
    assert NAMES == [
        "node-javascript",
        "node-typescript",
        "python-httpx",
        "python-langchain",
        "python-litellm",
        "python-sync",
    ]
