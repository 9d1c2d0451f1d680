"""Probes of answers: retries, redirects, failures in mid-stream, and what a raw response is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fake_litellm import Cut, Failure, FakeLiteLLM, Gate, Redirect, Reply
from litellm_contracts._probe_asking import (
    ASK,
    HEADER,
    KEY,
    SESSION,
    Asked,
    Question,
    both,
)

if TYPE_CHECKING:
    from fake_litellm import Answer
    from fake_litellm._replies import Ending

_COUNT = "x-stainless-retry-count"
_RAW = "x-stainless-raw-response"
_STATUSES = (400, 401, 404, 408, 409, 422, 429, 500, 503)
_TIMEOUT = 1.0


def retries(fake: FakeLiteLLM) -> str:
    """Count the requests of a client that was not told how often to retry."""
    return both(fake, Question(answers=(Failure(status=429, retry_after_ms=1),) * 3), _requests)


def retried_statuses(fake: FakeLiteLLM) -> str:
    """Answer each status once; at the same time, because each retry waits."""
    del fake  # each status has one of its own
    with ThreadPoolExecutor(len(_STATUSES)) as pool:
        return ", ".join(filter(None, pool.map(_if_retried, _STATUSES)))


def retried_lines(fake: FakeLiteLLM) -> str:
    """Compare the header lines of a request and of its retry."""

    def tell(asked: Asked) -> str:
        first, second = (set(request.headers) for request in asked.requests)
        changed = sorted({name.lower() for name, _ in first ^ second})
        return f"the same, but for {', '.join(changed)}" if changed else "the same"

    return both(fake, _once(Failure(status=429, retry_after_ms=1)), tell)


def retry_count(fake: FakeLiteLLM) -> str:
    """Look at the SDK's own count of retries."""

    def tell(asked: Asked) -> str:
        values = (request.header_values(_COUNT) for request in asked.requests)
        return ", ".join(one[0] if one else "none" for one in values)

    return both(fake, _once(Failure(status=429, retry_after_ms=1)), tell)


def retry_after_reset(fake: FakeLiteLLM) -> str:
    """Reset the connection before the first answer."""
    return both(fake, _once(Cut()), _requests)


def redirect(fake: FakeLiteLLM) -> str:
    """Redirect to another path of the same origin."""
    return both(fake, _redirected(Redirect(location="/chat/completions")), _what_went_along)


def redirect_302(fake: FakeLiteLLM) -> str:
    """Redirect as browsers know it."""

    def tell(asked: Asked) -> str:
        ways = [request.method for request in asked.requests]
        return f"repeated as {ways[1]}" if len(ways) > 1 else asked.failure

    return both(fake, _redirected(Redirect(location="/chat/completions", status=302)), tell)


def redirect_elsewhere(fake: FakeLiteLLM) -> str:
    """Redirect to another port, which is another origin."""
    with FakeLiteLLM() as other:

        def tell(asked: Asked) -> str:
            asked.requests = [*asked.requests, *other.journal]
            other.clear()
            return _what_went_along(asked)

        return both(
            fake, _redirected(Redirect(location=f"{other.base_url}/v1/chat/completions")), tell
        )


def timeout(fake: FakeLiteLLM) -> str:
    """Keep the answer back for longer than the client waits."""
    gates = Gate(), Gate()
    question = Question(client={"timeout": _TIMEOUT, "max_retries": 0})
    fake.script(*(Reply(hold=gate) for gate in gates))
    told = both(fake, question, lambda asked: asked.failure)
    for gate in gates:
        gate.open()
    return told


def stream_dropped(fake: FakeLiteLLM) -> str:
    """Close the connection in mid-stream."""
    return both(fake, _stream("drop"), _what_arrived)


def stream_stalled(fake: FakeLiteLLM) -> str:
    """Send no further byte in mid-stream."""
    return both(fake, _stream("stall"), _what_arrived)


def stream_error_event(fake: FakeLiteLLM) -> str:
    """Report a failure in mid-stream, as LiteLLM does."""
    return both(fake, _stream("error-event"), _what_arrived)


def raw_response(fake: FakeLiteLLM) -> str:
    """Ask through `with_raw_response`."""
    import openai

    async def ask_async() -> str:
        async with openai.AsyncOpenAI(base_url=f"{fake.base_url}/v1", api_key=KEY) as client:
            return type(await client.chat.completions.with_raw_response.create(**ASK)).__name__

    with openai.OpenAI(base_url=f"{fake.base_url}/v1", api_key=KEY) as client:
        kind = type(client.chat.completions.with_raw_response.create(**ASK)).__name__
    return _kinds(fake, kind, asyncio.run(ask_async()))


def streaming_response(fake: FakeLiteLLM) -> str:
    """Ask through `with_streaming_response`."""
    import openai

    async def ask_async() -> str:
        async with openai.AsyncOpenAI(base_url=f"{fake.base_url}/v1", api_key=KEY) as client:
            door = client.chat.completions.with_streaming_response
            async with door.create(**ASK) as response:
                return type(response).__name__

    with openai.OpenAI(base_url=f"{fake.base_url}/v1", api_key=KEY) as client:
        door = getattr(client.chat.completions, "with_streaming_response", None)
        if door is None:
            return "not there"
        with door.create(**ASK) as response:
            kind = type(response).__name__
    return _kinds(fake, kind, asyncio.run(ask_async()))


def _once(answer: Answer) -> Question:
    """Return a question that is answered so at first, and retried once at most."""
    return Question(
        client={"max_retries": 1},
        request={"extra_headers": {HEADER: SESSION}},
        answers=(answer,),
    )


def _if_retried(status: int) -> str:
    with FakeLiteLLM() as fake:
        asked = both(fake, _once(Failure(status=status, retry_after_ms=1)), _requests)
    return {"1 request": "", "2 requests": str(status)}.get(asked, f"{status} ({asked})")


def _redirected(answer: Redirect) -> Question:
    return Question(
        client={"max_retries": 0}, request={"extra_headers": {HEADER: SESSION}}, answers=(answer,)
    )


def _stream(ends: Ending) -> Question:
    return Question(
        client={"timeout": _TIMEOUT, "max_retries": 1},
        request={"stream": True},
        answers=(Reply(pieces=("One", " two"), ends=ends, ends_after=1),),
    )


def _requests(asked: Asked) -> str:
    made = len(asked.requests)
    return f"{made} request" if made == 1 else f"{made} requests"


def _what_went_along(asked: Asked) -> str:
    if len(asked.requests) == 1:
        return asked.failure
    last = asked.requests[-1]
    kept = {
        "session header": last.header_values(HEADER) == [SESSION],
        "Authorization": last.header_values("authorization") == [f"Bearer {KEY}"],
    }
    return f"followed {_with('with', kept, wanted=True)}{_with(', without', kept, wanted=False)}"


def _with(word: str, kept: dict[str, bool], *, wanted: bool) -> str:
    names = [name for name, is_kept in kept.items() if is_kept is wanted]
    return f"{word} {' and '.join(names)}" if names else ""


def _what_arrived(asked: Asked) -> str:
    arrived = f"after {asked.text!r}" if asked.text else "before any text"
    return f"{asked.failure} {arrived}, {_requests(asked)}"


def _kinds(fake: FakeLiteLLM, *kinds: str) -> str:
    """Name the types, and what the SDK tells the proxy of them."""
    sent = {request.header_values(_RAW)[0] for request in fake.journal}
    return f"{' and '.join(dict.fromkeys(kinds))}, {_RAW}: {', '.join(sorted(sent))}"
