"""How a probe asks: with the installed SDK, sync and async, and what came of it."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fake_litellm import Answer, FakeLiteLLM, RecordedRequest

HEADER = "X-Zoo-Session-ID"
SESSION = "probe-session"
KEY = "sk-probe"
ASK: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello."}]}
_PYTHONS_OWN = ("TypeError", "AttributeError")
"""What httpx raises for a value of a wrong type: the one before 0.28, the other since."""


@dataclass(kw_only=True)
class Asked:
    """What came of one call.

    Attributes:
        requests: What reached the fake.
        error: What was raised.
        text: The streamed text that had arrived by then.
        retries: How many retries the SDK announced; they need not have reached the fake.
    """

    requests: Sequence[RecordedRequest] = ()
    error: BaseException | None = None
    text: str = ""
    retries: int = 0

    def lines(self, name: str = HEADER) -> list[str]:
        """Return the values of a header of the first request."""
        return self.requests[0].header_values(name)

    @property
    def failure(self) -> str:
        """Name the error's type as a user would write it, or `no error`."""
        if self.error is None:
            return "no error"
        kind = type(self.error)
        if kind.__name__ in _PYTHONS_OWN:
            return " or ".join(_PYTHONS_OWN)
        package = kind.__module__.partition(".")[0]
        return kind.__name__ if package in {"openai", "builtins"} else f"{package}.{kind.__name__}"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call of `chat.completions.create`.

    Attributes:
        client: Arguments of the client.
        request: Arguments of the call, apart from model and messages.
        answers: What the fake answers, in order.
    """

    client: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


def with_header(value: object = SESSION, **client: Any) -> Question:  # noqa: ANN401
    """Return the question that gives the session header with the call."""
    return Question(client=client, request={"extra_headers": {HEADER: value}})


def both(fake: FakeLiteLLM, question: Question, tell: Callable[[Asked], str]) -> str:
    """Ask with `OpenAI` and with `AsyncOpenAI`; tell once what is the same with both."""
    sync, asynchronous = (tell(ask(fake, question, way)) for way in (_ask, _ask_async))
    return sync if sync == asynchronous else f"sync: {sync}; async: {asynchronous}"


def ask(
    fake: FakeLiteLLM, question: Question, way: Callable[[str, Question, Asked], None] | None = None
) -> Asked:
    """Ask once, by default with `OpenAI`."""
    before = len(fake.journal)
    fake.script(*question.answers)
    asked = Asked()
    with _announced_retries() as announced:
        try:
            (way or _ask)(f"{fake.base_url}/v1", question, asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what was seen
            asked.error = error
    asked.retries = len(announced)
    asked.requests = fake.journal[before:]
    return asked


def _ask(base_url: str, question: Question, asked: Asked) -> None:
    import openai

    with openai.OpenAI(base_url=base_url, api_key=KEY, **question.client) as client:
        answer = client.chat.completions.create(**ASK, **question.request)
        if question.request.get("stream"):
            for chunk in answer:
                asked.text += _text(chunk)


def _ask_async(base_url: str, question: Question, asked: Asked) -> None:
    import openai

    async def run() -> None:
        async with openai.AsyncOpenAI(base_url=base_url, api_key=KEY, **question.client) as client:
            answer: Any = await client.chat.completions.create(**ASK, **question.request)
            if question.request.get("stream"):
                async for chunk in answer:
                    asked.text += _text(chunk)

    asyncio.run(run())


def _text(chunk: Any) -> str:  # noqa: ANN401 - its type differs between releases
    return "".join(choice.delta.content or "" for choice in chunk.choices)


@contextmanager
def _announced_retries() -> Iterator[list[str]]:
    """Collect what the SDK's log says of retries in this thread.

    A request that the HTTP client refuses to send is retried all the same, and leaves no other
    trace than the time it takes.
    """
    found: list[str] = []
    thread = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread and record.getMessage().startswith("Retrying request"):
                found.append(record.getMessage())

    logger, collector = logging.getLogger("openai._base_client"), Collector()
    logger.setLevel(logging.INFO)
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)
