"""Why something that looks like a session id was ignored or is doubtful, in plain words.

LiteLLM ignores what it does not accept without a word: the answer is 200 and the request lands in
a session of its own. Each check below explains one way to get there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from fake_litellm._session_rules import (
    CODEX_NAMES,
    EXPLICIT_NAMES,
    RULES,
    VALUE,
    Request,
    Rule,
    is_session_name,
    trace_id_of,
)

_SHOWN = 60
_MIN_LENGTH = 8

# What a missing value turns into when a client formats it as text.
_PLACEHOLDERS = frozenset(
    ("undefined", "null", "none", "nil", "nan", "[object object]", "[object promise]", "unknown")
)
_FILLER = re.compile(r"(.)\1{7,}|[0\-]{8,}")  # `--------`, the nil UUID

_LOOKS_LIKE = re.compile(r"(session|conversation|thread|task|chat)s?[-_.]?ids?\b")
_FORM = re.compile(r"x-(?P<vendor>.+)-(?P<word>\w{5,9})-id")
_CHARACTER_NAMES = {" ": "a space", "\t": "a tab"}

# Body fields that other tools read and LiteLLM does not.
_UNREAD_FIELDS = (
    "session_id",
    "sessionId",
    "conversation_id",
    "prompt_cache_key",
)
_UNREAD_METADATA_FIELDS = ("litellm_session_id", "sessionId", "task_id", "taskId")
_READ_FIELDS = ("litellm_session_id", "metadata.session_id", "litellm_metadata.session_id")


@dataclass(frozen=True)
class Outcome:
    """What the rules of one release made of a request."""

    source: str | None
    session_id: str | None
    litellm: str
    rules: tuple[Rule, ...]
    mode: str | None
    correlated: bool


Check = Callable[[Request, Outcome], Iterator[str]]


def near_misses_of(request: Request, outcome: Outcome) -> tuple[str, ...]:
    """Return one sentence per near miss, the headers' first, in wire order."""
    found = (text for check in _CHECKS for text in check(request, outcome))
    return tuple(dict.fromkeys(found))


def shown(value: object) -> str:
    """Return a value in backticks, cut to 60 characters, with control characters escaped."""
    text = value if isinstance(value, str) else _json(value)
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "`" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut) + "`"


def _json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def _names(request: Request, outcome: Outcome) -> Iterator[str]:
    for name in request.headers:
        if is_session_name(name):
            continue
        if name in CODEX_NAMES:
            if not request.is_codex:
                yield f"`{name}` is read from Codex only, by a user agent that starts with `codex`"
        elif _resembles(name) or (outcome.source is None and "session" in name):
            hint = _suggestion(name)
            yield f"{shown(name)} is not of the form x-<vendor>-session-id" + (
                f"; did you mean {shown(hint)}?" if hint else ""
            )


@lru_cache(maxsize=1024)
def _resembles(name: str) -> bool:
    return bool(_LOOKS_LIKE.search(name.replace("_", "-"))) or _misspelt(name)


def _misspelt(name: str) -> bool:
    parts = _FORM.fullmatch(name)
    return bool(parts and get_close_matches(parts["word"], ["session"], 1, 0.75))


def _suggestion(name: str) -> str | None:
    words = [word for word in re.split(r"[-_.]+", name) if word not in ("x", "xx")]
    vendor = next((word for word in words if not re.match(r"(session|id|v\d)", word)), "")
    return f"x-{vendor}-session-id" if vendor and "ses" in name else None


def _values(request: Request, outcome: Outcome) -> Iterator[str]:
    for name, value in request.headers.items():
        if name == outcome.source or not _is_candidate(name, request):
            continue
        fault = _age(name, outcome) or _fault(name, value)
        if fault:
            yield f"`{shown(name)[1:-1]}`{fault}"
        elif outcome.source and outcome.source != name:
            yield f"{shown(name)} ignored: `{outcome.source}` wins"


def _is_candidate(name: str, request: Request) -> bool:
    return is_session_name(name) or (name in CODEX_NAMES and request.is_codex)


def _age(name: str, outcome: Outcome) -> str | None:
    rule = _rule_of(name)
    if rule in outcome.rules:
        return None
    before = any(row.name == rule.name and not row.fills for row in outcome.rules)
    reach = ", which hands it to callbacks without grouping by it" if before else ""
    first = f" ignored: {rule.name} is read from LiteLLM {rule.since} on"
    return f"{first}; this is {outcome.litellm}{reach}"


def _rule_of(name: str) -> Rule:
    fixed = (*EXPLICIT_NAMES, "x-session-id")
    other = "codex headers" if name in CODEX_NAMES else "x-<vendor>-session-id"
    wanted = name if name in fixed else other
    return next(rule for rule in RULES if rule.name == wanted and rule.fills)


