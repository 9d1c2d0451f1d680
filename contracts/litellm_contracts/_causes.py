"""The likeliest cause of a finding, told in the terms of a handler's author.

A function that finds out returns the cause, and the clue in the request that gives it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_litellm import Session
    from litellm_contracts._observation import Observation, Outcome, Seen
    from litellm_contracts._profile import Profile

_PLACEHOLDERS = {"undefined", "null", "None", "[object Object]", "NaN", "nil", ""}
_NAMED = 3
_NOT_ITS_OWN = "the value does not come from this call's metadata"


def filed(session: Session) -> str:
    """Say under which session LiteLLM would file a request, and by which rule."""
    if session.rejected:
        return "nowhere: it answers 400"
    if session.session_id is None:
        return "alone, in a session of its own"
    return f"under session {session.session_id!r} (from {session.source})"


def masked(session: Session, profile: Profile) -> tuple[str, str]:
    """Explain a session that is not the task's, or not for the vendor's header."""
    if session.source is None:
        return f"{profile.header} is not sent", ""
    if session.source == profile.litellm_source:
        return _NOT_ITS_OWN, f"{profile.header} carries {session.session_id!r}"
    cause = f"LiteLLM should find the task id in {profile.header} alone"
    return cause, f"{session.source} decides"


def never_sent(outcome: Outcome, observation: Observation) -> str:
    """Explain a call that reached no route of the proxy."""
    if any(seen.is_stray for seen in observation.seen):
        return (
            "a request arrived, but its body does not hold the text that was passed in: check "
            "that messages and prompt are sent on"
        )
    if outcome.hangs:
        return "the call waits for what never comes, or blocks the event loop that it runs in"
    error = outcome.error or ""
    if error.startswith("TypeError") and "argument" in error:  # JavaScript's are of many kinds
        return (
            "the methods are called as create_message(system_prompt, messages, metadata) and "
            "complete_prompt(prompt)"
        )
    if outcome.error:
        return "the handler refuses the call, or builds a client that cannot reach base_url"
    return "base_url is ignored, or the stream is never started"


def wrong_header(
    seen: Seen, due: str, values: list[str], observation: Observation, profile: Profile
) -> tuple[str, str]:
    """Explain a header line that is missing, doubled, or has another value than is due."""
    if len(values) > 1:
        return (
            "the header is set twice in two spellings (client default_headers and the request's "
            "own headers): openai before 3.19.1 merges them case-sensitively"
        ), ""
    if not values:
        return _missing(seen, due, profile)
    return _other_value(values[0], due, _calls_with(values[0], seen, observation))


def _other_value(value: str, due: str, others: str) -> tuple[str, str]:
    if others:
        return (
            "the id is kept on the handler or the client instead of being passed with each request",
            f"{value!r} is the task id of another call ({others})",
        )
    if value in _PLACEHOLDERS:
        return "a missing value was turned into text", f"{value!r} is a placeholder"
    if value.lower() == due.lower():
        return "the letter case of the task id was changed", ""
    if value and (value in due or due in value):
        return "the task id was cut, padded or quoted on its way", ""
    return _NOT_ITS_OWN, ""


def unwanted_header(
    seen: Seen, values: list[str], observation: Observation, profile: Profile
) -> tuple[str, str]:
    """Explain a header line that should not be there."""
    value = values[0]
    if value in _PLACEHOLDERS:
        cause = "the header is set without asking for a task id first"
        return cause, f"{value!r} is a placeholder"
    others = _calls_with(value, seen, observation)
    if others:
        return (
            "the header sits in the client's default_headers or in state that outlives the call",
            f"{value!r} is the task id of another call ({others})",
        )
    return f"{profile.header} is set for every request, with a value of the handler's own", ""


def looks_alike(name: str, value: str, due: str, profile: Profile) -> bool:
    """Tell whether a header line could be the missing one: a like name, or the same value."""
    return value == due or _letters(name) == _letters(profile.header)


def _missing(seen: Seen, due: str, profile: Profile) -> tuple[str, str]:
    alike = [
        name
        for name, value in seen.request.headers
        if looks_alike(name.lower(), value, due, profile)
    ]
    if alike:
        return f"LiteLLM groups by {profile.header}", f"the id is sent as {alike[0]!r}"
    body = seen.request.body.decode(errors="replace")
    if due in body:
        return "the task id is in the request body instead of a header", ""
    return "the request is sent without extra headers on this path of the handler", ""


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _calls_with(value: str, seen: Seen, observation: Observation) -> str:
    own = seen.call.name if seen.call is not None else None
    names = [
        outcome.call.name
        for outcome in observation.outcomes
        if outcome.call.task_id == value and outcome.call.name != own
    ]
    others = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {others} more" if others > 0 else "")
