"""Answers that fail, break off or are none: each is an error that says why, without the key."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Cut, Failure, FakeLiteLLM, Reply
from litellm_handler import LiteLLMCompletionError, LiteLLMStreamingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_handler import Chunk

    CreateMessage = Callable[..., list[Chunk]]
    CompletePrompt = Callable[..., str]

TASK = {"task_id": "0190163d-8694-739b-aea5-966c26f8ad91"}
KEY = "sk-secret-1234"


@pytest.mark.parametrize("ends", ["drop", "reset", "error-event", "malformed", "silent", "stall"])
def test_a_stream_that_breaks_off_is_an_error_and_not_a_short_answer(
    fake_litellm: FakeLiteLLM,
    create_message: CreateMessage,
    ends: Any,  # noqa: ANN401
) -> None:
    fake_litellm.script(Reply(text="one two three", ends=ends))
    received: list[Chunk] = []
    with pytest.raises(LiteLLMStreamingError, match=r"^LiteLLM streaming error: \w") as error:
        create_message(TASK, into=received, timeout=0.3)
    assert received == [{"type": "text", "text": "one"}]
    assert error.value.status_code is None
    assert error.value.call_id
    assert len(fake_litellm.journal) == 1


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(Cut(at="before-headers"), id="before headers"),
        pytest.param(Cut(at="in-headers"), id="in headers"),
        pytest.param(Cut(at="after-headers"), id="after headers"),
        pytest.param(Reply(latency=0.6), id="too late"),
    ],
)
def test_an_answer_that_does_not_begin_is_an_error(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage, cut: Cut | Reply
) -> None:
    fake_litellm.script(cut)
    with pytest.raises(LiteLLMStreamingError, match=r"^LiteLLM streaming error: \w"):
        create_message(TASK, max_retries=0, timeout=0.3)


@pytest.mark.parametrize("status", [400, 401, 408, 429, 500, 503])
def test_a_failed_stream_says_why(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage, status: int
) -> None:
    fake_litellm.script(Failure(status=status, message=f"no luck with {KEY}"))
    with pytest.raises(LiteLLMStreamingError, match=r"no luck with \[api key\]") as error:
        create_message(TASK, max_retries=0, api_key=KEY)
    assert error.value.status_code == status
    assert error.value.call_id
    assert type(error.value.__cause__).__module__.startswith("openai")
    assert KEY not in "".join(traceback.format_exception(error.value))


def test_a_failed_completion_says_why(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt
) -> None:
    fake_litellm.script(Failure(status=401, message=f"no luck with {KEY}"))
    with pytest.raises(LiteLLMCompletionError, match=r"no luck with \[api key\]") as error:
        complete_prompt(max_retries=0, api_key=KEY)
    assert str(error.value).startswith("LiteLLM completion error: ")
    assert error.value.status_code == 401
    assert type(error.value.__cause__).__module__.startswith("openai")
    assert KEY not in "".join(traceback.format_exception(error.value))


def test_a_key_that_is_no_header_value_is_not_shown(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt
) -> None:
    with pytest.raises(LiteLLMCompletionError, match=r"\[api key\]") as error:
        complete_prompt(max_retries=0, api_key=f"{KEY}\n")
    assert KEY not in "".join(traceback.format_exception(error.value))
    assert list(fake_litellm.journal) == []


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(Cut(at="before-headers"), id="before headers"),
        pytest.param(Reply(ends="drop"), id="dropped"),
        pytest.param(Reply(ends="reset"), id="reset"),
    ],
)
def test_a_completion_that_breaks_off_is_an_error(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt, cut: Cut | Reply
) -> None:
    fake_litellm.script(cut)
    with pytest.raises(LiteLLMCompletionError, match=r"^LiteLLM completion error: \w"):
        complete_prompt(max_retries=0)


def test_a_proxy_that_is_not_there_is_an_error(complete_prompt: CompletePrompt) -> None:
    with FakeLiteLLM() as stopped:
        base_url = stopped.base_url
    with pytest.raises(LiteLLMCompletionError, match=r"Connection error\. \(.+\)$"):
        complete_prompt(base_url=base_url, max_retries=0)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param('{"choices": []}', "application/json", id="no choices"),
        pytest.param('{"object": "x"}', "application/json", id="another object"),
        pytest.param("{", "application/json", id="not JSON"),
        pytest.param("<html>", "text/html", id="a page"),
    ],
)
def test_a_completion_that_is_none_is_an_error(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt, body: str, content_type: str
) -> None:
    fake_litellm.expect_request("/v1/chat/completions").respond_with_data(
        body, content_type=content_type
    )
    with pytest.raises(LiteLLMCompletionError, match=r"^LiteLLM completion error: \w"):
        complete_prompt(max_retries=0)
