"""Profiles: which header a vendor's handler sends, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from litellm_contracts._model import Call


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a vendor promises about its session header.

    Attributes:
        name: The profile's name.
        header: The header's name as the vendor writes it.
        create_message: `when-task-id` or `always`.
        complete_prompt: `never` or `always`.
    """

    name: str
    header: str
    create_message: Literal["when-task-id", "always"] = "when-task-id"
    complete_prompt: Literal["never", "always"] = "never"

    def due(self, call: Call) -> str | None:
        """Return the header value a call must carry, or `None` where it must carry none."""
        if call.method == "complete_prompt":
            return None
        task_id = call.task_id
        return task_id if isinstance(task_id, str) and task_id else None


ZOO = Profile(name="zoo", header="X-Zoo-Session-ID")
