"""The JavaScript example under the first and last release of each major of the openai npm package.

`OPENAI_NODE=node7.57.0` takes that one alone, as the tox environment of that name does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from litellm_contracts._matrix import load_matrix

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "node-javascript"
EVERY = [one.openai for one in load_matrix().of("node")]
CHOSEN = os.environ.get("OPENAI_NODE", "").removeprefix("node")
FACTS = tomllib.loads(HERE.joinpath("openai-node.toml").read_text(encoding="utf-8"))["fact"]


def run(folder: Path, *command: str) -> str:
    """Run a program and return what it prints."""
    words = [shutil.which(command[0]) or command[0], *command[1:]]
    ran = subprocess.run(words, cwd=folder, check=False, capture_output=True, encoding="utf-8")
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module", params=[CHOSEN] if CHOSEN else EVERY)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example with one release of the SDK installed."""
    folder = tmp_path_factory.mktemp("node") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    run(folder, "npm", "install", "--no-audit", "--no-fund", f"openai@{request.param}")
    return folder


def version(folder: Path) -> str:
    """Return the release that is installed."""
    place = folder / "node_modules" / "openai" / "package.json"
    return str(json.loads(place.read_text(encoding="utf-8"))["version"])


def test_the_example_is_conformant(installed: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "litellm_contracts",
        "check",
        "--command",
        "node contracts.mjs",
    ]
    told = run(installed, *command)
    assert f"openai {version(installed)}, node" in told
    assert "\nconformant: " in told


def test_the_sdk_does_what_is_known_of_it(installed: Path) -> None:
    shutil.copy(HERE / "openai_node.mjs", installed)
    known = {}
    for fact in FACTS:
        exceptions = [
            one["sent"]
            for one in fact.get("unless", [])
            if version(installed) in SpecifierSet(one["openai"])
        ]
        (known[fact["name"]],) = exceptions or [fact["sent"]]
    assert json.loads(run(installed, "node", "openai_node.mjs")) == known
