"""Protocol 1: requests as lines, and answers held against `doors/protocol-1.schema.json`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litellm_contracts._model import OMITTED

if TYPE_CHECKING:
    from litellm_contracts._model import Call

PROTOCOL = 1
FILES = files("litellm_contracts").joinpath("doors")
"""The protocol's schema, and ready-made doors."""
_SHOWN = 120
"""Characters shown of a line."""


class BreachError(Exception):
    """A line is no answer by the protocol; says which and why."""


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the protocol; callers must not change it."""
    text = FILES.joinpath("protocol-1.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def start_request() -> dict[str, Any]:
    """Return the first request."""
    return {"op": "start", "protocol": PROTOCOL}


def call_request(call: Call, call_id: str, handler_id: str) -> dict[str, Any]:
    """Return the request of a call; JSON cannot leave an argument out, so `OMITTED` is null."""
    request: dict[str, Any] = {"op": call.method, "id": call_id, "handler": handler_id}
    if call.method == "complete_prompt":
        return {**request, "prompt": call.prompt}
    return {
        **request,
        "system_prompt": call.system_prompt,
        "messages": list(call.messages),
        "metadata": None if call.metadata is OMITTED else call.metadata,
    }


def to_line(request: dict[str, Any]) -> bytes:
    """Return a request as a line; escaped, so that no text in it can end the line early."""
    return json.dumps(request, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def read_answer(line: bytes) -> dict[str, Any]:
    """Read a line as a JSON object.

    Raises:
        BreachError: where it is none.
    """
    try:
        answer = json.loads(line.decode())
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise BreachError(
            f"printed a line that is no answer: {shown(line)}; its standard output is for answers "
            "alone, logs belong on standard error"
        )
    return answer


def check_answer(answer: dict[str, Any], kind: str) -> None:
    """Hold an answer against its definition in the schema, such as `message`.

    Raises:
        BreachError: where it departs from it.
    """
    if kind == "started" and answer.get("protocol") != PROTOCOL:
        raise BreachError(
            f"speaks protocol {answer.get('protocol')!r}; this suite speaks {PROTOCOL}"
        )
    if errors := schema_errors(answer, kind):
        raise BreachError(
            f"gave an answer that departs from the protocol ({kind}), {errors[0]}: "
            f"{shown(json.dumps(answer).encode())}"
        )


def schema_errors(value: object, kind: str) -> list[str]:
    """Return how a value departs from a definition of the schema."""
    found = []
    for error in _validator(kind).iter_errors(value):
        place = "/".join(str(step) for step in error.instance_path)
        found.append(f"{place}: {error.message}" if place else str(error.message))
    return found


def shown(line: bytes) -> str:
    """Return the beginning of a line, as it may be printed."""
    text = line.decode(errors="replace").rstrip("\r\n")
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


@cache
def _validator(kind: str) -> Any:  # noqa: ANN401
    import jsonschema_rs

    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{kind}", "$defs": schema()["$defs"]})
