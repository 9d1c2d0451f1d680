"""What a contract demands of the wire: pure functions from an observation to findings.

A check sees only what was recorded; it needs no server, so each can be tested and mutated alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from litellm_contracts import _causes
from litellm_contracts._checks_answers import ANSWER_CHECKS
from litellm_contracts._checks_hostile import HOSTILE_CHECKS
from litellm_contracts._checks_leaks import LEAK_CHECKS
from litellm_contracts._checks_own import OWN_CHECKS
from litellm_contracts._finding import Finding, marks, marks_named, named
from litellm_contracts._model import is_fault, is_redirected, says_nothing
from litellm_contracts._profile import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation, Outcome, Seen
    from litellm_contracts._profile import Profile

FAILURES_IN_A_ROW = 5
"""After so many requests that failed a handler may refuse further calls for a while."""
LONG_ENOUGH = 1.0
"""Seconds after which a handler that makes its calls in turn may fail, as another one lasts."""
CHAT_ROUTE = re.compile(r"/chat/completions$")
SESSION_ROUTE = re.compile(r"/(chat/completions|completions|responses|messages|embeddings)$")
"""Paths whose requests LiteLLM files under a session."""


def check_reached(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Every call reached the proxy and came back: what was never sent is not right either.

    A call may be missing where its task id may be refused, it may fail and does, its connection is
    reset, nobody reads its answer, or only what came before it, such as a chunk that says it has
    begun; and where it fails after several that failed: a handler may ask no more for a while, nor
    with a key that was refused, if it says so again. One that is to be tried again may take its
    time, and one that is made between the chunks of another may wait for it in vain: a handler may
    do its calls in turn.
    """
    for outcome in observation.outcomes:
        call = outcome.call
        excused = _may_be_unsent(outcome)
        made = len(observation.requests_of(call))
        if not excused and made < call.times:
            error = f": {outcome.error}" if outcome.error else " and returned without an error"
            strays = any(seen.is_stray for seen in observation.seen)
            none = "no request that holds its text" if strays else "no request"
            sent = f"{made} requests for {outcome.call.times} calls" if made else none
            yield Finding(
                message=f"{named(outcome.call)} sent {sent} to the proxy{error}",
                call=outcome.call.name,
                cause=_causes.never_sent(outcome, observation),
            )
        elif outcome.hangs and not excused and not _may_wait(call, observation):
            yield Finding(
                message=f"{named(call)} did not come back although it was answered: "
                f"{outcome.error}",
                call=call.name,
                cause="the handler waits for something that never comes: a lock that is not "
                "released, the end of a stream that has ended, a connection that is not given back",
            )


def _may_be_unsent(outcome: Outcome) -> bool:
    call = outcome.call
    is_left_early = (call.abandon_after or call.cancel_after) and not outcome.received_text
    is_cancelled_beside = call.cancel and call.together
    fails = outcome.error is not None and not outcome.hangs
    has_waited = call.between and outcome.seconds >= LONG_ENOUGH
    is_told_again = any(
        re.search(rf"\b{re.escape(told)}\b", str(outcome.error)) for told in outcome.refused_before
    )
    is_excused = has_waited or is_told_again or outcome.failed_before >= FAILURES_IN_A_ROW
    return bool(
        call.may_refuse
        or call.reset_connections
        or call.never_read
        or is_left_early
        or is_cancelled_beside
        or (call.picture and outcome.error is not None)  # not from just anywhere
        or (call.may_fail and outcome.error is not None)
        or (is_excused and fails)
    )


