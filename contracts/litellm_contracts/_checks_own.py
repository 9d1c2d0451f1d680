"""What a request holds is its own call's: texts, tools, model, key and proxy."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from litellm_contracts._checks_own_tools import (
    check_own_tool_choice,
    check_own_tools,
    mapping,
    offers_tools,
)
from litellm_contracts._evidence import SECRET_HEADERS
from litellm_contracts._finding import Finding, marks, marks_named, named
from litellm_contracts._model import is_fault, is_redirected, says_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from litellm_contracts._observation import Observation, Outcome, Seen
    from litellm_contracts._profile import Profile

_REFUSED = 400
"""The least status of what is no answer."""
_OF_AN_HTTP_PROXY = ("/http://", "/https://")
"""How the recorded path of a request begins that is written for an HTTP proxy (RFC 9112, 3.2.2)."""


def check_own_text(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call holds all that was said in it, and no other call's text."""
    for outcome in observation.judged():
        call = outcome.call
        others = [one.call.marker for one in observation.outcomes if one.call.marker != call.marker]
        texts = [text for message in call.messages for text in _said(message.get("content"))]
        said = {call.system_prompt: "the system prompt", call.prompt: "the prompt"}
        said |= dict.fromkeys(texts, "a message")
        given = f"{call.messages} {call.prompt}"
        for seen in observation.requests_of(call):
            text = "\n".join(_texts(seen.request.json))
            foreign = [marker for marker in others if marker in text and marker not in given]
            missing = [what for words, what in said.items() if words.strip() not in text]
            missing += _said_less_often(texts, seen)
            if offers_tools(seen):
                missing += _lost_of_tools(call.messages, seen)
            if missing:
                wrong = f"does not hold {missing[0]} of {named(call)}"
            elif foreign:
                wrong = f"holds a text of another call, {foreign[0]}"
            else:
                continue
            yield Finding(
                message=f"request {seen.number} {wrong}",
                call=call.name,
                request=seen.number,
                cause="what is sent is not made of the call's arguments, and of them alone",
            )


