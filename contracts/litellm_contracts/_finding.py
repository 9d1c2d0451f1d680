"""A finding: one departure from a contract, and helpers to point at header lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Seen


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One departure from a contract.

    Attributes:
        message: What was seen and what was expected.
        call: The call's name, or `None` where the request belongs to no call.
        request: The request's number in the journal, or `None` where there is none.
        marks: Indexes of the faulty header lines of that request.
        cause: The likeliest cause, in the author's terms; the same for all findings that share it.
        clue: What in this request gives it away.
    """

    message: str
    call: str | None = None
    request: int | None = None
    marks: tuple[int, ...] = ()
    cause: str = ""
    clue: str = ""


def marks(seen: Seen, is_faulty: Callable[[str, str], bool]) -> tuple[int, ...]:
    """Return the indexes of the header lines for which `is_faulty(lower-case name, value)`."""
    lines = enumerate(seen.request.headers)
    return tuple(index for index, (name, value) in lines if is_faulty(name.lower(), value))


def marks_named(seen: Seen, header: str | None) -> tuple[int, ...]:
    """Return the indexes of the header lines with this lower-case name."""
    return marks(seen, lambda name, _: name == header)


def named(call: Call) -> str:
    """Name a call for a message."""
    return f"{call.method} ({call.name})"
