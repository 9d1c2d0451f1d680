"""Where the task id and the API key must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from litellm_contracts._evidence import REDACTED, SECRET_HEADERS, most_of
from litellm_contracts._finding import Finding, marks, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation, Seen
    from litellm_contracts._profile import Profile


def check_id_in_url(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """No request has a task id in its URL, where proxies and access logs keep it."""
    for seen, task_id in _requests_and_ids(observation):
        target = unquote(f"{seen.request.path}?{seen.request.query}")
        if task_id in target:
            yield Finding(
                message=f"request {seen.number} has the task id in its URL: {target}",
                call=seen.call.name if seen.call else None,
                request=seen.number,
                cause="the id is passed as a query or path parameter (extra_query)",
            )


def check_id_in_body(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """No request has a task id in its body, where it reaches the model provider."""
    for seen, task_id in _requests_and_ids(observation):
        if task_id in seen.request.body.decode(errors="replace"):
            yield Finding(
                message=f"request {seen.number} has the task id in its body",
                call=seen.call.name if seen.call else None,
                request=seen.number,
                cause="the id is sent in extra_body, metadata, user or a message",
            )


def check_id_in_other_headers(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """No header but the vendor's own holds a task id."""
    own = profile.header.lower()
    for seen, task_id in _requests_and_ids(observation):
        found = marks(seen, lambda name, value, task=task_id: name != own and task in value)  # type: ignore[misc]
        if found:
            yield Finding(
                message=f"request {seen.number} has the task id in the header "
                f"{seen.request.headers[found[0]][0]}",
                call=seen.call.name if seen.call else None,
                request=seen.number,
                marks=found,
                cause=f"the id is sent in further headers; {profile.header} is enough",
            )


def check_id_in_side_requests(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """A request that belongs to no call, such as one for the models, holds no task id.

    One that broke off while it was sent, as its call was stopped, may be any call's.
    """
    for seen, task_id in _requests_and_ids(observation):
        is_side = seen.call is None and not seen.request.malformed
        if is_side and task_id.encode() in seen.request.head + seen.request.body:
            yield Finding(
                message=f"request {seen.number}, for {seen.request.path}, is no turn of a "
                "conversation and holds the task id",
                request=seen.number,
                marks=marks(seen, lambda name, _: name == profile.header.lower()),
                cause="the session header is set for every request of a client, also for those "
                "that ask for models; pass it with the turn alone",
            )


def check_id_of_others(observation: Observation, profile: Profile) -> Iterator[Finding]:
    """No request of a judged call holds the task id of another call, in whatever place.

    The vendor's own header is judged by `header`. What the caller passed in may be sent on.
    """
    own = profile.header.lower()
    judged = {outcome.call.name for outcome in observation.judged()}
    ids = {task_id: _plain(task_id) for task_id in _ids(observation)}
    for seen in observation.seen:
        call = seen.call
        if call is None or call.name not in judged:
            continue
        lines = [f"{name}: {value}" for name, value in seen.request.headers if name.lower() != own]
        target = unquote(f"{seen.request.path}?{seen.request.query}")
        sent = _plain(f"{target} {lines} {seen.request.body.decode(errors='replace')}")
        for task_id in (one for one in ids if ids[one] and ids[one] in sent):
            if _is_given(task_id, call):
                continue
            found = marks(
                seen,
                lambda name, value, plain=ids[task_id]: name != own and plain in _plain(value),  # type: ignore[misc]
            )
            where = seen.request.headers[found[0]][0] if found else "its URL or body"
            yield Finding(
                message=f"request {seen.number}, of {named(call)}, holds the task id of another "
                f"call in {where}: {task_id}",
                call=call.name,
                request=seen.number,
                marks=found,
                cause="the id is kept where other calls find it: a context variable, a trace's "
                "baggage, or state of the handler",
            )


def check_api_key(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """The API key is in its header and nowhere else: not in URL, body, chunks, errors or log."""
    key = observation.api_key
    proxies = {outcome.host for outcome in observation.outcomes}
    for seen in observation.seen:
        taken = marks(seen, lambda _, value: key in value)
        if taken and seen.call is None and seen.host not in proxies:
            yield Finding(
                message=f"request {seen.number}, for {seen.host}{seen.request.path}, takes the API "
                "key to a server that is none of the handler's",
                request=seen.number,
                marks=taken,
                cause="what a message points at is fetched with the proxy's own client",
            )
        found = marks(seen, lambda name, value: key in value and name not in SECRET_HEADERS)
        rest = f"{unquote(seen.request.path)}?{unquote(seen.request.query)}".encode()
        if found or key.encode() in rest + seen.request.body:
            yield Finding(
                message=f"request {seen.number} holds the API key outside its header",
                call=seen.call.name if seen.call else None,
                request=seen.number,
                marks=found,
                cause="the key is sent in a further header, the URL or the body",
            )
    for outcome in observation.outcomes:
        shown = f"{outcome.error} {outcome.told} {outcome.chunks} {outcome.text}"
        if key in shown or any(part in shown for part in most_of(key)):
            part = "" if key in shown else "most of "
            yield Finding(
                message=f"{outcome.call.name} shows {part}the API key to its caller: {REDACTED}",
                call=outcome.call.name,
                cause="the key is part of a chunk, or of an error: its message, a note, or the "
                "error it was raised from",
            )

    for call, text in observation.logged[:1]:
        yield Finding(
            message=f"a log message shows the API key: {text.replace(key, REDACTED)}",
            call=call,
            cause="a request's headers are logged whole",
        )


def check_key_elsewhere(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """No request of a judged call takes the API key to another host than its handler's proxy."""
    for outcome in observation.judged():
        for seen in observation.requests_of(outcome.call):
            found = marks(seen, lambda _, value: bool(outcome.api_key) and outcome.api_key in value)  # noqa: B023
            if seen.host != outcome.host and found:
                yield Finding(
                    message=f"request {seen.number} took the API key to {seen.host}; the handler "
                    f"of {named(outcome.call)} was built for {outcome.proxy}",
                    call=outcome.call.name,
                    request=seen.number,
                    marks=found,
                    cause="a redirect is followed with all headers of the first request",
                )


def _plain(text: str) -> str:
    """Return a text in which a task id is found however it is written: dashes, capitals."""
    return text.replace("-", "").lower()


def _is_given(text: str, call: Call) -> bool:
    """Tell whether a text is in what the call was given, and may be sent on."""
    return text in f"{call.metadata} {call.system_prompt} {call.messages} {call.prompt}"


def _ids(observation: Observation) -> list[str]:
    """Return the task ids that were passed in, each once."""
    ids = [outcome.call.task_id for outcome in observation.outcomes]
    return sorted({one for one in ids if isinstance(one, str) and one.strip()})


def _requests_and_ids(observation: Observation) -> Iterator[tuple[Seen, str]]:
    """Yield each request with each task id that was passed in."""
    ids = _ids(observation)
    return ((seen, task_id) for seen in observation.seen for task_id in ids)


LEAK_CHECKS: dict[str, Callable[[Observation, Profile], Iterator[Finding]]] = {
    "id-in-url": check_id_in_url,
    "id-in-body": check_id_in_body,
    "id-in-other-headers": check_id_in_other_headers,
    "id-in-side-requests": check_id_in_side_requests,
    "id-of-others": check_id_of_others,
    "api-key": check_api_key,
    "key-elsewhere": check_key_elsewhere,
}