def _fault(name: str, value: str) -> str | None:
    if not value:
        return " is empty"
    if name in EXPLICIT_NAMES or VALUE.fullmatch(value):
        return None
    return f": {_value_fault(value)}{_origin(value)}"


def _value_fault(value: str) -> str:
    strange = [c for c in dict.fromkeys(value[:1000]) if not re.match(r"[a-zA-Z0-9_\-]", c)]
    if strange:
        holds = " and ".join(_CHARACTER_NAMES.get(c, shown(c)) for c in strange[:3])
        return (
            f"{shown(value)} holds {holds}; LiteLLM accepts letters, digits, `-` and `_`, 8 or more"
        )
    if len(value) < _MIN_LENGTH:
        return f"{shown(value)} is too short: {len(value)} of at least {_MIN_LENGTH} characters"
    return f"{shown(value)} is not a session id"


def _origin(value: str) -> str:
    if value.lower() in _PLACEHOLDERS:
        return " (it looks like a missing value turned into text)"
    if "," in value:
        return " (it looks like two header lines joined into one)"
    return ""


def _repeated(request: Request, _outcome: Outcome) -> Iterator[str]:
    for name, times in Counter(name for name, _ in request.lines).items():
        if times > 1 and _is_candidate(name, request):
            last = shown(request.headers[name])
            yield f"{shown(name)} is sent {times} times: the last line wins, {last}"


def _merged(_request: Request, outcome: Outcome) -> Iterator[str]:
    value = outcome.session_id or ""
    if value.lower() in _PLACEHOLDERS or (value and _FILLER.fullmatch(value[:100])):
        yield f"{shown(value)} is accepted: all conversations would be merged"


def _instead(request: Request, outcome: Outcome) -> Iterator[str]:
    tried = [name for name in request.headers if _is_candidate(name, request)]
    if tried and outcome.session_id and outcome.source and outcome.source not in tried:
        what = "the W3C trace id of " if outcome.source == "traceparent" else ""
        yield f"grouped by {what}`{outcome.source}` instead of {shown(tried[0])}"


def _metadata(request: Request, outcome: Outcome) -> Iterator[str]:
    raw = request.body.get("metadata")
    if isinstance(raw, str) and not request.metadata:
        yield "`metadata` is a string: on this path LiteLLM reads an object only"
    user_id = request.metadata.get("user_id")
    if isinstance(user_id, str) and outcome.source != "metadata.user_id" and "session" in user_id:
        yield f"`metadata.user_id`: {shown(user_id)} is not of the form ..._session_<id>"


def _body_losers(request: Request, outcome: Outcome) -> Iterator[str]:
    for field in _READ_FIELDS:
        present, value = _lookup(request, field)
        if not present or field == outcome.source:
            continue
        if not value:
            yield f"`{field}` is empty"
        elif outcome.source and str(value) != outcome.session_id:
            yield f"`{field}` ignored: `{outcome.source}` wins"


def _lookup(request: Request, field: str) -> tuple[bool, object]:
    parent, _, key = field.rpartition(".")
    holders: dict[str, Mapping[str, object]] = {
        "": request.body,
        "metadata": request.metadata,
        "litellm_metadata": request.litellm_metadata,
    }
    return key in holders[parent], holders[parent].get(key)


def _unread(request: Request, outcome: Outcome) -> Iterator[str]:
    if outcome.session_id is not None:
        return
    for field in _UNREAD_FIELDS:
        if field in request.body:
            yield f"`{field}` at the top of the body is not read; `litellm_session_id` is"
    for field in _UNREAD_METADATA_FIELDS:
        if field in request.metadata:
            yield f"`metadata.{field}` is not read; `metadata.session_id` is"


def _weak(request: Request, outcome: Outcome) -> Iterator[str]:
    if outcome.session_id is not None:
        return
    for rule in outcome.rules:
        found = rule.find(request) if rule.fills else None
        if found is None or not found.value:
            continue
        if outcome.mode and rule.counts != "session":
            yield f"`{found.source}` is not enough for `missing_session_id: {outcome.mode}`"
        elif outcome.correlated and rule.counts == "session":
            setting = "request_correlation_in_logs"
            yield f"`{found.source}` does not group with `{setting}`; a header does"


def _w3c(request: Request, outcome: Outcome) -> Iterator[str]:
    traceparent = request.headers.get("traceparent")
    if traceparent and outcome.source is None and not trace_id_of(traceparent):
        yield f"`traceparent`: {shown(traceparent)} is not a W3C trace context"
    if outcome.source == "baggage" and re.search(r"[%;]", outcome.session_id or ""):
        yield f"`baggage`: {shown(outcome.session_id)} is stored as it is, neither decoded nor cut"


_CHECKS: tuple[Check, ...] = (
    _names,
    _values,
    _repeated,
    _merged,
    _instead,
    _metadata,
    _body_losers,
    _unread,
    _weak,
    _w3c,
)
