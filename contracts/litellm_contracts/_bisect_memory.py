"""What a bisection saw so far, on disk after every look, so that it goes on where it ended."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.version import Version

    from litellm_contracts._bisect_environments import Question


class Memory:
    """Remembers answers to one question in a folder.

    Args:
        folder: The folder; it is made, and ignored by git.
        question: The question; another handler, suite or Python is another question.
    """

    def __init__(self, folder: Path, question: Question) -> None:
        self._about = {
            **asdict(question),
            "requirements": list(question.requirements),
            "suite": metadata.version("litellm-contracts"),
            "python": platform.python_version(),
        }
        digest = hashlib.sha256(json.dumps(self._about, sort_keys=True).encode()).hexdigest()[:16]
        self._path = folder / f"{digest}.json"
        self._seen: dict[str, str] = {}

    def load(self) -> None:
        """Take up what an earlier run saw; a file that is not whole is as none."""
        try:
            document: Any = json.loads(self._path.read_text(encoding="utf-8"))
            self._seen = {str(key): str(value) for key, value in document["seen"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._seen = {}

    def get(self, release: Version) -> str | None:
        """Return what was seen with a release, or `None`."""
        return self._seen.get(str(release))

    def put(self, release: Version, value: str) -> None:
        """Keep what was seen."""
        self._seen[str(release)] = value
        text = json.dumps({"about": self._about, "seen": self._seen}, indent=1) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.parent.joinpath(".gitignore").write_text("*\n", encoding="utf-8")
            unfinished = self._path.with_suffix(".new")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._path)
        except OSError as error:
            raise UsageError(
                f"cannot write {self._path}: {error.strerror}; name another folder with --memory"
            ) from None
