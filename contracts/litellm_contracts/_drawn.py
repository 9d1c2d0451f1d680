"""Drawn conversations: which a run tries, and what each is as levels of the factors of a corner.

As levels, a drawn input that fails is reduced as a corner is: part after part is put back to the
plain one, until what remains is what the failure needs.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypedDict

from litellm_contracts._corners import factors_of, plain_levels
from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litellm_contracts._corners import Factors, Levels
    from litellm_contracts._model import Contract

DEFAULT_SEED = 2026
DEFAULT_EXAMPLES = 10
_LEVEL = "as drawn"


class Drawn(TypedDict):
    """A chat request that follows `openapi/litellm.yaml`, and the task it belongs to."""

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    task_id: str | None


def drawn(seed: int, examples: int) -> Sequence[Drawn]:
    """Return the inputs that are recorded where those are asked for, else draw them.

    Raises:
        ImportError: where they have to be drawn and Schemathesis is not installed.
    """
    if _is_recorded(seed, examples):
        return _recorded()[:examples]
    from litellm_contracts._drawing import draw

    return draw(seed, examples)


def demand_drawable(seed: int, examples: int) -> None:
    """Demand what it takes to draw these inputs.

    Raises:
        UsageError: where Schemathesis is needed and not installed.
    """
    if not _is_recorded(seed, examples) and find_spec("schemathesis") is None:
        raise UsageError(
            f"to draw {examples} inputs with seed {seed} takes Schemathesis: "
            "pip install 'litellm-contracts[generate]'; without it there are "
            f"{DEFAULT_EXAMPLES} and fewer, of seed {DEFAULT_SEED}"
        )


def drawn_levels(contract: Contract, one: Drawn) -> tuple[Levels, Factors]:
    """Return the levels of a drawn input, and factors that know them too."""
    factors = factors_of(contract)
    parts = _prompt(one) if contract.generator == "prompts" else _conversation(one)
    levels = {**plain_levels(factors), **dict.fromkeys(parts, _LEVEL)}
    more = {name: {**factors[name], _LEVEL: value} for name, value in parts.items()}
    return levels, {**factors, **more}


def _is_recorded(seed: int, examples: int) -> bool:
    return seed == DEFAULT_SEED and examples <= DEFAULT_EXAMPLES


@cache
def _recorded() -> list[Drawn]:
    text = files("litellm_contracts").joinpath("openapi", "drawn.json").read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def _prompt(one: Drawn) -> dict[str, Any]:
    text = json.dumps(one["messages"], ensure_ascii=False)
    return {"model": one["model"], "text": text}


def _conversation(one: Drawn) -> dict[str, Any]:
    """Make a plausible conversation of drawn messages.

    System messages become the system prompt; a tool result follows the call it answers; the
    last message comes from the user or a tool.
    """
    of_system = {"system", "developer"}
    said = [message for message in one["messages"] if message["role"] not in of_system]
    system = [_as_text(message) for message in one["messages"] if message["role"] in of_system]
    last = said.pop() if said and said[-1]["role"] != "assistant" else {"role": "user"}
    content = last.get("content", "Go on.")
    is_text = isinstance(content, str)
    return {
        "model": one["model"],
        "task id": one["task_id"],
        "tools": {"tools": one["tools"]} if one["tools"] else {},
        "system prompt": "\n".join(system),
        "history": [each for message in said for each in _in_turn(message)],
        "last message": last["role"],
        "text": content if is_text else "",
        "content": None if is_text else content,
    }


def _in_turn(message: dict[str, Any]) -> list[dict[str, Any]]:
    match message["role"]:
        case "tool":
            function = {"name": "read_file", "arguments": "{}"}
            call = {"id": message["tool_call_id"], "type": "function", "function": function}
            return [{"role": "assistant", "content": None, "tool_calls": [call]}, message]
        case "assistant":
            return [{"role": "assistant", "content": _as_text(message)}]
        case _:
            return [message]


def _as_text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
