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
        _paragraph("checks", ", ".join(contract.all_checks)),
    ]
    if contract.everywhere:
        parts.append(_paragraph("calls", "those of every contract that is not generated"))
    elif contract.generator is not None:
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
    notes = _notes(call)
    return f"{call.name}: {what}" + (f"  [{'; '.join(notes)}]" if notes else "")


def _notes(call: Call) -> list[str]:
    built = {"model": call.model, "key": call.key, "proxy": call.proxy}
    own = ", ".join(f"{name} {value}" for name, value in built.items() if value)
    told = {
        f"by handler {call.handler}" + (f" of {own}" if own else ""): call.handler != "handler",
        f"while the stream of {call.during} is open": call.during,
        f"at the same time as {call.together}": call.together,
        f"between two chunks of {call.between}": call.between,
        "in the messages and metadata of the call before, changed": call.in_place,
        f"with a picture on {call.picture}": call.picture,
        "never read": call.never_read,
        "cancelled": call.cancel,
        "cancelled at once": call.cancel_at_once,
        "cancelled in mid-stream": call.cancel_after,
        "abandoned in mid-stream": call.abandon_after,
        "its proxy down": call.down,
        "its messages a tuple": call.no_json == "messages",
        "its metadata no JSON": call.no_json == "metadata",
        "may fail": call.may_fail,
        "then closed": call.closes,
    }
    notes = [note for note, applies in told.items() if applies]
    notes += [f"answered with {type(answer).__name__}" for answer in call.answers]
    return notes if call.judged else [*notes, "not judged"]


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
