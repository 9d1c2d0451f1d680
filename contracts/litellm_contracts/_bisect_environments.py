"""Looks at a row with one release of the SDK: in a new environment, made by uv and taken away."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from litellm_contracts._errors import EXIT_HANDLER, UsageError
from litellm_contracts._matrix import load_matrix, requirements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.version import Version

_NAME = "litellm-contracts"
_LIMIT = 900.0
"""Seconds for one command: some releases have to be downloaded, on any line."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which row is looked at.

    Attributes:
        kind: `probe` or `contract`.
        id: Its id.
        handler: The handler, for a contract; `None` is what `check` judges by default.
        requirements: What else is installed.
    """

    kind: str
    id: str
    handler: str | None = None
    requirements: tuple[str, ...] = ()

    def command(self, path: Path) -> list[str]:
        """Return the words that ask it, and write the answer as JSON."""
        if self.kind == "probe":
            return ["probe", self.id, "--json", str(path)]
        handler = [self.handler] if self.handler else []
        return ["check", *handler, "-k", self.id, "--jobs", "1", "--json", str(path)]

    def answer(self, document: dict[str, Any]) -> str:
        """Return the row's value in what was written."""
        if self.kind == "probe":
            return str(document["probes"][0]["seen"])
        [found] = (one for one in document["contracts"] if one["id"] == self.id)
        return str(found["status"])


def find_uv() -> str:
    """Return the path of uv.

    Raises:
        UsageError: where it is neither on PATH nor beside this Python.
    """
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise UsageError("bisect makes its environments with uv, which is not here: pip install uv")
    return found


def look(question: Question, release: Version, uv: str, tell: Callable[[str], None]) -> str | None:
    """Return what the row is with a release; `None`, after telling why, where that cannot be said.

    The SDK is installed before the suite, as tox does: 1.0.0 to 1.3.7 ask for an anyio that is too
    old for the suite, and work with a newer one.
    """
    pinned = requirements_of(load_matrix(), str(release))
    with TemporaryDirectory(prefix="litellm-contracts-") as folder:
        place = Path(folder) / "environment"
        python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(place)],
            [*install, *pinned, *question.requirements],
            [*install, *_suite(), *pinned[1:]],
        ):
            ran = _run(command)
            if ran.returncode:
                tell(f"openai {release} cannot be installed: {_said(ran)}")
                return None
        path = Path(folder) / "answer.json"
        ran = _run([str(python), "-P", "-m", "litellm_contracts", *question.command(path)])
        if ran.returncode == EXIT_HANDLER and question.kind == "contract":
            return f"cannot be judged: {_said(ran)}"
        if not path.exists():
            tell(f"openai {release} cannot be looked at: {_said(ran)}")
            return None
        return question.answer(json.loads(path.read_text(encoding="utf-8")))


def _suite() -> list[str]:
    """Return the words that install this suite elsewhere (PEP 610 tells where it came from)."""
    here = metadata.distribution(_NAME)
    text = here.read_text("direct_url.json")
    if text is None:
        return [f"{_NAME}=={here.version}"]
    origin = json.loads(text)
    if "dir_info" in origin:  # editable, because uv would not build a changed folder anew
        return ["--editable", url2pathname(urlsplit(origin["url"]).path)]
    return [f"{_NAME} @ {origin['url']}"]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own words
            command,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not done within {_LIMIT:.0f} s")


def _said(ran: subprocess.CompletedProcess[str]) -> str:
    """Return the line that says most of what went wrong."""
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    reasons = [line for line in lines if line.startswith(("cause:", "Because", f"{_NAME}:"))]
    return (reasons or lines or [f"exit code {ran.returncode}"])[-1 if not reasons else 0][:300]
