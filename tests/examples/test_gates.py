"""The gates of the docs: pasted into an empty folder, they end in a conformant provider."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
FILES = re.compile(r'^    ```\w+ title="([\w.]+)"\n(.*?)^    ```$', re.MULTILINE | re.DOTALL)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """Return an empty folder with a clone of the repository beside it."""
    tmp_path.joinpath("litellm-contracts").symlink_to(ROOT)
    folder = tmp_path / "my-provider"
    folder.mkdir()
    return folder


def paste(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the lines in one shell, which stops at the first that fails."""
    inherited = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    return subprocess.run(
        ["/bin/bash", "-ec", commands],
        cwd=folder,
        env=inherited,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("page", ["gate-python.md", "gate-typescript.md"])
def test_the_gate_is_there_after_five_commands_and_stays_with_the_settings(
    page: str, empty_folder: Path
) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    commands = COMMANDS.findall(text)[0]
    assert len(commands.splitlines()) <= 5
    assert "&&" not in commands
    pasted = paste(commands, empty_folder)
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    assert "\nconformant: " in pasted.stdout
    for name, block in FILES.findall(text):
        lines = block.replace("\n    ", "\n").removeprefix("    ")
        empty_folder.joinpath(name).write_text(lines, encoding="utf-8")
    again = paste(". .venv/bin/activate; litellm-contracts check", empty_folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "\nconformant: " in again.stdout


def test_the_provider_in_an_environment_of_its_own_is_judged(empty_folder: Path) -> None:
    """The command of the last section, with the suite outside the provider's environment."""
    text = (ROOT / "docs" / "gate-python.md").read_text(encoding="utf-8")
    example = "../litellm-contracts/examples/python-sync/handler.py"
    prepare = f"python3 -m venv .venv; .venv/bin/pip install openai; cp {example} provider.py\n"
    pasted = paste(prepare + COMMANDS.findall(text)[1], empty_folder)
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    assert "\nconformant: " in pasted.stdout
