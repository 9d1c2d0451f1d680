"""Which SDK an environment has: what its result says of it, and what the name of its files says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litellm_contracts._merge import SDKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litellm_contracts._matrix import Language

# Three parts behind `node`: with fewer it is rather a version of Node itself.
_NAME = re.compile(
    r"(?P<python>openai)(?P<release>\d+(?:\.\w+)*|latest)|(?P<node>node)(?P<npm>\d+\.\d+\.\d+)"
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one place says of the SDK; empty where it says nothing.

    Attributes:
        sdk: Which of the SDKs it is.
        openai: Its version.
        runtime: The version of what it runs on.
    """

    sdk: Language | None = None
    openai: str = ""
    runtime: str = ""

    def __str__(self) -> str:
        registry = SDKS[self.sdk].registry if self.sdk else ""
        return " of ".join(filter(None, (self.openai, registry)))


def named(name: str) -> Claim:
    """Return what the name of an environment says, such as `py312-openai3.57.0`, `node7.57.0`."""
    found = _NAME.search(name)
    if found is None:
        return Claim()
    if found["node"]:
        return Claim(sdk="node", openai=found["npm"])
    return Claim(sdk="python", openai=found["release"].replace("latest", ""))


def told(result: Mapping[str, Any] | None) -> Claim:
    """Return what a result says."""
    if result is None:
        return Claim()
    handler, environment = result["handler"], result["environment"]
    language, _, runtime = str(handler["language"] or "").partition(" ")
    package, _, version = str(handler.get("sdk") or "").partition(" ")
    sdk = next((one for one in SDKS if one == language.lower()), None)
    return Claim(
        sdk=sdk,
        openai=version if package == "openai" else environment["openai"] or "",
        runtime=runtime or (environment["python"] if sdk == "python" else ""),
    )


def label(name: str, openai: str) -> str:
    """Return what an environment is called in a range: its release, and what else its name says."""
    if not openai:
        return name
    rest = _NAME.sub(lambda found: "latest" if found["release"] == "latest" else "", name)
    return " ".join([openai, *filter(None, rest.split("-"))])
