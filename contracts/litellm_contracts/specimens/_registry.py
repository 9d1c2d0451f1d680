"""Specimens: handlers with a known verdict, each named by its fault or its oddity."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from litellm_contracts._errors import UnknownContractError, closest
from litellm_contracts.specimens._base import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = TypeVar("P", bound=type[Parts])


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A handler and the contracts it must break.

    Attributes:
        name: Its fault or its oddity.
        about: What it does, in one sentence.
        handler: The class; its special code calls `fault`, which tells that it has run.
        breaks: Contract ids and patterns over them, `-` before those to take out again; empty
            for a handler that is right. All other contracts must be kept.
        sends: Whether its requests arrive; where they should and do not, nothing is proved.
        profile: Name of the profile it is judged by.
        is_slow: Whether it spends its time waiting; it is started first.
        is_patient: Whether it takes hundreds of calls to see the fault.
    """

    name: str
    about: str
    handler: type[Parts]
    breaks: str = ""
    sends: bool = True
    profile: str = "zoo"
    is_slow: bool = False
    is_patient: bool = False

    @property
    def is_right(self) -> bool:
        """Whether the handler must break nothing."""
        return not self.breaks

    def must_break(self, ids: Iterable[str]) -> frozenset[str]:
        """Return exactly the ids that must be broken.

        Raises:
            UnknownContractError: where a pattern matches no id.
        """
        try:
            return expand(self.breaks, ids)
        except UnknownContractError as error:
            raise UnknownContractError(f"specimen {self.name}: {error}") from None


SPECIMENS: dict[str, Specimen] = {}


def known_bad(name: str, about: str, breaks: str, **options: Any) -> Callable[[P], P]:  # noqa: ANN401
    """Register a handler with a fault; the options are those of `Specimen`."""
    if not breaks.split():
        raise ValueError(f"{name}: a known-bad handler must break something")
    return _register(name, about, breaks, **options)


def unusual(name: str, about: str, **options: Any) -> Callable[[P], P]:  # noqa: ANN401
    """Register a handler that is right, however odd; the options are those of `Specimen`."""
    return _register(name, about, "", **options)


def expand(patterns: str, ids: Iterable[str]) -> frozenset[str]:
    """Return the ids that patterns such as `presence/* -presence/long-id` name.

    Raises:
        UnknownContractError: where a pattern matches no id, or takes out what is not in.
    """
    ids = list(ids)
    named: set[str] = set()
    for pattern in patterns.split():
        wanted = pattern.removeprefix("-")
        matching = {one for one in ids if fnmatchcase(one, wanted)}
        if not matching:
            raise UnknownContractError(f"{wanted!r} matches no contract{closest(wanted, ids)}")
        if pattern.startswith("-"):
            if not matching <= named:
                raise UnknownContractError(f"{pattern!r} takes out what was not named before it")
            named -= matching
        else:
            named |= matching
    return frozenset(named)


def _register(name: str, about: str, breaks: str, **options: Any) -> Callable[[P], P]:  # noqa: ANN401
    def register(handler: P) -> P:
        if name in SPECIMENS:
            raise ValueError(f"two specimens are named {name!r}")
        SPECIMENS[name] = Specimen(
            name=name, about=about, handler=handler, breaks=breaks, **options
        )
        return handler

    return register
