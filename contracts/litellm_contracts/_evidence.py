"""Evidence: what a result shows of calls and requests, as plain data without keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_litellm import Cut, Failure, Page, Redirect, Reply
from litellm_contracts._causes import filed
from litellm_contracts._model import OMITTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_litellm._replies import Answer
    from litellm_contracts._finding import Finding
    from litellm_contracts._observation import Observation, Outcome, Seen

REDACTED = "[redacted]"
MAX_REQUESTS = 20
"""Requests kept per contract; those with a finding come first."""
MAX_VALUE = 200
"""Characters kept of one value."""

SECRET_HEADERS = {"authorization", "x-api-key", "api-key", "x-litellm-api-key", "x-goog-api-key"}

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
    faulty = {finding.request for finding in findings}
    kept = sorted(observation.seen, key=lambda seen: seen.number not in faulty)[:MAX_REQUESTS]
    marks = _marks_by_request(findings)
    described = {
        "calls": [_call(outcome) for outcome in observation.outcomes[:MAX_REQUESTS]],
        "requests": [
            _request(seen, len(observation.seen), marks.get(seen.number, set()))
            for seen in sorted(kept, key=lambda seen: seen.number)
        ],
        "findings": [
            {
                "message": finding.message,
                "call": finding.call,
                "request": finding.request,
                "cause": finding.cause,
                "clue": finding.clue,
            }
            for finding in findings
        ],
        "reproduce": reproduce,
    }
    return redact(described, api_key)  # type: ignore[no-any-return]


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


def _request(seen: Seen, total: int, marks: set[int]) -> dict[str, Any]:
    request = seen.request
    return {
        "number": seen.number,
        "of": total,
        "call": seen.call.name if seen.call is not None else None,
        "method": request.method,
        "path": request.path,
        "headers": [
            [name, REDACTED if name.lower() in SECRET_HEADERS else value]
            for name, value in request.headers
        ],
        "marked": sorted(marks),
        "status": request.status,
        "session_id": request.session.session_id,
        "source": request.session.source,
        "filed": filed(request.session),
        "near_misses": list(request.session.near_misses),
    }


def redact(value: Any, api_key: str) -> Any:  # noqa: ANN401
    """Take the key out of every text, however deep, and shorten what is long."""
    if isinstance(value, str):
        clean = value.replace(api_key, REDACTED)
        return clean if len(clean) <= MAX_VALUE else f"{clean[:MAX_VALUE]}… ({len(clean)} long)"
    if isinstance(value, dict):
        return {str(key): redact(item, api_key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, api_key) for item in value]
    plain = isinstance(value, int | float | bool | None)
    return value if plain else redact(repr(value), api_key)
