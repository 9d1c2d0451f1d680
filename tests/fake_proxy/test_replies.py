"""Replies as the real SDK reads them, and their bodies as they are on the wire."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import openai
import pytest

from fake_litellm import Gate, Redirect, Reply, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
CALLS = (
    ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="call_1"),
    ToolCall(name="list", id="call_2"),
)
KEYS = ["id", "created", "model", "object", "choices"]
TEXT_KEYS = ["id", "object", "created", "model", "choices"]
COUNTED = Usage(
    prompt_tokens=7,
    completion_tokens=5,
    cached_tokens=3,
    cache_creation_tokens=2,
    reasoning_tokens=1,
)
COUNTED_BODY = {
    "completion_tokens": 5,
    "prompt_tokens": 7,
    "total_tokens": 12,
    "completion_tokens_details": {"reasoning_tokens": 1},
    "prompt_tokens_details": {"cached_tokens": 3},
    "cache_read_input_tokens": 3,
    "cache_creation_input_tokens": 2,
}


def test_a_json_reply(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Grüße ✓"))
    answer = wire.chat(model="alias")
    head, _, tail = answer.body.partition(b'","created":')
    assert head.startswith(b'{"id":"chatcmpl-')
    assert tail.partition(b",")[2].decode() == (
        '"model":"alias","object":"chat.completion","choices":[{"finish_reason":"stop","index":0,'
        '"message":{"content":"Grüße ✓","role":"assistant",'
        '"provider_specific_fields":{"refusal":null}},"provider_specific_fields":{}}],'
        '"usage":{"completion_tokens":20,"prompt_tokens":10,"total_tokens":30}}'
    )


def test_a_streamed_reply(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hello  you ✓ "))
    answer = wire.chat(stream=True, model="alias")
    assert [event["choices"] for event in answer.events] == [
        [{"index": 0, "delta": {"content": "", "role": "assistant"}}],
        [{"index": 0, "delta": {"content": "Hello"}}],
        [{"index": 0, "delta": {"content": "  you"}}],
        [{"index": 0, "delta": {"content": " ✓"}}],
        [{"index": 0, "delta": {"content": " "}}],
        [{"finish_reason": "stop", "index": 0, "delta": {}}],
    ]
    assert {event["object"] for event in answer.events} == {"chat.completion.chunk"}
    assert {event["model"] for event in answer.events} == {"alias"}
    assert len({event["id"] for event in answer.events}) == 1
    assert len(answer.pieces) == 7
    assert "✓".encode() in answer.body
    assert answer.pieces[-1] == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    "stream", [pytest.param(v, id=str(v)) for v in (False, None, "true", 1, "absent")]
)
def test_only_true_asks_for_a_stream(wire: Wire, stream: object) -> None:
    changes = {} if stream == "absent" else {"stream": stream}
    assert wire.chat(**changes).json["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("litellm", "choices"),
    [
        pytest.param("1.106.2", [{"index": 0, "delta": {}}], id="1.106.2"),
        pytest.param("1.109.1", [], id="1.109.1"),
    ],
)
def test_usage_is_streamed_where_it_is_asked_for(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    litellm: str,
    choices: list[Any],
) -> None:
    wire = connect(serve(litellm=litellm, reply=Reply(usage=COUNTED)))
    answer = wire.chat(stream=True, stream_options={"include_usage": True})
    assert answer.events[-1]["choices"] == choices
    assert answer.events[-1]["usage"] == COUNTED_BODY
    assert all("usage" not in event for event in answer.events[:-1])
    assert answer.events[-2]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param({"include_usage": False}, id="false"),
        pytest.param({"include_usage": "yes"}, id="not a boolean"),
        pytest.param(["include_usage"], id="not an object"),
    ],
)
def test_usage_is_not_streamed_otherwise(wire: Wire, options: object) -> None:
    answer = wire.chat(stream=True, stream_options=options)
    assert all("usage" not in event for event in answer.events)


def test_usage_of_a_json_reply(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(usage=COUNTED))
    assert wire.chat().json["usage"] == COUNTED_BODY


def test_a_reply_that_is_cut_by_its_length(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(*[Reply(text="This is", finish="length")] * 2)
    assert wire.chat().json["choices"][0]["finish_reason"] == "length"
    *_, last = wire.chat(stream=True).events
    assert last["choices"][0]["finish_reason"] == "length"


def test_tool_calls_of_a_json_reply(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=CALLS))
    answer = wire.chat()
    assert answer.json["choices"][0]["finish_reason"] == "tool_calls"
    assert (
        answer.body.decode()
        .partition('"message":')[2]
        .startswith(
            '{"role":"assistant","tool_calls":['
            '{"function":{"arguments":"{\\"path\\": \\"a.txt\\"}",'
            '"name":"read_file"},"id":"call_1","type":"function"},'
            '{"function":{"arguments":"{}","name":"list"},"id":"call_2","type":"function"}],'
            '"provider_specific_fields":{"refusal":null},"content":null}'
        )
    )


def test_1_109_1_leaves_nulls_in_place(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    (choice,) = connect(serve(litellm="1.109.1")).chat().json["choices"]
    assert "provider_specific_fields" not in choice | choice["message"]
    assert choice["message"]["refusal"] is choice["logprobs"] is None


@pytest.mark.parametrize(
    ("reply", "keys"),
    [
        pytest.param(
            Reply(text="Hi", reasoning="Hm"), [TEXT_KEYS, KEYS, TEXT_KEYS, TEXT_KEYS], id="text"
        ),
        pytest.param(
            Reply(text="Hi", tool_calls=CALLS[1:]),
            [TEXT_KEYS, TEXT_KEYS, KEYS, KEYS, KEYS, TEXT_KEYS],
            id="text and tools",
        ),
        pytest.param(
            Reply(tool_calls=CALLS[1:]), [TEXT_KEYS, KEYS, KEYS, KEYS, TEXT_KEYS], id="tools"
        ),
    ],
)
def test_the_order_of_keys_in_chunks(
    wire: Wire, fake_litellm: FakeLiteLLM, reply: Reply, keys: list[list[str]]
) -> None:
    fake_litellm.script(reply)
    *events, usage = wire.chat(stream=True, stream_options={"include_usage": True}).events
    assert [list(event) for event in events] == keys
    assert list(usage) == [*KEYS, "usage"]
    assert list(events[0]["choices"][0]["delta"]) == ["role", "content"]
    assert list(events[-1]["choices"][0]) == ["index", "delta", "finish_reason"]


@pytest.mark.parametrize(
    ("reply", "details"),
    [
        pytest.param(Reply(), {"reasoning_tokens": 0, "text_tokens": 20}, id="text"),
        pytest.param(
            Reply(usage=Usage(reasoning_tokens=4)), {"reasoning_tokens": 4}, id="reasoning"
        ),
        pytest.param(Reply(text=""), {"reasoning_tokens": 0, "text_tokens": 20}, id="nothing"),
        pytest.param(Reply(tool_calls=CALLS), None, id="tools"),
        pytest.param(Reply(text="I look.", tool_calls=CALLS), None, id="text and tools"),
        pytest.param(
            Reply(reasoning="A file is needed.", tool_calls=CALLS),
            {"reasoning_tokens": 5, "text_tokens": 15},
            id="reasoning that LiteLLM counts",
        ),
        pytest.param(
            Reply(reasoning="Hm, hm.", usage=Usage(completion_tokens=3)),
            {"reasoning_tokens": 3, "text_tokens": 0},
            id="more reasoning than tokens",
        ),
    ],
)
def test_a_stream_tells_the_tokens_of_text(
    wire: Wire, fake_litellm: FakeLiteLLM, reply: Reply, details: dict[str, int] | None
) -> None:
    fake_litellm.script(reply, reply)
    *_, last = wire.chat(stream=True, stream_options={"include_usage": True}).events
    assert last["usage"].get("completion_tokens_details") == details


def test_cached_tokens_alone_are_told_in_the_details(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(usage=Usage(cached_tokens=3)))
    usage = wire.chat().json["usage"]
    assert usage["prompt_tokens_details"] == {"cached_tokens": 3}
    assert not [name for name in usage if name.startswith("cache_")]


def test_text_comes_before_the_tool_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    reply = Reply(text="I will look.", tool_calls=CALLS)
    fake_litellm.script(reply, reply)
    (choice,) = wire.chat().json["choices"]
    message = choice["message"]
    assert choice["finish_reason"] == "tool_calls"
    assert list(message) == ["content", "role", "tool_calls", "provider_specific_fields"]
    assert message["content"] == "I will look."
    assert [call["id"] for call in message["tool_calls"]] == [call.id for call in CALLS]
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    texts = [delta["content"] for delta in deltas if delta.get("content")]
    assert "".join(texts) == "I will look."
    assert [bool(delta.get("tool_calls")) for delta in deltas].index(True) > len(texts)


def test_streamed_tool_calls(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=CALLS))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert deltas[1]["tool_calls"] == [
        {
            "id": "call_1",
            "function": {"arguments": "", "name": "read_file"},
            "type": "function",
            "index": 0,
        }
    ]
    assert deltas[2]["tool_calls"] == [
        {"function": {"arguments": '{"path":'}, "type": "function", "index": 0}
    ]
    assert deltas[3]["tool_calls"] == [
        {"function": {"arguments": ' "a.txt"}'}, "type": "function", "index": 0}
    ]
    assert [delta["tool_calls"][0]["index"] for delta in deltas[1:7]] == [0, 0, 0, 1, 1, 1]
    assert not any("content" in delta for delta in deltas[1:])


def test_reasoning(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Yes", reasoning="Hm"), Reply(text="Yes", reasoning="Hm"))
    message = wire.chat().json["choices"][0]["message"]
    assert list(message.items()) == [
        ("content", "Yes"),
        ("role", "assistant"),
        ("reasoning_content", "Hm"),
        ("provider_specific_fields", {"refusal": None}),
    ]
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert deltas[1:3] == [{"reasoning_content": "Hm"}, {"content": "Yes"}]


def test_pieces_are_streamed_as_they_are(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(pieces=("a", "", "b c")))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert deltas[1:-1] == [{"content": "a"}, {"content": ""}, {"content": "b c"}]


@pytest.mark.parametrize(
    "stream", [pytest.param(True, id="stream"), pytest.param(False, id="JSON")]
)
def test_a_held_reply_waits_for_its_gate(
    wire: Wire,
    fake_litellm: FakeLiteLLM,
    connect: Callable[[FakeLiteLLM], Wire],
    stream: bool,  # noqa: FBT001
) -> None:
    gate = Gate()
    fake_litellm.script(Reply(hold=gate))
    wire.ask(stream=stream)
    assert gate.wait_until_reached()
    assert connect(fake_litellm).chat().status == 200
    assert [record.status for record in fake_litellm.journal] == [None, 200]
    gate.open()
    assert wire.answer().status == 200


def test_a_gate_that_nobody_opens_opens_itself(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(hold=Gate(0.01), hold_in_stream=Gate(0.01)))
    assert wire.chat(stream=True).body.endswith(b"data: [DONE]\n\n")


def test_a_gate_says_when_nobody_came() -> None:
    assert not Gate().wait_until_reached(0.01)


def test_latency_and_piece_delay_leave_the_answer_whole(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Reply(text="a b", latency=0.01, piece_delay=0.01))
    assert len(wire.chat(stream=True).events) == 4


def test_the_sdk_reads_json(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Grüße", usage=COUNTED))
    completion = client.chat.completions.create(model="alias", messages=MESSAGES)
    assert completion.choices[0].message.content == "Grüße"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 12


def test_the_sdk_reads_a_stream(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="Hello you", tool_calls=()), Reply(tool_calls=CALLS))
    with client.chat.completions.create(
        model="alias", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello you"
    assert chunks[-1].usage is not None


def test_the_sdk_reads_streamed_tool_calls(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Reply(tool_calls=CALLS))
    with client.chat.completions.create(model="a", messages=MESSAGES, stream=True) as stream:
        calls = [call for chunk in stream for call in chunk.choices[0].delta.tool_calls or ()]
    arguments = [call.function.arguments for call in calls if call.index == 0 and call.function]
    assert "".join(text or "" for text in arguments) == '{"path": "a.txt"}'


def test_the_async_sdk_asks_many_at_once(fake_litellm: FakeLiteLLM) -> None:
    async def main() -> list[str | None]:
        async with openai.AsyncOpenAI(base_url=fake_litellm.base_url, api_key="k") as sdk:
            create = sdk.chat.completions.create
            asked = (create(model=f"m{n}", messages=MESSAGES) for n in range(16))
            return [done.model for done in await asyncio.gather(*asked)]

    assert asyncio.run(main()) == [f"m{n}" for n in range(16)]
    assert sorted(record.json["model"] for record in fake_litellm.journal) == sorted(
        f"m{n}" for n in range(16)
    )


def test_a_redirect_is_followed_by_the_sdk(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Redirect(location=f"{fake_litellm.base_url}/chat/completions"))
    assert client.chat.completions.create(model="m", messages=MESSAGES).model == "m"
    assert [(one.path, one.status) for one in fake_litellm.journal] == [
        ("/v1/chat/completions", 307),
        ("/chat/completions", 200),
    ]


def test_a_redirect_says_where(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Redirect(location="https://elsewhere.test/v1", status=308))
    answer = wire.chat()
    assert answer.status_line == "HTTP/1.1 308 Permanent Redirect"
    assert ("location", "https://elsewhere.test/v1") in answer.headers
    assert answer.body == b""
    assert "content-type" not in answer.names


def test_answers_are_given_out_once_each(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    fake_litellm.script(*(Reply(text=f"answer {n}") for n in range(64)))
    wires = [connect(fake_litellm) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda wire: [wire.chat().json for _ in range(4)], wires))
    texts = [one["choices"][0]["message"]["content"] for four in answers for one in four]
    assert sorted(texts) == sorted(f"answer {n}" for n in range(64))
