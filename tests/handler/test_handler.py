"""What a handler sends to the proxy, and how it hands the answer on."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from fake_litellm import FakeLiteLLM, Reply, ToolCall, Usage
from litellm_handler import LiteLLMHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_handler import Chunk

    CreateMessage = Callable[..., list[Chunk]]
    CompletePrompt = Callable[..., str]

TASK = {"task_id": "0190163d-8694-739b-aea5-966c26f8ad91"}
TOOLS = [{"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}]
HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-secret-1234"


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


def test_a_completion_without_text_is_empty(
    fake_litellm: FakeLiteLLM, complete_prompt: CompletePrompt
) -> None:
    fake_litellm.expect_request("/v1/chat/completions").respond_with_json(
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": None}}]}
    )
    assert complete_prompt() == ""


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
