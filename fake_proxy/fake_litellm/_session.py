"""Under which session LiteLLM would file a request.

The rules are data, see ``_session_rules``; this module reads the slots they fill the way LiteLLM's
spend log and logging payload do, under each ``missing_session_id`` policy.

Known difference: on the messages and responses paths LiteLLM 1.106.2 reads ``metadata`` in one
place and ``litellm_metadata`` in another. Where no header names the session, but the body carries
ids in both, or ids that are no text, or ``request_correlation_in_logs`` is on, the answer here may
be the other one of two.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from fake_litellm._near_misses import Outcome, near_misses_of
from fake_litellm._session_rules import RULES, SETTINGS_SINCE, Found, Rule, Slot, request_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fake_litellm._session_rules import Request

DEFAULT_RELEASE = "1.106.2"
MODES = ("generate", "reject", "omit")


@dataclass(frozen=True)
class Session:
    """Where LiteLLM would file one request.

    Attributes:
        session_id: what ``LiteLLM_SpendLogs.session_id`` would hold, the key that groups requests;
            ``None`` where LiteLLM would mint a random id or store none.
        trace_id: likewise for ``StandardLoggingPayload.trace_id``.
        source: the header or body field that named the session; ``None`` when nothing did.
        rejected: whether ``missing_session_id: reject`` would answer 400.
        near_misses: why something that looks like a session id was ignored or is doubtful.
    """

    session_id: str | None
    trace_id: str | None
    source: str | None
    rejected: bool
    near_misses: tuple[str, ...]


@dataclass(frozen=True)
class _Hit:
    """A slot's value, with what it is worth to ``missing_session_id``."""

    source: str | None
    value: object
    counts: str

    @property
    def text(self) -> str | None:
        """The stored text; ``None`` for an id that LiteLLM would mint."""
        return None if self is _MINTED else _text(self.value)


_MINTED = _Hit(None, "minted", "nothing")
_Slots = dict[Slot, _Hit]


def resolve_session(  # noqa: PLR0913
    headers: Iterable[tuple[str, str]],
    body: object = None,
    *,
    path: str = "/v1/chat/completions",
    litellm: str = DEFAULT_RELEASE,
    missing_session_id: str | None = None,
    request_correlation_in_logs: bool = False,
) -> Session:
    """Work out under which session LiteLLM would file a request.

    Args:
        headers: name and value of each line as on the wire, in order, duplicates included.
        body: the parsed JSON body, of any type.
        path: the request's path; the messages and responses APIs read metadata differently.
        litellm: the LiteLLM release, 1.81.6 to 1.106.2 are known rule by rule.
        missing_session_id: ``general_settings.missing_session_id``.
        request_correlation_in_logs: ``litellm_settings.request_correlation_in_logs``.

    Raises:
        ValueError: the release is not a version, or the mode is unknown.
    """
    rules = rules_of(litellm)
    mode = _mode(missing_session_id, litellm)
    correlated = request_correlation_in_logs and _has("request_correlation_in_logs", litellm)
    request = request_of(headers, body, path)
    if not request.needs_session:
        mode = None
    slots = _fill(request, rules)
    rejected = mode == "reject" and not _has_session(slots)
    if mode in {"generate", "reject"}:
        slots = _stamped(slots)
    trace = _group(slots, correlated=correlated, minted=not request.owns_litellm_metadata)
    winner = _omitting(slots) if mode == "omit" else trace
    if rejected:
        trace = winner = _MINTED
    source = winner.source or trace.source
    outcome = Outcome(source, winner.text, litellm, rules, mode=mode, correlated=correlated)
    return Session(winner.text, trace.text, source, rejected, near_misses_of(request, outcome))


@lru_cache(maxsize=32)
def rules_of(litellm: str) -> tuple[Rule, ...]:
    """Return the rules that a release has, strongest first."""
    release = _version(litellm)
    return tuple(
        rule
        for rule in RULES
        if Version(rule.since) <= release and not (rule.until and Version(rule.until) <= release)
    )


