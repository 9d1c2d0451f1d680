"""Whether an earlier result still holds: everything it depended on, as one digest.

The verdict of a run depends on the suite, the handler, the SDK and whatever else is installed, the
interpreter, the settings, and some variables. Where one of them cannot be known there is no digest,
and the run is made again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import sys
import sysconfig
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from litellm_contracts._config import Config

_VARIABLES = ("OPENAI_", "PYTHONPATH")
_ENDINGS = ("_PROXY", "_proxy")
_UNIMPORTANT = {"given", "jobs"}
_WRITTEN_LATER = {"__pycache__", ".git"}


class _UnknownError(Exception):
    """Something the verdict depends on cannot be known."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a result depends on.

    Attributes:
        digest: The same digest, the same result; empty where it cannot be known.
        unknown: What cannot be known, as a sentence without its end.
    """

    digest: str = ""
    unknown: str = ""


def inputs_of_check(config: Config, depends: Sequence[Path]) -> Inputs:
    """Return what a run of `check` depends on.

    Args:
        config: The settings.
        depends: Files and folders that the handler is made of, where it is not installed.

    Raises:
        UsageError: where there is no such file or folder.
    """
    settings = {k: v for k, v in vars(config).items() if k not in _UNIMPORTANT}
    settings["waivers"] = [asdict(one) for one in config.waivers]
    if config.waivers:  # one of them may end tomorrow
        settings["today"] = today()
    contents = [part for path in depends for part in _contents(path)]
    unknown = "" if depends else _unseen(config)
    if config.python is not None:
        unknown = "which packages the other interpreter has is not known"
    return _digest({"settings": settings, "depends": contents}, unknown)


def inputs_of_probes(ids: Sequence[str]) -> Inputs:
    """Return what a run of `probe` depends on."""
    return _digest({"probes": sorted(ids)})


def earlier(path: Path, digest: str) -> dict[str, Any] | None:
    """Return the result in a file where it has this digest, else `None`."""
    if not digest or not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = isinstance(document, dict) and document.get("inputs") == digest
    return document if same else None


def today() -> str:
    """Return the day, as in ISO 8601."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def made_on(path: Path) -> str:
    """Return when a file was written, to the minute."""
    return f"{dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC):%Y-%m-%d %H:%M} UTC"


def _digest(asked: Mapping[str, Any], unknown: str = "") -> Inputs:
    if unknown:
        return Inputs(unknown=unknown)
    try:
        packages = sorted(installed_packages(sys.path))
    except _UnknownError as error:
        return Inputs(unknown=str(error))
    variables = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_VARIABLES) or name.endswith(_ENDINGS)
    }
    parts = [asked, packages, sorted(variables.items()), sys.version, platform.platform()]
    text = json.dumps(parts, sort_keys=True, default=repr)
    return Inputs(digest=hashlib.sha256(text.encode()).hexdigest())


def installed_packages(folders: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each package that is installed in these folders: name, version and record.

    The record stays empty for what came from an index: its version tells all.
    """
    for package in metadata.distributions(path=folders):
        origin = package.read_text("direct_url.json")
        yield package.name, package.version, _record(package) if origin else ""


def _record(package: metadata.Distribution) -> str:
    """Return the digests of a package's files, as its installer noted them.

    Raises:
        _UnknownError: where there are none.
    """
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        raise _UnknownError(
            f"{package.name} is installed in editable mode; its files may change unseen"
        )
    record = package.read_text("RECORD")
    if not record:
        raise _UnknownError(f"{package.name} was installed without a record of its files")
    # What the installer adds tells where and when, not what.
    return "\n".join(sorted(line for line in record.splitlines() if ".dist-info/" not in line))


def _unseen(config: Config) -> str:
    """Say why the handler's files are not known, or nothing where they are a package's."""
    if config.command is None:
        if config.handler is None:  # ours, a package like any other
            return ""
        module = config.handler.partition(":")[0]
        # As it will be imported: what lies in these folders goes before what is installed.
        first = [str(one) for one in (config.folder("handler"), Path.cwd()) if one is not None]
        if not module.endswith(".py") and _is_installed(module.partition(".")[0], first):
            return ""
    return "the files of the handler are not known; name them with --depends PATH"


def _is_installed(name: str, first: list[str]) -> bool:
    spec = PathFinder.find_spec(name, [*first, *sys.path])
    if spec is None or spec.origin is None:
        return False
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return any(Path(spec.origin).is_relative_to(folder) for folder in folders)


def _contents(path: Path) -> Iterator[tuple[str, str]]:
    if not path.exists():
        raise UsageError(f"--depends {path}: there is no such file or folder")
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    for file in files:
        if not _WRITTEN_LATER & set(file.parts):
            yield str(file), hashlib.sha256(file.read_bytes()).hexdigest()
