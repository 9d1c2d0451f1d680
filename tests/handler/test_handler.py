from __future__ import annotations

import asyncio
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from fake_litellm import Cut, Failure, FakeLiteLLM, Reply, ToolCall, Usage
from litellm_handler import LiteLLMCompletionError, LiteLLMHandler, LiteLLMStreamingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_handler import Chunk

    CreateMessage = Callable[..., list[Chunk]]
    CompletePrompt = Callable[..., str]

HEADER = "X-Zoo-Session-ID"
TASK = {"task_id": "0190163d-8694-739b-aea5-966c26f8ad91"}
TOOLS = [{"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}]
HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-secret-1234"


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


@pytest.mark.parametrize(
    "suffix", [pytest.param(suffix, id=suffix or "root") for suffix in ("", "/", "/v1", "/v1/")]
)
def test_the_base_url_comes_in_four_spellings(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage, suffix: str
) -> None:
    create_message(base_url=fake_litellm.base_url + suffix)
    assert [request.path for request in fake_litellm.journal] == ["/v1/chat/completions"]


def test_a_plain_request_holds_what_it_needs_and_no_more(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    create_message({**TASK, "mode": "code"})
    assert fake_litellm.journal[0].json == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_every_option_reaches_the_request(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    create_message(
        {"tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": False},
        model="gpt-5-mini",
        api_key=KEY,
        max_tokens=7,
        temperature=1.0,
        use_prompt_cache=True,
    )
    mark = {"cache_control": {"type": "ephemeral"}}
    assert fake_litellm.journal[0].header_values("Authorization") == [f"Bearer {KEY}"]
    assert fake_litellm.journal[0].json == {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be brief.", **mark}]},
            {"role": "user", "content": [{"type": "text", "text": "Hello", **mark}]},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 7,
        "temperature": 1.0,
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": False,
    }


def test_a_gemini_history_is_sent_with_signatures(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages: list[dict[str, Any]] = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]
    create_message(messages=messages, model="gemini-3-pro")
    (sent,) = fake_litellm.journal[0].json["messages"][2]["tool_calls"]
    assert sent["provider_specific_fields"]["thought_signature"].startswith("c2tpcF90aG91Z2h0")


@pytest.mark.parametrize("litellm", ["1.106.2", "1.109.1"])
def test_an_answer_arrives_whole(create_message: CreateMessage, litellm: str) -> None:
    reply = Reply(
        pieces=("Hé", "llo ", "✓ ", "世界"),
        reasoning="Hm.",
        usage=Usage(prompt_tokens=9, completion_tokens=12, cached_tokens=4),
    )
    with FakeLiteLLM(litellm=litellm, reply=reply) as fake:
        chunks = create_message(base_url=fake.base_url)
    assert "".join(chunk["text"] for chunk in chunks if chunk["type"] == "reasoning") == "Hm."
    assert [chunk for chunk in chunks if chunk["type"] == "text"] == [
        {"type": "text", "text": text} for text in ("Hé", "llo ", "✓ ", "世界")
    ]
    assert chunks[-1].items() >= {
        ("type", "usage"),
        ("input_tokens", 9),
        ("output_tokens", 12),
        ("cache_read_tokens", 4),
    }
    assert [chunk["type"] for chunk in chunks].count("usage") == 1


def test_usage_that_comes_with_a_piece_of_the_answer_is_told_at_the_end(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    fake_litellm.expect_request("/v1/chat/completions").respond_with_data(
        'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}],'
        ' "usage": {"prompt_tokens": 8, "completion_tokens": 1}}\n\n'
        'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
        "data: [DONE]\n\n",
        content_type="text/event-stream",
    )
    assert create_message() == [
        {"type": "text", "text": "Hi"},
        {"type": "usage", "input_tokens": 8, "output_tokens": 1},
    ]


def test_tool_calls_arrive_in_pieces_that_join(
    fake_litellm: FakeLiteLLM, create_message: CreateMessage
) -> None:
    calls = (
        ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="call_1"),
        ToolCall(name="list", id="call_2"),
    )
    fake_litellm.script(Reply(text="", tool_calls=calls))
    chunks = [c for c in create_message(TASK) if c["type"] == "tool_call_partial"]
    assert [(c["index"], c["id"], c["name"]) for c in chunks if c["id"]] == [
        (0, "call_1", "read_file"),
        (1, "call_2", "list"),
    ]
    assert "".join(c["arguments"] for c in chunks if c["index"] == 0) == '{"path": "a.txt"}'
    assert "".join(c["arguments"] for c in chunks if c["index"] == 1) == "{}"


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


def test_a_completion_without_text_is_empty(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt
) -> None:
    fake_litellm.expect_request("/v1/chat/completions").respond_with_json(
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": None}}]}
    )
    assert complete_prompt() == ""


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


def test_a_consumer_that_stops_early_ends_the_request(fake_litellm: FakeLiteLLM) -> None:
    left = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b'data: {"choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n'
                time.sleep(0.01)
        finally:
            left.set()

    fake_litellm.expect_request("/v1/chat/completions").respond_with_handler(
        lambda _: Response(endless(), content_type="text/event-stream")
    )

    async def main() -> bool:
        handler = LiteLLMHandler(fake_litellm.base_url)
        stream = handler.create_message("Be brief.", HELLO, TASK)
        await anext(stream)
        await stream.aclose()
        ended = await asyncio.to_thread(left.wait, 2)
        await handler.aclose()
        return ended

    assert asyncio.run(main())
