"""`matrix.toml`: the SDK releases that the contracts are run with, with pins and reasons."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from packaging.version import InvalidVersion, Version

from litellm_contracts._errors import UsageError, closest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FILE = files("litellm_contracts").joinpath("matrix.toml")
LABELS = ("quick", "ends", "selftest")

Language: TypeAlias = Literal["python", "node"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of an SDK.

    Attributes:
        openai: Its version.
        why: Why it is in the list.
        language: `python` or `node`.
        pins: What else has to be installed with it, as requirements.
        extras: The extras of the package that are installed.
        variant: Tells it from another entry of the same version.
        labels: The selections it belongs to, of `LABELS`.
        moves: When `matrix update` replaces it by a newer one; empty is never.
    """

    openai: str
    why: str
    language: Language
    pins: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    variant: str = ""
    labels: tuple[str, ...] = ()
    moves: Literal["", "newest", "last-of-major"] = ""

    @property
    def name(self) -> str:
        """The name of its tox environment."""
        word = "openai" if self.language == "python" else "node"
        return f"{word}{self.openai}" + (f"-{self.variant}" if self.variant else "")

    @property
    def major(self) -> str:
        """The first part of its version."""
        return self.openai.partition(".")[0]

    @property
    def requirement(self) -> str:
        """What an installer is asked for."""
        if self.language == "node":
            return f"openai@{self.openai}"
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"openai{extras}=={self.openai}"

    @property
    def requirements(self) -> list[str]:
        """Everything that is installed for it."""
        return [self.requirement, *self.pins]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The list, in its own order.

    Attributes:
        releases: Every entry.
        pythons: The Pythons that every release runs on.
        other_pythons: The Pythons that those with the label `ends` run on, too.
    """

    releases: tuple[Release, ...]
    pythons: tuple[str, ...]
    other_pythons: tuple[str, ...]

    def of(self, language: Language, label: str = "") -> tuple[Release, ...]:
        """Return the releases of one SDK, or those of them with a label.

        Raises:
            UsageError: where no label has this name.
        """
        if label and label not in LABELS:
            raise UsageError(
                f"no label is called {label!r}{closest(label, LABELS)} (known: {', '.join(LABELS)})"
            )
        mine = (one for one in self.releases if one.language == language)
        return tuple(one for one in mine if not label or label in one.labels)


def requirements_of(matrix: Matrix, version: str) -> list[str]:
    """Return what is installed for a release of the Python SDK, which may be outside the list.

    Its pins are those of the nearest listed release at or below it.

    Raises:
        UsageError: where it is no version, or one below the lowest that is supported.
    """
    if version == "latest":
        return ["openai"]
    try:
        wanted = Version(version)
    except InvalidVersion:
        raise UsageError(
            f"{version!r} is no version; expected one such as 1.55.3, or latest"
        ) from None
    plain = [one for one in matrix.of("python") if not one.variant]
    below = [one for one in plain if Version(one.openai) <= wanted]
    if not below:
        raise UsageError(f"openai {version} is not supported; the lowest is {plain[0].openai}")
    return [f"openai=={wanted}", *below[-1].pins]


def load_matrix(place: Traversable = FILE) -> Matrix:
    """Read the list."""
    document = tomllib.loads(place.read_text(encoding="utf-8"))
    languages: tuple[Language, ...] = ("python", "node")
    entries = ((one, language) for language in languages for one in document[language]["release"])
    return Matrix(
        releases=tuple(_release(one, language) for one, language in entries),
        pythons=tuple(document["python"]["pythons"]),
        other_pythons=tuple(document["python"]["other_pythons"]),
    )


def _release(entry: dict[str, Any], language: Language) -> Release:
    plain: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in entry.items()
    }
    return Release(**plain, language=language)
