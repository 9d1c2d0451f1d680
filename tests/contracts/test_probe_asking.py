from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import openai
import pytest

from fake_litellm import Cut, Failure, FakeLiteLLM, Reply
from litellm_contracts._probe_asking import Asked, Question, ask, both, with_header

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeLiteLLM]:
    """Serve one fake proxy."""
    with FakeLiteLLM() as served:
        yield served


class RemoteError(Exception):
    """An error of some HTTP client."""

    __module__ = "httpx._exceptions"


@pytest.mark.parametrize(
    ("error", "name"),
    [
        pytest.param(None, "no error", id="none"),
        pytest.param(TypeError(), "TypeError or AttributeError", id="type"),
        pytest.param(AttributeError(), "TypeError or AttributeError", id="attribute"),
        pytest.param(ValueError(), "ValueError", id="builtin"),
        pytest.param(openai.OpenAIError(), "OpenAIError", id="openai"),
        pytest.param(RemoteError(), "httpx.RemoteError", id="http client"),
    ],
)
def test_an_error_is_named_as_a_user_would(error: Exception | None, name: str) -> None:
    assert Asked(error=error).failure == name


def test_what_is_the_same_with_both_clients_is_told_once(fake: FakeLiteLLM) -> None:
    assert both(fake, with_header("task-1"), lambda asked: asked.lines()[0]) == "task-1"
    assert len(fake.journal) == 2


def test_what_differs_is_told_of_each(fake: FakeLiteLLM) -> None:
    ids = iter(["kept", "lost"])
    assert both(fake, Question(), lambda _: next(ids)) == "sync: kept; async: lost"


def test_a_retry_that_never_reaches_the_fake_is_counted(fake: FakeLiteLLM) -> None:
    asked = ask(fake, with_header("a\r\nb", max_retries=1))
    assert (asked.failure, asked.retries, len(asked.requests)) == ("APIConnectionError", 1, 0)


def test_only_the_requests_of_the_question_are_told(fake: FakeLiteLLM) -> None:
    ask(fake, Question())
    asked = ask(
        fake, Question(client={"max_retries": 1}, answers=(Failure(status=429, retry_after_ms=1),))
    )
    assert ([one.status for one in asked.requests], asked.retries) == ([429, 200], 1)


def test_the_text_before_a_failure_is_kept(fake: FakeLiteLLM) -> None:
    reply = Reply(pieces=("One", " two"), ends="drop")
    asked = ask(fake, Question(request={"stream": True}, answers=(reply,)))
    assert (asked.text, asked.failure) == ("One", "APIConnectionError")


def test_a_scripted_cut_is_an_error_where_nothing_is_retried(fake: FakeLiteLLM) -> None:
    asked = ask(fake, Question(client={"max_retries": 0}, answers=(Cut(),)))
    assert (asked.failure, asked.retries) == ("APIConnectionError", 0)


def test_the_retries_of_another_thread_are_not_counted(fake: FakeLiteLLM) -> None:
    slow = Question(answers=(Reply(latency=0.5),))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, fake, slow)
        retried = pool.submit(ask, fake, with_header("a\r\nb", max_retries=1))
        assert (waiting.result().retries, retried.result().retries) == (0, 1)