def _version(litellm: object) -> Version:
    with suppress(InvalidVersion):
        release = Version(Version(str(litellm)).base_version)
        if release.major <= Version(DEFAULT_RELEASE).major:  # a later one is as the newest known
            return release
    known = sorted({rule.since for rule in RULES} | {DEFAULT_RELEASE}, key=Version)
    inside = re.search(r"\d+\.\d+\.\d+", str(litellm))
    close = [inside[0]] if inside else get_close_matches(str(litellm), known, 1, 0.4)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ValueError(
        f"litellm={litellm!r} is not a LiteLLM release; "
        f"expected a version such as {DEFAULT_RELEASE}.{hint}"
    )


def _has(setting: str, litellm: str) -> bool:
    return Version(SETTINGS_SINCE[setting]) <= _version(litellm)


def _mode(missing_session_id: object, litellm: str) -> str | None:
    if missing_session_id is None or missing_session_id in MODES:
        known = missing_session_id is not None and _has("missing_session_id", litellm)
        return str(missing_session_id) if known else None
    close = get_close_matches(str(missing_session_id), MODES, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"missing_session_id={missing_session_id!r} is unknown; "
        f"expected 'generate', 'reject', 'omit' or None.{hint}"
    )


def _fill(request: Request, rules: Iterable[Rule]) -> _Slots:
    slots: _Slots = {}
    for rule in rules:
        found = rule.find(request)
        if found is not None and _fits(found, rule, slots):
            for slot in rule.fills:
                slots.setdefault(slot, _Hit(found.source, found.value, rule.counts))
    return slots


def _fits(found: Found, rule: Rule, slots: _Slots) -> bool:
    return all(slots[slot].value == found.value for slot in rule.fills if slot in slots)


def _has_session(slots: _Slots) -> bool:
    return any(hit.value and hit.counts == "session" for hit in slots.values())


def _first(*hits: _Hit | None) -> _Hit | None:
    return next((hit for hit in hits if hit is not None and hit.value), None)


def _group(slots: _Slots, *, correlated: bool, minted: bool) -> _Hit:
    # LiteLLM fills an absent or null root field from metadata. On most paths the router has minted
    # an absent trace id before that, which hides everything weaker.
    session, trace = slots.get("session"), slots.get("trace")
    meta_session, meta_trace = slots.get("meta_session"), slots.get("meta_trace")
    if session is None or session.value is None:
        session = _first(meta_session, meta_trace)
    if trace is None and minted:
        trace = _MINTED
    elif trace is None or trace.value is None:
        trace = _first(meta_trace, meta_session)
    order = (
        (trace, session, meta_trace, meta_session)
        if correlated
        else (session, trace, meta_session, meta_trace)
    )
    return _first(*order) or _MINTED


def _stamped(slots: _Slots) -> _Slots:
    # A caller's own session also mends an empty root field; without one, a trace or a minted id
    # becomes the session.
    session, trace = slots.get("session"), slots.get("trace")
    meta_session, meta_trace = slots.get("meta_session"), slots.get("meta_trace")
    if _has_session(slots):
        known = _first(session, meta_session)
        return slots | {"session": known} if session and known else slots
    traces = [hit for hit in (trace, meta_trace) if hit and hit.counts == "trace"]
    stamped = _first(*traces) or _MINTED
    return {"trace": stamped, **slots, "session": stamped, "meta_session": stamped}


def _omitting(slots: _Slots) -> _Hit:
    session, meta_session = slots.get("session"), slots.get("meta_session")
    # `litellm_session_id` is copied into metadata before `litellm_metadata` is merged into it.
    foreign = (
        meta_session is not None
        and meta_session.counts == "nothing"
        and meta_session.source == "litellm_metadata.session_id"
    )
    order = (session, meta_session) if foreign else (meta_session, session)
    return _first(*order) or _MINTED


def _text(value: object) -> str:
    try:
        return str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, endless nesting
        return f"<{type(value).__name__}>"
