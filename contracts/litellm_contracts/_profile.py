"""Profiles: which header a vendor's handler sends, and when it is due."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, TypeAlias

from litellm_contracts._errors import UsageError, closest

if TYPE_CHECKING:
    from litellm_contracts._model import Call


class _Any(Enum):  # an enum member stays the same object in another process
    ANY = "any value"


ANY = _Any.ANY
"""Stands for a header line that must be there, with whatever value."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2

Due: TypeAlias = str | _Any | None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a vendor promises about its session header.

    Attributes:
        name: The profile's name.
        vendor: Whose client it is.
        header: The header's name as the vendor writes it.
        create_message: `when-task-id` or `always`.
        complete_prompt: `never` or `always`.
        litellm_source: The rule by which LiteLLM finds the id (`Session.source`), or `None`
            where it finds none.
        user_agent: The user agent LiteLLM wants to see beside the header, if any.
    """

    name: str
    vendor: str
    header: str
    create_message: Literal["when-task-id", "always"] = "when-task-id"
    complete_prompt: Literal["never", "always"] = "never"
    litellm_source: str | None = None
    user_agent: str | None = None

    @property
    def recognized(self) -> bool:
        """Whether LiteLLM files requests by this header."""
        return self.litellm_source is not None

    def due(self, call: Call) -> Due:
        """Return the header value a call must carry: a text, `ANY`, or `None` for no header."""
        if call.method == "complete_prompt":
            return ANY if self.complete_prompt == "always" else None
        if isinstance(call.task_id, str) and call.task_id:
            return call.task_id
        return ANY if self.create_message == "always" else None


@cache
def profiles() -> dict[str, Profile]:
    """Return the profiles that ship, by name."""
    text = files("litellm_contracts").joinpath("profiles.toml").read_text("utf-8")
    entries = tomllib.loads(text)["profile"]
    return {name: Profile(name=name, **entry) for name, entry in entries.items()}


def choose_profile(name: str | None = None, header: str | None = None) -> Profile:
    """Return the profile of this name (zoo), with another header where one is given.

    LiteLLM should file by a header of one's own, whatever becomes of the profile's.

    Raises:
        UsageError: where no profile has the name, or the header is no header name.
    """
    known = profiles()
    name = name or "zoo"
    if name not in known:
        hint = closest(name, known)
        raise UsageError(f"no profile is called {name!r}{hint} (known: {', '.join(known)})")
    if header in {None, known[name].header}:
        return known[name]
    if not _TOKEN.fullmatch(header):
        raise UsageError(f"{header!r} is no header name; expected a token such as X-Zoo-Session-ID")
    return replace(known[name], header=header, litellm_source=header.lower())


ZOO = profiles()["zoo"]
