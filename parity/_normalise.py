"""Takes out of an answer what is free to vary: ids, times, costs, durations, dates, addresses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity._corpus import Case
    from parity._wire import Answer

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"-?[0-9.]+(e-?[0-9]+)?")
_ADDRESS = re.compile(r"127\.0\.0\.1:[0-9]+")
_ID = re.compile(r"(chatcmpl|cmpl|resp|msg|fc|rs)[-_].*")
_TIMES = {"created", "created_at", "completed_at"}
_IDS = {"id", "item_id", "response_id"}
_LONG = 1000


def normalised(answer: Answer, request: bytes) -> dict[str, Any]:
    """Return what of an answer is compared, as JSON."""
    text = request.decode("latin-1")
    shown: dict[str, Any] = {
        "status": answer.status,
        "headers": [
            f"{name}: {_header_value(name.lower(), value, answer, text)}"
            for name, value in answer.headers
            if not name.startswith("llm_provider-")  # the upstream's own
        ],
    }
    if answer.end != "complete":
        shown["end"] = answer.end
    return shown | _body(answer, text)


def selected(case: Case, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the aspects of an answer that its case is about."""
    if case.aspects == "session":
        return {"status": shown["status"]}
    if case.aspects == "first":
        body = shown.get("json", {})
        return shown | {"json": body | {"data": body["data"][:1]} if "data" in body else body}
    return shown


def session_of(session_id: str | None, trace_id: str | None, request: bytes) -> dict[str, Any]:
    """Return the resolved session, with ids that LiteLLM minted as null."""
    text = request.decode("latin-1").lower()
    values = {"session_id": session_id, "trace_id": trace_id}
    return {name: _shortened(_own(value, text)) for name, value in values.items()}


def _own(value: str | None, request: str) -> str | None:
    minted = value is not None and _UUID.fullmatch(value) and value not in request
    return None if minted else value


def _shortened(value: str | None) -> Any:  # noqa: ANN401
    if value is not None and len(value) > _LONG and set(value) == {value[0]}:
        return {"repeat": value[0], "times": len(value)}
    return value


def _header_value(name: str, value: str, answer: Answer, request: str) -> str:
    if name == "content-length":
        return "<length>" if value == str(len(answer.body)) else value
    rule = _HEADERS.get(name)
    if rule is None and name.startswith("x-litellm-") and name.endswith(_MEASURES):
        rule = _number
    if rule is None or (rule is _uuid and value in request):
        return value
    return rule(value)


def _number(value: str) -> str:
    return "<number>" if _NUMBER.fullmatch(value) else value


def _uuid(value: str) -> str:
    return "<uuid>" if _UUID.fullmatch(value) else value


def _sha256(value: str) -> str:
    return "<sha256>" if re.fullmatch(r"[0-9a-f]{64}", value) else value


_MEASURES: tuple[str, ...] = (
    "-duration-ms",
    "-amount",
    "-percent",
    "-input",
    "-output",
    "-usage",
    "-spend",
)
_MEASURES += ("-cost", "-original")
_HEADERS: dict[str, Callable[[str], str]] = {
    "date": lambda _: "<date>",
    "x-litellm-call-id": _uuid,
    "x-litellm-model-id": _sha256,
    "x-litellm-model-api-base": lambda _: "<url>",
}


def _body(answer: Answer, request: str) -> dict[str, Any]:
    kind = answer.header("content-type") or ""
    if kind.startswith("text/event-stream"):
        events = [_events(piece, request) for piece in answer.pieces]
        shown: dict[str, Any] = {"events": [event for piece in events for event in piece]}
        if any(len(piece) != 1 for piece in events):
            shown["framing"] = [len(piece) for piece in events]
        return shown
    text = answer.content.decode("utf-8", "backslashreplace")
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": _ADDRESS.sub("<address>", text)}
    if "chunked" in (answer.header("transfer-encoding") or ""):
        return {"json": _value(None, value, request), "written": _form(value, text), "chunked": 1}
    return {"json": _value(None, value, request), "written": _form(value, text)}


def _events(piece: bytes, request: str) -> list[Any]:
    blocks = piece.decode("utf-8", "backslashreplace").split("\n\n")
    events = [_event(block, request) for block in blocks[:-1]]
    return events + ([{"unterminated": blocks[-1]}] if blocks[-1] else [])


def _event(block: str, request: str) -> Any:  # noqa: ANN401
    lines = [line.partition(": ") for line in block.split("\n")]
    shown: dict[str, Any] = {}
    for name, _, text in lines:
        try:
            value = json.loads(text)
        except ValueError:
            shown[name] = text
            continue
        shown[name] = _value(None, value, request)
        shown["written"] = _form(value, text)
    return shown


def _form(value: Any, text: str) -> str:  # noqa: ANN401
    """Return how JSON was serialised."""
    for name, options in _FORMS.items():
        if json.dumps(value, **options) == text:
            return name
    return "otherwise"


_FORMS: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":"), "ensure_ascii": False},
    "compact, ASCII": {"separators": (",", ":")},
    "spaced": {"ensure_ascii": False},
    "spaced, ASCII": {},
}


def _value(key: str | None, value: Any, request: str) -> Any:  # noqa: ANN401
    match value:
        case dict():
            return {name: _value(name, inner, request) for name, inner in value.items()}
        case list():
            return [_value(None, inner, request) for inner in value]
        case str():
            return _text(key, value, request)
        case int() if key in _TIMES and value > 1_700_000_000:  # noqa: PLR2004
            return "<time>"
        case _:
            return value


def _text(key: str | None, value: str, request: str) -> str:
    if key in _IDS and (match := _ID.fullmatch(value)):
        return f"<{match[1]} id>"
    if key == "id" and _sha256(value) != value:
        return "<sha256>"
    value = _UUID.sub(lambda match: match[0] if match[0] in request else "<uuid>", value)
    return _ADDRESS.sub("<address>", value)
