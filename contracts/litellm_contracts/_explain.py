"""`litellm-contracts explain`: one contract in full."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from litellm_contracts._model import OMITTED

if TYPE_CHECKING:
    from litellm_contracts._model import Call, Contract

_WIDTH = 88
_SHORT = 60


def explain(contract: Contract) -> str:
    """Return what a contract demands, why it matters, the fix, and the calls it makes."""
    parts = [
        f"{contract.id} ({contract.level.value})",
        _paragraph("requires", contract.requirement),
        _paragraph("why", contract.why),
        _paragraph("fix", contract.fix),
        _paragraph("checks", ", ".join(("reached", *contract.checks))),
    ]
    if contract.generator is not None:
        parts.append(_paragraph("calls", f"generated {contract.generator}, see --examples"))
    else:
        lines = "\n".join(f"  {_call(call)}" for call in contract.own_calls)
        parts.append(f"calls of a handler for {contract.model}:\n{lines}")
    return "\n".join(parts) + "\n"


def _paragraph(name: str, text: str) -> str:
    return fill(
        f"{name + ':':<10}{text}", _WIDTH, subsequent_indent=" " * 10, break_on_hyphens=False
    )


def _call(call: Call) -> str:
    if call.method == "complete_prompt":
        what = f"complete_prompt({_short(call.prompt)!r})"
    else:
        metadata = "" if call.metadata is OMITTED else f", metadata={_short(repr(call.metadata))}"
        what = f"create_message({len(call.messages)} messages{metadata})"
    notes = []
    if call.during:
        notes.append(f"while the stream of {call.during} is open")
    if call.together:
        notes.append(f"at the same time as {call.together}")
    if call.between:
        notes.append(f"between two chunks of {call.between}")
    if call.in_place:
        notes.append("in the metadata object of the call before, changed")
    if call.cancel or call.cancel_after:
        notes.append("cancelled" + (" in mid-stream" if call.cancel_after else ""))
    if call.abandon_after:
        notes.append("abandoned in mid-stream")
    notes += [f"answered with {type(answer).__name__}" for answer in call.answers]
    if not call.judged:
        notes.append("not judged")
    return f"{call.name}: {what}" + (f"  [{'; '.join(notes)}]" if notes else "")


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
