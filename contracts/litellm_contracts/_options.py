"""What the settings mean: the contracts of a run, and how it judges."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from litellm_contracts._drawn import demand_drawable
from litellm_contracts._errors import UsageError
from litellm_contracts._profile import choose_profile
from litellm_contracts._requirements import EVERYTHING, in_set, read_set
from litellm_contracts._run import Options
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._config import Config
    from litellm_contracts._model import Contract


def contracts_of(config: Config) -> tuple[Contract, ...]:
    """Return the contracts of the requirement set.

    Raises:
        UsageError: where there is no such set.
    """
    if config.requirements == EVERYTHING:
        return all_contracts()
    with _told_with(config, "requirements"):
        return in_set(all_contracts(), read_set(config.requirements))


def options_of(config: Config) -> Options:
    """Return how a run judges.

    Raises:
        UsageError: where there is no such profile or LiteLLM release, a header is none, or
            inputs have to be drawn and Schemathesis is missing.
    """
    with _told_with(config, "profile"):
        profile = choose_profile(config.profile)
    with _told_with(config, "header"):
        profile = choose_profile(config.profile, config.header)
    with _told_with(config, "litellm"):
        _check_release(config.litellm)
    demand_drawable(config.seed, config.examples)
    return Options(
        profile=profile,
        litellm=config.litellm,
        seed=config.seed,
        examples=config.examples,
        requirements=config.requirements,
        waivers=config.waivers,
    )


@contextmanager
def _told_with(config: Config, key: str) -> Iterator[None]:
    """Let an error begin with the place where the setting was given."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{config.place(key)}: {error}") from None


def _check_release(text: str) -> None:
    from fake_litellm import resolve_session

    try:
        resolve_session([], litellm=text)
    except ValueError as error:
        raise UsageError(str(error)) from None