def check_own_model(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call names the model that its handler was built with.

    Where the proxy fails to answer, or says nothing, the handler may turn to another model within
    the call.
    """
    for outcome in observation.judged():
        requests = observation.requests_of(outcome.call)
        given = [seen.request.status for seen in requests]
        fails = any(status is not None and status >= _REFUSED for status in given)
        answers = outcome.call.answers
        may_change = fails or any(is_fault(one) or says_nothing(one) for one in answers)
        if outcome.call.reset_connections:
            continue  # what was tried first is not recorded
        for seen in requests[:1] if may_change else requests:
            body = seen.request.json if isinstance(seen.request.json, dict) else {}
            if body.get("model", outcome.model) != outcome.model:
                yield Finding(
                    message=f"request {seen.number} names the model {body['model']!r}; the "
                    f"handler was built with {outcome.model!r}",
                    call=outcome.call.name,
                    request=seen.number,
                    cause="a handler or client that was built for another model is used, or the "
                    "name is altered: LiteLLM knows models by their whole names",
                )


def check_arguments(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """A judged call leaves the messages and the metadata of its caller as they were."""
    for outcome in observation.judged():
        if outcome.altered:
            yield Finding(
                message=f"{named(outcome.call)} altered the {outcome.altered} of its caller",
                call=outcome.call.name,
                cause="something is put into the caller's own list or dict instead of a copy",
            )


def check_own_key(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call carries the API key that its own handler was built with.

    Unless its proxy sends it elsewhere: then the key stays behind.
    """
    for outcome in _not_redirected(observation):
        for seen in observation.requests_of(outcome.call):
            given = {value.rpartition(" ")[2] for _, value in seen.request.headers}
            if outcome.api_key and outcome.api_key not in given:
                yield Finding(
                    message=f"request {seen.number} does not carry the API key that the handler "
                    f"of {named(outcome.call)} was built with",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=marks(seen, lambda name, _: name in SECRET_HEADERS),
                    cause="a client that was built for another handler is used for this one",
                )


def check_own_proxy(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call goes to the proxy that its own handler was built for.

    Unless that proxy sends it elsewhere. It goes there itself, and not by way of an HTTP proxy that
    the environment names for other hosts.
    """
    for outcome in _not_redirected(observation):
        for seen in observation.requests_of(outcome.call):
            place = f"{seen.host}{seen.request.path}"
            if seen.request.path.startswith(_OF_AN_HTTP_PROXY):
                wrong = f"went through an HTTP proxy, with the target {seen.request.path[1:]}"
                cause = "the environment's HTTP_PROXY is used, and its NO_PROXY is not heeded"
            elif not place.startswith(f"{outcome.proxy}/"):
                wrong = f"went to {place}"
                cause = "a client that was built for another handler is used for this one"
            else:
                continue
            yield Finding(
                message=f"request {seen.number} {wrong}; the handler of {named(outcome.call)} was "
                f"built for {outcome.proxy}",
                call=outcome.call.name,
                request=seen.number,
                marks=marks_named(seen, "host"),
                cause=cause,
            )


def _not_redirected(observation: Observation) -> Iterator[Outcome]:
    for outcome in observation.judged():
        if not is_redirected(outcome.call):
            yield outcome


def _said(content: Any) -> list[str]:  # noqa: ANN401 - a text, parts of one, or nothing
    """Return the texts of a message."""
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list | tuple) else ()
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return [text for text in texts if isinstance(text, str)]


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - what JSON holds
    """Yield every text in a body, also one that is sent in several parts or messages of a role."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        if all(isinstance(part, dict) for part in value):
            yield "".join(_said(value))
            for _, run in groupby(value, lambda message: message.get("role")):
                yield "".join(text for message in run for text in _said(message.get("content")))
        for part in value:
            yield from _texts(part)


def _said_less_often(texts: Sequence[str], seen: Seen) -> Iterator[str]:
    """Say whether a text that is in several messages is sent, but not as often."""
    sent = json.dumps(seen.request.json)
    for text, times in Counter(texts).items():
        if times > 1 and 0 < sent.count(json.dumps(text.strip())[1:-1]) < times:
            yield "a message that is said twice"


def _lost_of_tools(messages: Sequence[Mapping[str, Any]], seen: Seen) -> Iterator[str]:
    """Say which of the tools' calls and results in the messages a request leaves out.

    In a request of another API than chat, any text may be the id of one.
    """
    body = seen.request.json
    sent = mapping(body).get("messages")
    any_text = set() if seen.request.path.endswith("/chat/completions") else set(_texts(body))
    # An id may be written as a model's maker wants it, and the result's with it.
    if len(_tool_calls(messages) - any_text) > len(_tool_calls(sent)):
        yield "a tool call of the history"
    if len(_tool_results(messages) - any_text) > len(_tool_results(sent)):
        yield "a tool's result"
    if _tool_results(messages) <= _tool_calls(messages) and _tool_results(sent) - _tool_calls(sent):
        yield "the call that a tool's result answers"


def _tool_results(messages: Any) -> set[str]:  # noqa: ANN401 - what a handler sent
    """Return the ids of the tool calls whose results are among messages."""
    listed = map(mapping, messages) if isinstance(messages, list | tuple) else ()
    return {str(one.get("tool_call_id")) for one in listed if one.get("role") == "tool"}


def _tool_calls(messages: Any) -> set[str]:  # noqa: ANN401 - what a handler sent
    """Return the ids of the tool calls in messages."""
    listed = messages if isinstance(messages, list | tuple) else ()
    calls = [mapping(message).get("tool_calls") for message in listed]
    listed = [one for some in calls if isinstance(some, list | tuple) for one in some]
    return {str(mapping(one).get("id")) for one in listed}


OWN_CHECKS: dict[str, Callable[[Observation, Profile], Iterator[Finding]]] = {
    "arguments": check_arguments,
    "own-key": check_own_key,
    "own-model": check_own_model,
    "own-proxy": check_own_proxy,
    "own-text": check_own_text,
    "own-tool-choice": check_own_tool_choice,
    "own-tools": check_own_tools,
}