def check_header(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call carries exactly the header line that is due, or none.

    Where the proxy sends a request to another host, the header may stay behind.
    """
    for outcome in observation.judged():
        due = profile.due(outcome.call)
        for seen in observation.requests_of(outcome.call):
            if due is None:
                yield from _unwanted(seen, observation, profile)
            elif _is_sent_away(seen, outcome) and not seen.request.header_values(profile.header):
                continue
            elif due is ANY:
                yield from _wanted_somehow(seen, profile)
            else:
                yield from _wanted(seen, due, observation, profile)


def _is_sent_away(seen: Seen, outcome: Outcome) -> bool:
    return is_redirected(outcome.call) and seen.host != outcome.host


def check_header_of_others(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A request that belongs to no call carries the task id of one, where each call has one."""
    judged = {outcome.call.name for outcome in observation.judged()}
    for seen in observation.seen:
        if seen.call is not None or not SESSION_ROUTE.search(seen.request.path):
            continue
        dues = [profile.due(call) if call.name in judged else None for call in seen.begun]
        values = seen.request.header_values(profile.header)
        if not dues or not all(isinstance(due, str) for due in dues):
            continue  # it may be sent for a call that carries no header
        if len(values) != 1 or values[0] not in dues:
            yield Finding(
                message=f"request {seen.number} belongs to no call, and its {profile.header} is "
                f"{', '.join(map(repr, values)) or 'missing'}; expected the task id of the call "
                "it is sent for",
                request=seen.number,
                marks=marks_named(seen, profile.header.lower()),
                cause="a request of the handler's own, such as a probe after failures, is built "
                "without the headers of the call",
            )


def check_requests(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each judged call makes exactly its requests; none belongs to no call.

    A handler may give up after a fault, or an answer that says nothing, or try again: one request,
    and one more per fault. Where it is never answered, it may try what it likes.
    """
    for outcome in observation.judged():
        made = observation.requests_of(outcome.call)
        answers = outcome.call.answers
        if answers and is_fault(answers[-1]):
            continue
        faults = sum(is_fault(answer) or says_nothing(answer) for answer in answers[:-1])
        allowed = outcome.call.times + faults + outcome.call.reset_connections
        if len(made) > allowed:
            expected = "exactly 1" if allowed == 1 else f"1 to {allowed}"
            yield Finding(
                message=f"{named(outcome.call)} made {len(made)} requests, expected {expected}",
                call=outcome.call.name,
                request=made[allowed].number,
                cause="the call is sent again although it was answered, or is sent twice",
            )
    for seen in observation.seen:
        if seen.call is None and SESSION_ROUTE.search(seen.request.path):
            yield Finding(
                message=f"request {seen.number} belongs to no call: its body holds none of the "
                "texts that were passed in",
                request=seen.number,
                cause="a warm-up or side request of the handler's own, or the messages that were "
                "passed in did not reach the body",
            )


def check_session(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """LiteLLM would file each judged request under its task id, because of the vendor's header.

    A call without a task id may be filed anywhere (a traceparent groups it by trace), but neither
    under another call's task nor in one session with other such calls.
    """
    shared = _shared_sessions(observation, profile)
    for outcome in observation.judged():
        due = profile.due(outcome.call)
        for seen in observation.requests_of(outcome.call):
            session = seen.request.session
            if not isinstance(due, str):
                wrong = session.session_id in shared | _ids_of_others(outcome.call, observation)
                expected = "no session of another call"
            else:
                filed_right = (due, profile.litellm_source)
                wrong = (session.session_id, session.source) != filed_right
                expected = f"session {due!r} from {profile.header}"
            if wrong:
                cause, clue = _causes.masked(session, profile)
                yield Finding(
                    message=f"LiteLLM would file request {seen.number} "
                    f"{_causes.filed(session)}; expected {expected}",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=marks_named(seen, session.source),
                    cause="; ".join(session.near_misses) or cause,
                    clue="" if session.near_misses else clue,
                )


def _shared_sessions(observation: Observation, profile: Profile) -> set[str]:
    """Return the sessions in which LiteLLM would file several calls that no header is due to."""
    filed: dict[str, set[str]] = {}
    for seen in observation.seen:
        session = seen.request.session
        if seen.call is None or profile.due(seen.call) is not None:
            continue
        if session.session_id and session.source != "traceparent":
            filed.setdefault(session.session_id, set()).add(seen.call.name)
    return {session_id for session_id, names in filed.items() if len(names) > 1}


def check_unmasked(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A request with the header that is due is filed under it: nothing else in it wins.

    Where LiteLLM does not know the profile's header, something else has to.
    """
    if not profile.recognized:
        return
    for finding in check_session(observation, profile):
        seen = next(one for one in observation.seen if one.number == finding.request)
        call = seen.call
        due = profile.due(call) if call else None
        carried = seen.request.header_values(profile.header)
        if carried == ([due] if isinstance(due, str) else []):
            yield finding


def check_valid_request(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """Each chat request of a judged call is valid by `openapi/litellm.yaml`, body and headers."""
    from litellm_contracts._openapi import request_errors

    for outcome in observation.judged():
        for seen in observation.requests_of(outcome.call):
            if not CHAT_ROUTE.search(seen.request.path):
                continue  # another API of LiteLLM's, which the document does not describe
            for error in request_errors(seen.request, profile.header):
                yield Finding(
                    message=f"request {seen.number} is not valid by openapi/litellm.yaml: {error}",
                    call=outcome.call.name,
                    request=seen.number,
                    cause="the handler builds a request that the chat completions API does not "
                    "describe",
                )


CHECKS: dict[str, Callable[[Observation, Profile], Iterator[Finding]]] = {
    "reached": check_reached,
    "header": check_header,
    "header-of-others": check_header_of_others,
    "requests": check_requests,
    "session": check_session,
    "unmasked": check_unmasked,
    "valid-request": check_valid_request,
    **ANSWER_CHECKS,
    **HOSTILE_CHECKS,
    **LEAK_CHECKS,
    **OWN_CHECKS,
}


def judge(
    checks: tuple[str, ...], observation: Observation, profile: Profile
) -> tuple[Finding, ...]:
    """Return the findings of the checks, in their order."""
    return tuple(finding for name in checks for finding in CHECKS[name](observation, profile))


def _may_wait(call: Call, observation: Observation) -> bool:
    is_read_meanwhile = any(one.call.between == call.name for one in observation.outcomes)
    return bool(call.between) or is_read_meanwhile or any(map(is_fault, call.answers))


def _wanted(seen: Seen, due: str, observation: Observation, profile: Profile) -> Iterator[Finding]:
    values = seen.request.header_values(profile.header)
    if values == [due]:
        return
    shown = marks_named(seen, profile.header.lower())
    if not values:
        message = f"no {profile.header} header line; expected {profile.header}: {due}"
        shown = marks(seen, lambda name, value: _causes.looks_alike(name, value, due, profile))
    elif len(values) > 1:
        message = f"{len(values)} {profile.header} header lines; expected exactly one"
    else:
        message = f"{profile.header} is {values[0]!r}; expected {due!r}"
    cause, clue = _causes.wrong_header(seen, due, values, observation, profile)
    yield Finding(
        message=f"request {seen.number}: {message}",
        call=seen.call.name if seen.call else None,
        request=seen.number,
        marks=shown,
        cause=cause,
        clue=clue,
    )


def _wanted_somehow(seen: Seen, profile: Profile) -> Iterator[Finding]:
    values = seen.request.header_values(profile.header)
    if len(values) != 1 or not values[0]:
        yield Finding(
            message=f"request {seen.number}: {profile.header} is sent {len(values)} times "
            f"({', '.join(map(repr, values)) or 'no value'}); expected one line with some value",
            call=seen.call.name if seen.call else None,
            request=seen.number,
            marks=marks_named(seen, profile.header.lower()),
            cause=f"the {profile.name} profile sends it with every request",
        )


def _unwanted(seen: Seen, observation: Observation, profile: Profile) -> Iterator[Finding]:
    values = seen.request.header_values(profile.header)
    if not values:
        return
    reason = (
        "complete_prompt never sends it"
        if seen.call is not None and seen.call.method == "complete_prompt"
        else "the call has no task id"
    )
    cause, clue = _causes.unwanted_header(seen, values, observation, profile)
    yield Finding(
        message=f"request {seen.number}: {profile.header} is sent ({values[0]!r}), but {reason}",
        call=seen.call.name if seen.call else None,
        request=seen.number,
        marks=marks_named(seen, profile.header.lower()),
        cause=cause,
        clue=clue,
    )


def _ids_of_others(call: Call, observation: Observation) -> set[str]:
    ids = [outcome.call.task_id for outcome in observation.outcomes if outcome.call is not call]
    return {one for one in ids if isinstance(one, str) and one}
