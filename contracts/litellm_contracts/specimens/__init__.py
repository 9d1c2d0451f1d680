"""Handlers whose verdict is known: the suite must break the bad ones and leave the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts.specimens._registry import SPECIMENS, Specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Specimen", "all_specimens"]


def all_specimens() -> Mapping[str, Specimen]:
    """Return every specimen by name, the known-bad ones first."""
    from litellm_contracts.specimens import (  # noqa: F401 - they register themselves
        broken_absence,
        broken_affinity,
        broken_answers,
        broken_arguments,
        broken_circumstances,
        broken_company,
        broken_completions,
        broken_conversations,
        broken_corners,
        broken_habits,
        broken_hostile,
        broken_isolation,
        broken_keeping,
        broken_leaks,
        broken_learning,
        broken_meanwhile,
        broken_memory,
        broken_oddities,
        broken_pieces,
        broken_presence,
        broken_prompt_fallbacks,
        broken_prompts,
        broken_requests,
        broken_second_tries,
        broken_sharing,
        broken_shortcuts,
        broken_streams,
        broken_surroundings,
        broken_tool_calls,
        broken_trouble,
        broken_values,
        gateway,
        unusual,
        unusual_requests,
        unusual_ways,
        unusual_wire,
    )

    return dict(sorted(SPECIMENS.items(), key=lambda item: item[1].is_right))
