"""Which requests of a handler carry the session header, with which value."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Failure, FakeLiteLLM, Reply
from litellm_handler import LiteLLMHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_handler import Chunk

    CreateMessage = Callable[..., list[Chunk]]
    CompletePrompt = Callable[..., str]

HEADER = "X-Zoo-Session-ID"
TASK = {"task_id": "0190163d-8694-739b-aea5-966c26f8ad91"}
HELLO = [{"role": "user", "content": "Hello"}]


def session_header_lines(fake: FakeLiteLLM) -> list[list[str]]:
    """Return, for each request, the values of its header lines about sessions."""
    return [
        [value for name, value in request.headers if "session" in name.lower()]
        for request in fake.journal
    ]


def test_the_task_id_is_sent_as_the_session(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    create_message(TASK)
    assert session_header_lines(fake_litellm) == [[TASK["task_id"]]]
    assert fake_litellm.journal[0].session.session_id == TASK["task_id"]
    assert fake_litellm.journal[0].session.source == "x-zoo-session-id"


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="no metadata"),
        pytest.param({"mode": "code"}, id="no task id"),
        pytest.param({"task_id": None}, id="None"),
        pytest.param({"task_id": ""}, id="empty"),
    ],
)
def test_no_session_is_sent_without_a_task_id(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage, metadata: dict[str, object] | None
) -> None:
    create_message(metadata)
    assert session_header_lines(fake_litellm) == [[]]


def test_a_vendor_can_name_its_own_header(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    create_message(TASK, session_header="X-Acme-Session-ID")
    assert fake_litellm.journal[0].header_values("x-acme-session-id") == [TASK["task_id"]]
    assert fake_litellm.journal[0].header_values(HEADER) == []


def test_a_refused_task_id_is_refused_at_the_call_and_nothing_is_sent(
    fake_litellm: FakeLiteLLM,
) -> None:
    handler = LiteLLMHandler(fake_litellm.base_url)
    with pytest.raises(ValueError, match=r"^a task_id is sent as an HTTP header"):
        handler.create_message("Be brief.", HELLO, {"task_id": "task-0001\r\nX-Evil: 1"})
    asyncio.run(handler.aclose())
    assert list(fake_litellm.journal) == []


def test_a_task_id_that_litellm_ignores_does_not_stop_the_conversation(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage, caplog: pytest.LogCaptureFixture
) -> None:
    create_message({"task_id": "task:1"})
    assert session_header_lines(fake_litellm) == [["task:1"]]
    assert "LiteLLM will ignore the session" in caplog.text


def test_the_session_is_on_every_retry(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    fake_litellm.script(
        Failure(status=429, retry_after_ms=1), Failure(status=500, retry_after_ms=1)
    )
    create_message(TASK)
    assert session_header_lines(fake_litellm) == [[TASK["task_id"]]] * 3


def test_nothing_of_a_conversation_stays_with_the_handler(fake_litellm: FakeLiteLLM) -> None:
    async def main() -> None:
        handler = LiteLLMHandler(fake_litellm.base_url)
        stream = handler.create_message("Be brief.", HELLO, TASK)
        await anext(stream)
        await handler.complete_prompt("Hello")
        await stream.aclose()
        async for _ in handler.create_message("Be brief.", HELLO):
            pass
        await handler.aclose()

    asyncio.run(main())
    assert session_header_lines(fake_litellm) == [[TASK["task_id"]], [], []]


def test_concurrent_conversations_keep_their_own_sessions(fake_litellm: FakeLiteLLM) -> None:
    tasks = [f"task-{number:04}" for number in range(10)]

    async def main() -> None:
        handler = LiteLLMHandler(fake_litellm.base_url)

        async def converse(task_id: str) -> None:
            messages = [{"role": "user", "content": task_id}]
            async for _ in handler.create_message("Be brief.", messages, {"task_id": task_id}):
                pass

        await asyncio.gather(*map(converse, tasks))
        await handler.aclose()

    asyncio.run(main())
    sent = [
        (request.json["messages"][-1]["content"], request.header_values(HEADER))
        for request in fake_litellm.journal
    ]
    assert sorted(sent) == [(task_id, [task_id]) for task_id in tasks]


def test_a_prompt_is_completed_without_a_session(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt
) -> None:
    fake_litellm.script(Reply(text="Hi ✓"))
    assert complete_prompt("Hello", max_tokens=7) == "Hi ✓"
    assert session_header_lines(fake_litellm) == [[]]
    assert fake_litellm.journal[0].json == {
        "model": "gpt-4o",
        "messages": HELLO,
        "max_tokens": 7,
    }
