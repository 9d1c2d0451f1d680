"""The JavaScript example under the first and last release of each major of the openai npm package.

Each release leaves its results in `results/`, as the environments of the Python SDK do.
`OPENAI_NODE=node7.57.0` takes that one alone, as the tox environment of that name does, and
`OPENAI_NODE_FOLDER` keeps what is installed: then a second run judges only what changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.version import Version

from litellm_contracts._matrix import load_matrix
from litellm_contracts._probes import held_against, read_history, write_probes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLE = ROOT / "examples" / "node-javascript"
EVERY = [one.name for one in load_matrix().of("node")]
WHOLE_CHARACTERS = Version("4.84.0")
"""The first release that keeps the bytes of a character until all have arrived."""
CHOSEN = os.environ.get("OPENAI_NODE", "")
FOLDER = os.environ.get("OPENAI_NODE_FOLDER", "")
CHECK = (sys.executable, "-m", "litellm_contracts", "check", "--command", "node contracts.mjs")
PARTS = ("contracts.mjs", "door.mjs", "handler.mjs", "node_modules/openai/package.json")


@dataclass(frozen=True)
class Installed:
    """The example with one release of the SDK, and where its results go."""

    folder: Path
    result: Path
    probes: Path

    @property
    def version(self) -> str:
        """The release that is installed."""
        place = self.folder / "node_modules" / "openai" / "package.json"
        return str(json.loads(place.read_text(encoding="utf-8"))["version"])


def run(folder: Path, *command: str) -> str:
    """Run a program and return what it prints."""
    words = [shutil.which(command[0]) or command[0], *command[1:]]
    ran = subprocess.run(words, cwd=folder, check=False, capture_output=True, encoding="utf-8")
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module", params=[CHOSEN] if CHOSEN else EVERY)
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """Return a copy of the example with one release of the SDK."""
    results = ROOT / "results"
    results.mkdir(exist_ok=True)
    one = Installed(
        folder=Path(FOLDER) if FOLDER else tmp_path_factory.mktemp("node") / "example",
        result=results / f"{request.param}.json",
        probes=results / f"{request.param}.probes.json",
    )
    one.probes.unlink(missing_ok=True)
    ignored = shutil.ignore_patterns("node_modules")
    shutil.copytree(EXAMPLE, one.folder, ignore=ignored, dirs_exist_ok=True)
    wanted = request.param.removeprefix("node")
    if not one.folder.joinpath("node_modules").exists() or one.version != wanted:
        run(one.folder, "npm", "install", "--no-audit", "--no-fund", f"openai@{wanted}")
    if Version(wanted) < WHOLE_CHARACTERS:
        shutil.copy(HERE / "openai_node_before_4_84.toml", one.folder / "pyproject.toml")
    return one


def test_the_example_is_conformant(installed: Installed) -> None:
    depends = [word for part in (*PARTS, shutil.which("node")) for word in ("--depends", str(part))]
    told = run(installed.folder, *CHECK, "--json", str(installed.result), "--reuse", *depends)
    assert "conformant: " in told
    result = json.loads(installed.result.read_text(encoding="utf-8"))
    assert result["verdict"] == "conformant"
    assert result["handler"]["sdk"] == f"openai {installed.version}"


def test_the_sdk_does_what_is_known_of_it(installed: Installed) -> None:
    shutil.copy(HERE / "openai_node.mjs", installed.folder)
    seen = json.loads(run(installed.folder, "node", "openai_node.mjs"))
    results = held_against(read_history("openai-node"), installed.version, seen)
    write_probes(results, installed.probes, sys.stdout.write)
    assert [(one.id, one.expected, one.seen) for one in results if one.departs] == []
    assert set(seen) == {one.id for one in results}
