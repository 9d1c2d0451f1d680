"""What must not happen with a task id that cannot, or should not, be a header value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts._finding import Finding, marks, marks_named, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._observation import Observation, Outcome, Seen
    from litellm_contracts._profile import Profile

INJECTED = "x-injected"
"""The header that a hostile task id tries to smuggle in."""
AT_ONCE = 1.0
"""Seconds within which a refusal counts as immediate: the SDK's retries take longer."""
_TIMES_A_GOOD_CALL = 3


def check_injection(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A hostile id adds no header line, breaks no request, and brings up no other call's id."""
    for seen in observation.seen:
        if seen.request.malformed is not None:
            yield Finding(
                message=f"request {seen.number} is not HTTP: {seen.request.malformed}",
                request=seen.number,
                cause="the task id reaches the wire unchecked",
            )
    for outcome in _hostile(observation):
        others = [other.call.task_id for other in observation.outcomes if other is not outcome]
        for seen in observation.requests_of(outcome.call):
            yield from _injected(seen, profile)
            values = seen.request.header_values(profile.header)
            stale = [value for value in values if value in others]
            if stale:
                yield Finding(
                    message=f"request {seen.number}: {named(outcome.call)} is filed under "
                    f"{stale[0]!r}, the task id of another call",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=marks_named(seen, profile.header.lower()),
                    cause="an id that cannot be sent is replaced by the last good one",
                )


def check_refused_or_omitted(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A hostile id is refused with an error, or left out; it is not sent, whole or mended."""
    for outcome in _hostile(observation):
        for seen in observation.requests_of(outcome.call):
            values = seen.request.header_values(profile.header)
            if values:
                yield Finding(
                    message=f"request {seen.number}: {profile.header} is {values[0]!r} for the "
                    f"task id {outcome.call.task_id!r}; expected an error or no header",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=marks_named(seen, profile.header.lower()),
                    cause="the id is mended or sent unchecked; LiteLLM may file it elsewhere",
                )


def check_refused_at_once(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A hostile id that is refused is refused at once, not after seconds of retries.

    Beside another call it may have to wait for its turn. What takes its time over any call may
    take it over a refusal.
    """
    waits = {outcome.call.partner for outcome in observation.outcomes}
    good = [one for one in observation.judged() if one.error is None and one.call.name not in waits]
    limit = max([AT_ONCE, *(_TIMES_A_GOOD_CALL * one.seconds for one in good)])
    for outcome in _hostile(observation):
        sent = observation.requests_of(outcome.call)
        is_alone = outcome.call.partner is None
        if is_alone and outcome.error is not None and not sent and outcome.seconds > limit:
            yield Finding(
                message=f"{named(outcome.call)} was refused after {outcome.seconds:.1f} s: "
                f"{outcome.error}",
                call=outcome.call.name,
                cause="the SDK finds the bad value only when it sends, and tries again; check "
                "the id before the request",
            )


def check_unaltered(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """An id that LiteLLM would only ignore is refused, left out or sent as it is."""
    for outcome in _hostile(observation):
        for seen in observation.requests_of(outcome.call):
            values = seen.request.header_values(profile.header)
            if values and values != [outcome.call.task_id]:
                yield Finding(
                    message=f"request {seen.number}: {profile.header} is {values} for the task id "
                    f"{outcome.call.task_id!r}; expected it as it is, or an error, or no header",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=marks_named(seen, profile.header.lower()),
                    cause="the id is mended: two ids may become one, and one conversation two",
                )


def _hostile(observation: Observation) -> Iterator[Outcome]:
    return (outcome for outcome in observation.outcomes if outcome.call.may_refuse)


def _injected(seen: Seen, profile: Profile) -> Iterator[Finding]:
    found = marks(seen, lambda name, _: name == INJECTED)
    lines = marks_named(seen, profile.header.lower())
    if found or len(lines) > 1:
        yield Finding(
            message=f"request {seen.number}: the task id brought in a header line of its own",
            call=seen.call.name if seen.call else None,
            request=seen.number,
            marks=found or lines,
            cause="the task id is written to the wire without looking for CR and LF",
        )


HOSTILE_CHECKS: dict[str, Callable[[Observation, Profile], Iterator[Finding]]] = {
    "injection": check_injection,
    "refused-or-omitted": check_refused_or_omitted,
    "refused-at-once": check_refused_at_once,
    "unaltered": check_unaltered,
}
