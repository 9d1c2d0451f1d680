"""The settings of a run: flags over environment over `[tool.litellm-contracts]` over defaults.

Every value knows where it was given, so that an error and `litellm-contracts config` can say so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from litellm_contracts._config_layers import (
    Given,
    environment_layer,
    file_layer,
    flags_layer,
    merge,
)
from litellm_contracts._drawn import DEFAULT_EXAMPLES, DEFAULT_SEED
from litellm_contracts._model import METHODS
from litellm_contracts._requirements import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from litellm_contracts._waivers import Waiver

DEFAULT_JOBS = min(2, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of a run.

    Attributes:
        handler: `package.module:factory` or `path/to/file.py:factory`; `None` is the bundled one.
        command: A program that speaks protocol 1, in place of a handler.
        python: The interpreter, with its packages, that runs the handler.
        profile: Whose client it is, such as "zoo".
        header: The session header's name, where it is not the profile's.
        litellm: The LiteLLM release to judge by.
        requirements: A frozen requirement set, such as "2026-11", or "all".
        seed: Seed of the generated examples.
        examples: How many examples each generated contract draws.
        jobs: How many processes to run in.
        capabilities: The methods the handler offers.
        waivers: What is known to be broken, see `litellm_contracts._waivers`.
        given: Where each setting that is no default was given.
    """

    handler: str | None = None
    command: str | None = None
    python: str | None = None
    profile: str = "zoo"
    header: str | None = None
    litellm: str = "1.106.2"
    requirements: str = EVERYTHING
    seed: int = DEFAULT_SEED
    examples: int = DEFAULT_EXAMPLES
    jobs: int = DEFAULT_JOBS
    capabilities: tuple[str, ...] = METHODS
    waivers: tuple[Waiver, ...] = ()
    given: Mapping[str, Given] = field(default_factory=dict, compare=False)

    def place(self, key: str) -> str:
        """Say where a setting was given, for an error."""
        return self.given[key].place if key in self.given else f"the default of {key}"

    def folder(self, key: str) -> Path | None:
        """Return the folder a setting is relative to, where that is not the current one."""
        return self.given[key].folder if key in self.given else None


KEYS = tuple(one.name for one in fields(Config) if one.name != "given")


def read_config(
    folder: Path,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read the settings for a run in this folder.

    Args:
        folder: The nearest pyproject.toml at or above it that has the table counts.
        flags: What the command line says, by key; `None` is not given.
        environ: Where `LITELLM_CONTRACTS_<KEY>` is looked up.

    Raises:
        UsageError: where a key is unknown or a value is wrong, naming its place.
    """
    given = merge(flags_layer(flags or {}), environment_layer(environ), file_layer(folder))
    return Config(**{key: one.value for key, one in given.items()}, given=given)
