"""Evidence: what a result shows of calls and requests, as plain data without keys."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from fake_litellm import Cut, Failure, Page, Redirect, Reply
from litellm_contracts._causes import filed
from litellm_contracts._model import OMITTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fake_litellm._replies import Answer
    from litellm_contracts._finding import Finding
    from litellm_contracts._observation import Observation, Outcome, Seen

REDACTED = "[redacted]"
MAX_REQUESTS = 20
"""Requests kept per contract; those with a finding come first."""
MAX_VALUE = 200
"""Characters kept of one value: its beginning and its end."""
MAX_MESSAGE = 1000
"""Characters kept of what is said of a departure, which may hold two values."""
_END = 60

SECRET_HEADERS = {"authorization", "x-api-key", "api-key", "x-litellm-api-key", "x-goog-api-key"}
"""Those in which LiteLLM looks for its key."""
_SECRET_NAME = re.compile(r"auth|cookie|token|secret|passw|api-?key", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(r"(API_?KEY|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8
_MOST = 12
"""So many characters of a key's 16 that cannot be guessed are most of it."""

_ENDINGS = {
    "done": "",
    "drop": "the answer breaks off",
    "reset": "the connection is reset in mid-answer",
    "error-event": "an error event in mid-stream",
    "malformed": "an event that is not JSON",
    "stall": "the stream stalls",
    "silent": "the stream ends without a finish reason",
}


def evidence(
    observation: Observation, findings: Sequence[Finding], api_key: str, reproduce: str
) -> dict[str, Any]:
    """Describe the exchange: calls, requests, findings, and how to see them again."""
    keys = keys_to_hide(api_key)
    task_ids = {str(outcome.call.task_id) for outcome in observation.outcomes}
    return {
        "calls": redact([_call(one) for one in _calls_to_show(observation, findings)], keys),
        "requests": [
            redact(_request(seen, len(observation.seen), marks, task_ids), keys)
            for seen, marks in _requests_to_show(observation, findings)
        ],
        "findings": [
            {
                "message": redact(finding.message, keys, MAX_MESSAGE),
                "call": finding.call,
                "request": finding.request,
                "cause": redact(finding.cause, keys),
                "clue": redact(finding.clue, keys),
            }
            for finding in findings
        ],
        "reproduce": without(keys, reproduce),  # whole, or nobody could run it
    }


def _calls_to_show(observation: Observation, findings: Sequence[Finding]) -> Sequence[Outcome]:
    """Return the first calls, or those up to the first one that departs."""
    names = [outcome.call.name for outcome in observation.outcomes]
    faulty = [names.index(one.call) for one in findings if one.call in names]
    end = max(MAX_REQUESTS, faulty[0] + 1 if faulty else 0)
    return observation.outcomes[end - MAX_REQUESTS : end]


def _requests_to_show(
    observation: Observation, findings: Sequence[Finding]
) -> Iterator[tuple[Seen, set[int]]]:
    """Yield the requests that depart, and the first others, with the lines to mark."""
    marks = _marks_by_request(findings)
    faulty = {finding.request for finding in findings}
    kept = sorted(observation.seen, key=lambda seen: seen.number not in faulty)[:MAX_REQUESTS]
    for seen in sorted(kept, key=lambda seen: seen.number):
        yield seen, marks.get(seen.number, set())


def _marks_by_request(findings: Sequence[Finding]) -> dict[int, set[int]]:
    marks: dict[int, set[int]] = {}
    for finding in findings:
        if finding.request is not None:
            marks.setdefault(finding.request, set()).update(finding.marks)
    return marks


def _call(outcome: Outcome) -> dict[str, Any]:
    call = outcome.call
    described: dict[str, Any] = {
        "name": call.name,
        "method": call.method,
        "handler": call.handler,
        "error": outcome.error,
        "returned": outcome.received_text,
    }
    if call.method == "create_message":
        described["metadata"] = repr(OMITTED) if call.metadata is OMITTED else call.metadata
    if outcome.given:
        described["given"] = outcome.given
    beside = {"during": call.during, "together": call.together, "between": call.between}
    described |= {name: other for name, other in beside.items() if other is not None}
    answers = [told for told in map(_answer, call.answers) if told]
    return described | ({"answers": answers} if answers else {})


def _answer(answer: Answer) -> str:
    """Say what is unusual about a scripted answer, if anything."""
    match answer:
        case Failure():
            told = f"HTTP {answer.status}"
        case Cut():
            told = f"connection reset ({answer.at})"
        case Redirect():
            is_elsewhere = answer.location.startswith("//")
            told = f"HTTP {answer.status} to {'another host' if is_elsewhere else answer.location}"
        case Page():
            told = "a web page"
        case Reply():
            told = _reply(answer)
    return told


def _reply(answer: Reply) -> str:
    lines = ", ".join(name for name, _ in answer.headers[:3])
    told = {
        "JSON instead of a stream": answer.unstreamed,
        f"finish reason {answer.finish}": answer.finish,
        f"by the model {answer.model}": answer.model,
        f"with {lines}": answer.headers,
    }
    return next((what for what, applies in told.items() if applies), _ENDINGS[answer.ends])


def _request(seen: Seen, total: int, marks: set[int], task_ids: set[str]) -> dict[str, Any]:
    request = seen.request
    kept = {*task_ids, request.session.session_id}
    return {
        "number": seen.number,
        "of": total,
        "call": seen.call.name if seen.call is not None else None,
        "method": request.method,
        "path": request.path,
        "headers": [
            [name, REDACTED if _SECRET_NAME.search(name) and value not in kept else value]
            for name, value in request.headers
        ],
        "marked": sorted(marks),
        "status": request.status,
        "session_id": request.session.session_id,
        "source": request.session.source,
        "filed": filed(request.session),
        "near_misses": list(request.session.near_misses),
    }


def most_of(key: str) -> list[str]:
    """Return the parts of a key that are most of what cannot be guessed, after its last dash."""
    secret = key.rpartition("-")[-1]
    return [secret[start : start + _MOST] for start in range(len(secret) - _MOST + 1)]


def keys_to_hide(api_key: str) -> list[str]:
    """Return the key of a run, most of it, and those in the environment: errors may quote them."""
    own = {
        value
        for name, value in os.environ.items()
        if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET
    }
    return sorted({api_key, *most_of(api_key), *own} - {""}, key=lambda one: (-len(one), one))


def without(keys: Sequence[str], text: str) -> str:
    """Take keys out of a text."""
    for key in keys:
        text = text.replace(key, REDACTED)
    return text


def redact(value: Any, keys: Sequence[str], limit: int = MAX_VALUE) -> Any:  # noqa: ANN401
    """Take keys out of every text, however deep, and shorten what is long in its middle."""
    if isinstance(value, str):
        clean = without(keys, value)
        if len(clean) <= limit:
            return clean
        return f"{clean[: limit - _END]}… ({len(clean)} long) …{clean[-_END:]}"
    if isinstance(value, dict):
        return {str(key): redact(item, keys, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, keys, limit) for item in value]
    plain = isinstance(value, int | float | bool | None)
    return value if plain else redact(repr(value), keys, limit)
