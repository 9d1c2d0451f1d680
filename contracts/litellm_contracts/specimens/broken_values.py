"""Handlers that send the header under another name, with another value, or somewhere else."""

from __future__ import annotations

import hashlib
import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._ids import DUE, RETRIES
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import Callable


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _as_uuid(value: str) -> str:
    with suppress(ValueError):
        return str(uuid.UUID(value))
    return value


def _as_number(value: str) -> str:
    for read in (int, float):
        with suppress(ValueError):
            return value if value.startswith("0") else str(read(value))
    return value


_WHOLE = f"{DUE} hostile-ids/ignored-by-litellm"
"""All that breaks where every task id is altered: also those that LiteLLM ignores."""

_ALTERED: tuple[tuple[str, str, Callable[[str], str], str], ...] = (
    (
        "id-lower-cased",
        "Lower-cases the task id.",
        str.lower,
        """presence/every-kind-of-id schema/create-message isolation/alternating-tasks
        throughout/header""",
    ),
    (
        "id-read-as-a-uuid",
        "Reads the task id as a UUID where it can be one, and writes it as UUIDs are written.",
        _as_uuid,
        "presence/every-kind-of-id isolation/alternating-tasks throughout/header",
    ),
    (
        "id-read-as-a-number",
        "Reads the task id as a number where it can be one: digits, underscores, an exponent.",
        _as_number,
        "presence/every-kind-of-id throughout/header",
    ),
    (
        "id-masked-where-it-looks-like-a-key",
        "Masks what looks like a key in what it sends, and so the end of `task-` and 32 digits.",
        lambda value: re.sub(r"sk-[A-Za-z0-9]{32,}", "sk-***", value),
        "presence/every-kind-of-id throughout/header",
    ),
    (
        "id-cut-at-64",
        "Cuts the task id at 64 characters.",
        lambda value: value[:64],
        "presence/long-id schema/create-message throughout/header",
    ),
    ("id-prefixed", "Puts `task-` before the task id.", "task-{}".format, _WHOLE),
    ("id-hashed", "Sends a digest instead of the task id.", _digest, _WHOLE),
    (
        "id-without-dashes",
        "Takes the dashes out of the task id, as for a trace id.",
        lambda value: value.replace("-", ""),
        f"{DUE} -presence/long-id",
    ),
    ("id-sent-twice-in-one-line", "Joins the task id with itself.", "{0}, {0}".format, _WHOLE),
    ("id-empty", "Sends the header without a value.", lambda _: "", _WHOLE),
)

_ELSEWHERE = "recognition/id-not-in-other-headers"

_MISSPELT = (
    ("header-named-without-dash", "X-Zoo-SessionID"),
    ("header-named-with-underscore", "X-Zoo-Session_ID"),
    ("header-named-for-another-vendor", "X-Roo-Session-ID"),
)


def _altering(alter: Callable[[str], str]) -> type[Parts]:
    class Altering(RawHandler):
        """Sends something else than the task id."""

        def headers(self, turn: Turn) -> dict[str, str]:
            headers = super().headers(turn)
            altered = {name: alter(value) for name, value in headers.items()}
            return headers if altered == headers else self.fault(altered)

    return Altering


def _renaming(name: str) -> type[Parts]:
    class Renaming(RawHandler):
        """Sends the task id under another name."""

        def headers(self, turn: Turn) -> dict[str, str]:
            renamed: dict[str, str] = {}
            for value in super().headers(turn).values():
                renamed[name] = self.fault(value)
            return renamed

    return Renaming


for _name, _about, _alter, _breaks in _ALTERED:
    known_bad(_name, _about, _breaks)(_altering(_alter))

for _name, _header in _MISSPELT:
    known_bad(_name, f"Sends {_header} instead of {HEADER}.", f"{DUE} {_ELSEWHERE}")(
        _renaming(_header)
    )


_IN_BODY = f"{DUE} recognition/id-not-in-body"
_MASKED = "recognition/filed-under-the-task recognition/nothing-else-filed-there"


@known_bad(
    "id-changed-on-retries",
    "Numbers the attempts in the header.",
    f"""{RETRIES} isolation/after-every-kind-of-answer recognition/filed-right-in-trouble
    isolation/calls-between-chunks presence/gpt-5-model schema/create-message
    isolation/one-task-twice-at-once
    throughout/header
    presence/where-a-call-may-fail
    presence/odd-refusals presence/other-surroundings""",
)
class _Numbered(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.attempt > 1:
            return self.fault({n: f"{v}-{turn.attempt}" for n, v in headers.items()})
        return headers


@known_bad(
    "id-in-body-metadata-instead",
    "Puts the task id into the body's metadata.",
    _IN_BODY,
)
class _InMetadata(AsyncHandler):
    def request(self, turn: Turn) -> dict[str, Any]:
        request = super().request(turn)
        if request.pop("extra_headers"):
            request["extra_body"]["metadata"] = self.fault({"session_id": turn.task_id})
        return request


@known_bad(
    "id-in-url-instead",
    "Puts the task id into the URL.",
    f"{DUE} recognition/id-not-in-url throughout/nothing-leaks",
)
class _InUrl(SyncHandler):
    def request(self, turn: Turn) -> dict[str, Any]:
        request = super().request(turn)
        if request.pop("extra_headers"):
            request["extra_query"] = self.fault({"session_id": turn.task_id})
        return request


@known_bad(
    "traceparent-instead",
    "Trusts in W3C trace context to name the session.",
    DUE,
)
class _Traceparent(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt or not turn.task_id:
            return {}
        trace = _digest(turn.task_id)[:32]
        return self.fault({"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})


@known_bad(
    "session-masked-by-litellm-session-id",
    "Sends x-litellm-session-id beside the vendor's header, which then counts for nothing.",
    f"""{_MASKED} {_ELSEWHERE} recognition/filed-right-in-trouble
    schema/create-message throughout/filed-by-the-header""",
)
class _MaskedBySession(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault(headers | {"x-litellm-session-id": turn.task_id}) if headers else {}


@known_bad(
    "session-masked-by-litellm-trace-id",
    "Sends x-litellm-trace-id, a new one per request, which is where LiteLLM files it.",
    f"""{_MASKED} recognition/filed-right-in-trouble
    schema/create-message throughout/filed-by-the-header""",
)
class _MaskedByTrace(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        self.memory["n"] = self.memory.get("n", 0) + 1
        trace = f"trace-{self.memory['n']:08}"
        return self.fault(headers | {"x-litellm-trace-id": trace}) if headers else {}


@known_bad(
    "session-masked-by-another-vendor",
    "Sends another vendor's session header before its own; LiteLLM takes the first.",
    f"""{_MASKED} recognition/filed-right-in-trouble
    schema/create-message throughout/filed-by-the-header""",
)
class _MaskedByVendor(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        other = {"X-Acme-Session-ID": "acme-installation-1"}
        return self.fault(other | headers) if headers else {}


@known_bad(
    "header-sent-twice",
    "Sends the header in two letter cases, as SDKs do that merge headers as plain dictionaries.",
    f"""{DUE} -{_MASKED.replace(" ", " -")} hostile-ids/ignored-by-litellm
    -recognition/filed-right-in-trouble
    throughout/header""",
)
class _Doubled(RawHandler):
    def lines(self, turn: Turn) -> list[tuple[str, str]]:
        doubled = {name.lower(): value for name, value in self.headers(turn).items()}
        return [*super().lines(turn), *self.fault(doubled).items()]
