"""`litellm-contracts matrix update`: newer SDK releases come into the list, its comments stay."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from litellm_contracts._matrix import Language

_LIMIT = 120.0
"""Seconds that an index has to answer."""


def released(language: Language) -> list[Version]:
    """Return the final releases that the index has, in order; pip or npm is asked.

    Raises:
        UsageError: where there is no such tool, or it cannot say.
    """
    command = _NPM if language == "node" else [*_pip(), *_PIP]
    try:
        ran = subprocess.run(  # noqa: S603 - our own words
            [shutil.which(command[0]) or command[0], *command[1:]],
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=_LIMIT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"cannot run `{' '.join(command)}`: {error}") from None
    versions = _versions(ran.stdout, language)
    if ran.returncode or not versions:
        last = (ran.stderr.strip() or "it named no release").splitlines()[-1]
        raise UsageError(
            f"`{' '.join(command)}` cannot say what is released: {last}; nothing was changed"
        )
    return versions


def update(
    text: str, found: Mapping[Language, Sequence[Version]], minors: Sequence[str] = ()
) -> tuple[str, list[str]]:
    """Return the list with what is newer, and a line for each change.

    Args:
        text: The list as it is.
        found: Every release by SDK, in order.
        minors: Majors of the Python SDK of which each minor's first and last come in, too.

    Raises:
        UsageError: where nothing of such a major is released.
    """
    import tomlkit

    majors = sorted({str(new.major) for new in found["python"]})
    for major in minors:
        if major not in majors:
            raise UsageError(
                f"--minors {major}: there is no such major; expected one of {', '.join(majors)}"
            )

    document = tomlkit.parse(text)
    changes: list[str] = []
    for language, versions in found.items():
        releases: Any = document[language]["release"]
        changes += _move(releases, versions, language)
        if language == "python":
            changes += _add(releases, _ends_of_minors(versions, minors), language)
    return tomlkit.dumps(document), changes


def _move(releases: Any, versions: Sequence[Version], language: Language) -> Iterator[str]:  # noqa: ANN401
    """Move what moves within its major; then add each major that is new."""
    for one in releases:
        before = Version(one["openai"])
        if one.get("moves"):
            last = max((new for new in versions if new.major == before.major), default=before)
            if last > before:
                one["openai"] = str(last)
                yield f"{language}: {before} becomes {last} ({one['why']})"
    listed = max(Version(one["openai"]).major for one in releases)
    for major in sorted({new.major for new in versions if new.major >= listed}):
        mine = [new for new in versions if new.major == major]
        if major > listed:
            _settle_newest(releases)
            yield from _add(releases, {mine[0]: f"the first {major}.x"}, language)
        if mine[-1] > max(Version(one["openai"]) for one in releases):
            yield from _add(releases, {mine[-1]: "the newest known"}, language, moves="newest")


def _settle_newest(releases: Any) -> None:  # noqa: ANN401
    """Keep what was the newest as the last of its major."""
    for one in releases:
        if one.get("moves") == "newest":
            one["moves"] = "last-of-major"
            one["why"] = f"the last {Version(one['openai']).major}.x"


def _ends_of_minors(versions: Sequence[Version], minors: Sequence[str]) -> dict[Version, str]:
    ends: dict[Version, str] = {}
    for minor in dict.fromkeys((new.major, new.minor) for new in versions):
        if str(minor[0]) in minors:
            mine = [new for new in versions if (new.major, new.minor) == minor]
            name = f"{minor[0]}.{minor[1]}"
            ends[mine[-1]] = f"the last {name}"
            ends[mine[0]] = f"the first {name}" if len(mine) > 1 else f"the only {name}"
    return ends


def _add(
    releases: Any,  # noqa: ANN401
    wanted: Mapping[Version, str],
    language: Language,
    **rest: str,
) -> Iterator[str]:
    """Add entries where the order of versions has their place."""
    import tomlkit

    for new, why in sorted(wanted.items()):
        known = [Version(one["openai"]) for one in releases]
        if new not in known:
            entry = tomlkit.table()
            entry.update({"openai": str(new), "why": why, **rest})
            entry.add(tomlkit.nl())
            releases.insert(sum(one < new for one in known), entry)
            yield f"{language}: {new} is new ({why})"


def _versions(text: str, language: Language) -> list[Version]:
    if language == "node":
        try:
            words = json.loads(text or "[]")
        except json.JSONDecodeError:
            return []
    else:
        lines = text.splitlines()
        listed = next((one for one in lines if one.startswith("Available versions:")), ":")
        words = listed.partition(":")[2].split(",")
    return sorted(version for word in words if (version := _final(word.strip())) is not None)


def _final(word: str) -> Version | None:
    try:
        version = Version(word)
    except InvalidVersion:
        return None
    return None if version.is_prerelease or version.major == 0 else version


def _pip() -> list[str]:
    """Return how pip is run: the one beside this Python, else the one on PATH."""
    return [sys.executable, "-m", "pip"] if find_spec("pip") else ["pip"]


_PIP = ["index", "versions", "openai"]
_NPM = ["npm", "view", "openai", "versions", "--json"]
