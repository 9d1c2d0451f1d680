"""What must come back to the caller: the answer whole, and a failure as an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fake_litellm._replies import Failure, Page, Reply
from litellm_contracts._checks_tool_calls import wrong_calls
from litellm_contracts._finding import Finding, named
from litellm_contracts._model import ANSWER, is_fault, says_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_litellm._replies import Answer
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation, Outcome
    from litellm_contracts._profile import Profile

_LOST = "pieces of the stream are dropped, repeated or put in another chunk type"


def check_text(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call returns the whole text of the answer that succeeded, where it got that far."""
    for outcome in _answered(observation):
        expected = _reply(outcome.call).text
        if outcome.error is not None:
            yield _failed(outcome)
            continue
        if outcome.received_text != expected:
            yield Finding(
                message=f"{named(outcome.call)} returned {outcome.received_text!r}; the proxy sent "
                f"{expected!r}",
                call=outcome.call.name,
                cause=_LOST,
            )


def check_whole_or_error(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call fails, or returns the last answer that the proxy sent, and that alone."""
    for outcome in observation.judged():
        wanted = _reply(outcome.call)
        if outcome.received_text != wanted.text:
            wrong = (
                f"{named(outcome.call)} returned {outcome.received_text!r}; the proxy sent "
                f"{wanted.text!r}"
            )
        else:
            wrong = next(wrong_calls(outcome, wanted, observation), "")
        if wrong and outcome.error is None:
            yield Finding(
                message=f"{wrong}, and there is no error",
                call=outcome.call.name,
                cause="an event that cannot be read is skipped, or a broken stream is begun anew "
                "after some of it was passed on",
            )


def check_answered_or_error(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A call that its caller waits for fails, or returns the answer whole and alone.

    One that the proxy never answers fails. What may fail is judged by what it sends. Whether an
    answer without a finish reason is one, or what is no stream where one is asked for, is not
    judged here; one that is empty, cut, filtered or calls tools may be taken, or asked for again.
    """
    answered: list[Outcome] = []
    unanswered: list[Outcome] = []
    for outcome in observation.judged():
        answers = outcome.call.answers
        last = answers[-1] if answers else Reply()
        is_silent = isinstance(last, Reply) and (last.ends == "silent" or last.unstreamed)
        is_page = isinstance(last, Page) and outcome.call.method == "create_message"
        took_nothing = any(map(says_nothing, answers)) and not outcome.received_text
        is_excused = outcome.call.is_stopped or outcome.call.may_fail
        if is_excused or is_silent or is_page or took_nothing:
            continue
        if len(observation.requests_of(outcome.call)) > len(answers) and _is_poor(last):
            continue
        (unanswered if is_fault(last) else answered).append(outcome)
    yield from check_error(replace(observation, outcomes=tuple(unanswered)), profile)
    yield from check_whole_or_error(replace(observation, outcomes=tuple(answered)), profile)


def check_cancelled(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call that its caller cancels ends in the cancellation, or with the whole answer.

    Whole it is where it was just arriving; one that was asked for again is none.
    """
    for outcome in observation.judged():
        if not outcome.swallowed:
            continue
        call = outcome.call
        if len(observation.requests_of(call)) > call.times * max(1, len(call.answers)):
            then = "asked the proxy once more"
        elif outcome.received_text != _reply(call).text:
            then = f"returned {outcome.received_text!r} as if that were all"
        else:
            continue
        yield Finding(
            message=f"{named(call)} was cancelled by its caller, and {then}",
            call=call.name,
            cause="CancelledError is caught and not raised again: what a caller limits with "
            "asyncio.timeout looks finished",
        )


def check_error(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call whose answer failed or broke off ends in an error, not in a short answer.

    Where an answer had begun, waiting for more of it for ever is none: there is nothing to retry.
    """
    for outcome in observation.judged():
        if outcome.hangs and any(isinstance(one, Reply) for one in outcome.call.answers[-1:]):
            yield Finding(
                message=f"{named(outcome.call)} did not come back, although the proxy "
                f"{_how_it_failed(outcome.call)}",
                call=outcome.call.name,
                cause="the end of the connection is not noticed, or is waited for elsewhere",
            )
        elif outcome.error is None and observation.requests_of(outcome.call):
            got = outcome.received_text or outcome.chunks or outcome.text
            yield Finding(
                message=f"{named(outcome.call)} returned {got!r} without an error, although the "
                f"proxy {_how_it_failed(outcome.call)}",
                call=outcome.call.name,
                cause="the exception is swallowed, or the stream's end is taken for its finish",
            )


def check_error_cause(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """The error of a judged call names what the proxy said."""
    for outcome in observation.judged():
        said = [answer for answer in outcome.call.answers if isinstance(answer, Failure)]
        was_refused = observation.requests_of(outcome.call) and not outcome.given_up
        error = outcome.error if was_refused else None
        if said and error is not None and (said[-1].message or "") not in error:
            yield Finding(
                message=f"{named(outcome.call)} failed with {error!r}, which does not say what "
                f"the proxy said: {said[-1].message!r}",
                call=outcome.call.name,
                cause="the error is replaced by one of the handler's own; keep its message",
            )


def check_tool_calls(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call yields the tool calls of the answer: name, id and whole arguments."""
    for outcome in _answered(observation):
        if outcome.error is not None:
            yield _failed(outcome)
            continue
        for message in wrong_calls(outcome, _reply(outcome.call), observation):
            yield Finding(message=message, call=outcome.call.name, cause=_LOST)


def check_usage(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call yields the token counts of the answer, once."""
    for outcome in observation.judged():
        counts = _reply(outcome.call).usage
        wanted = (counts.prompt_tokens, counts.completion_tokens)
        got = [
            (chunk.get("input_tokens"), chunk.get("output_tokens"))
            for chunk in outcome.chunks
            if isinstance(chunk, Mapping) and chunk.get("type") == "usage"
        ]
        if got != [wanted]:
            yield Finding(
                message=f"{named(outcome.call)} reported usage {got}; expected [{wanted}]",
                call=outcome.call.name,
                cause="stream_options include_usage is not asked for, or its chunk (with empty "
                "choices, or a choice without content) is skipped",
            )


def _failed(outcome: Outcome) -> Finding:
    return Finding(
        message=f"{named(outcome.call)} failed although it was answered: {outcome.error}",
        call=outcome.call.name,
        cause="the error is the handler's own, raised while it reads a good answer: something in "
        "it is taken for a failure, or cannot be read",
    )


def _is_poor(answer: Answer) -> bool:
    """Tell whether an answer is one that a handler may want another for."""
    return isinstance(answer, Reply) and bool(
        answer.finish or answer.tool_calls or says_nothing(answer)
    )


def _answered(observation: Observation) -> Iterator[Outcome]:
    """Yield what was judged, but for calls that failed before they were answered.

    Nobody has to try again; and what was never sent is told of by another check.
    """
    for outcome in observation.judged():
        faults = sum(is_fault(answer) for answer in outcome.call.answers)
        if outcome.error is None or len(observation.requests_of(outcome.call)) > faults:
            yield outcome


def _reply(call: Call) -> Reply:
    """Return the answer that succeeds in the end."""
    replies = [answer for answer in call.answers if isinstance(answer, Reply)]
    return replies[-1] if replies else Reply(text=ANSWER)


def _how_it_failed(call: Call) -> str:
    match call.answers[-1] if call.answers else None:
        case Page():
            return "was not reached: a web page came back"
        case Failure(status=status):
            return f"answered {status}"
        case Reply(ends=ends):
            return f"broke the answer off ({ends})"
        case _:
            return "cut the connection"


ANSWER_CHECKS: dict[str, Callable[[Observation, Profile], Iterator[Finding]]] = {
    "text": check_text,
    "error": check_error,
    "whole-or-error": check_whole_or_error,
    "answered-or-error": check_answered_or_error,
    "error-cause": check_error_cause,
    "cancelled": check_cancelled,
    "tool-calls": check_tool_calls,
    "usage": check_usage,
}
