"""What is written from the list: sections of tox.ini and of the documentation, and job lists.

A section stands between two lines; what is between them is never edited by hand:

    # >>> matrix: environments (litellm-contracts matrix write; do not edit)
    # <<< matrix
"""

from __future__ import annotations

import re
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import UsageError, closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from litellm_contracts._matrix import Language, Matrix, Release

_SECTION = re.compile(
    r"(?P<begin>^(?P<indent>[ ]*)(?:\#|<!--)[ ]>>>[ ]matrix:[ ](?P<name>[\w-]+)[^\n]*\n)"
    r".*?"
    r"(?P<end>^[ ]*(?:\#|<!--)[ ]<<<[ ]matrix)",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_WIDTH = 88


def write_sections(text: str, matrix: Matrix, place: str) -> str:
    """Return the text of a file with every marked section written anew.

    Raises:
        UsageError: where it has no marked section, or one of a name that is unknown.
    """

    def write(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in SECTIONS:
            raise UsageError(
                f"{place}: no section is called {name!r}{closest(name, SECTIONS)} "
                f"(known: {', '.join(SECTIONS)})"
            )
        lines = (f"{found['indent']}{line}".rstrip() for line in SECTIONS[name](matrix))
        return found["begin"] + "".join(f"{line}\n" for line in lines) + found["end"]

    written, count = _SECTION.subn(write, text)
    if not count:
        raise UsageError(
            f"{place} has no marked section; expected a line such as `# >>> matrix: environments` "
            "and below it `# <<< matrix`"
        )
    return written


def jobs(matrix: Matrix, language: Language, label: str = "") -> list[dict[str, Any]]:
    """Return one job for each release and Python, as a CI's matrix takes it."""
    chosen = matrix.of(language, label)
    if language == "node":
        return [
            {"name": one.name, "openai": one.openai, "pins": one.requirements} for one in chosen
        ]
    others = matrix.other_pythons if label == "ends" else ()
    plain = [_job(one, python, one.name) for one in chosen for python in matrix.pythons]
    return plain + [
        _job(one, python, f"py{python.replace('.', '')}-{one.name}")
        for python in others
        for one in chosen
    ]


def _job(release: Release, python: str, name: str) -> dict[str, Any]:
    return {"name": name, "openai": release.openai, "python": python, "pins": release.requirements}


def _environments(matrix: Matrix) -> Iterator[str]:
    for (_, variant), group in groupby(
        matrix.of("python"), key=lambda one: (one.major, one.variant)
    ):
        tail = f"-{variant}" if variant else ""
        for line in wrap(" ".join(one.openai for one in group), _WIDTH):
            yield f"openai{_braces(line.split())}{tail}"


def _labels(matrix: Matrix) -> Iterator[str]:
    others = _braces([python.replace(".", "") for python in matrix.other_pythons])
    selftest = _versions(matrix.of("python", "selftest"))
    yield f"quick = openai{_versions(matrix.of('python', 'quick'))}"
    yield f"matrix = {', '.join(_environments(matrix))}"
    yield f"ends = py{others}-openai{_versions(matrix.of('python', 'ends'))}"
    yield f"selftest = selftest-openai{selftest}"
    yield f"node = node{_versions(matrix.of('node'))}"


def _releases(matrix: Matrix) -> Iterator[str]:
    releases = matrix.of("python")
    width = max(len(_dependency(one)) for one in releases)
    for one in releases:
        yield f"{_dependency(one):<{width}}  # {one.why}"
    pins = dict.fromkeys(pin for one in releases for pin in one.pins)
    for pin in pins:
        names = [one.name for one in releases if pin in one.pins]
        yield from (f"{line.replace(' ', ',')}: {pin}" for line in wrap(" ".join(names), _WIDTH))


def _dependency(release: Release) -> str:
    return f"{release.variant or release.name}: {release.requirement}"


def _node_section(matrix: Matrix) -> Iterator[str]:
    yield f"[testenv:node{_versions(matrix.of('node'))}]"


def _table(matrix: Matrix) -> Iterator[str]:
    for title, language in _TITLES.items():
        yield ""
        yield f"| {title} | installed with it | why it is in the list |"
        yield "|---|---|---|"
        for one in matrix.of(language):
            variant = f" ({one.variant})" if one.variant else ""
            pins = ", ".join(f"`{pin}`" for pin in one.pins)
            yield f"| {one.openai}{variant} | {pins} | {one.why} |"
    yield ""


def _versions(releases: Sequence[Release]) -> str:
    return _braces([one.openai for one in releases])


def _braces(words: Sequence[str]) -> str:
    return "{" + ",".join(words) + "}" if len(words) > 1 else words[0]


_TITLES: dict[str, Language] = {"openai (Python)": "python", "openai (npm)": "node"}
SECTIONS: dict[str, Callable[[Matrix], Iterator[str]]] = {
    "environments": _environments,
    "labels": _labels,
    "releases": _releases,
    "node": _node_section,
    "table": _table,
}
