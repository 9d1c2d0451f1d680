"""The bodies of replies and redirects as they are on the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Redirect, Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

CALLS = (ToolCall(name="list", id="call_2"),)
KEYS = ["id", "created", "model", "object", "choices"]
TEXT_KEYS = ["id", "object", "created", "model", "choices"]


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


def test_a_reply_that_is_cut_by_its_length(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(*[Reply(text="This is", finish="length")] * 2)
    assert wire.chat().json["choices"][0]["finish_reason"] == "length"
    *_, last = wire.chat(stream=True).events
    assert last["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_of_another_model_with_lines_of_its_own(
    wire: Wire, fake_litellm: FakeLiteLLM, *, stream: bool
) -> None:
    lines = (("x-litellm-version", "1.106.2rc1"), ("x-ratelimit-remaining-requests", "0"))
    fake_litellm.script(Reply(model="gpt-4o-mini", headers=lines))
    answer = wire.chat(stream=stream)
    said = answer.events if stream else [answer.json]
    assert {event["model"] for event in said} == {"gpt-4o-mini"}
    told = (("x-litellm-model-group", "gpt-4o-mini"), ("x-litellm-attempted-fallbacks", "1"))
    for line in (*lines, *told):
        assert [one for one in answer.headers if one[0] == line[0]] == [line]


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
            Reply(text="Hi", tool_calls=CALLS),
            [TEXT_KEYS, TEXT_KEYS, KEYS, KEYS, KEYS, TEXT_KEYS],
            id="text and tools",
        ),
        pytest.param(Reply(tool_calls=CALLS), [TEXT_KEYS, KEYS, KEYS, KEYS, TEXT_KEYS], id="tools"),
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


@pytest.mark.parametrize(
    ("reply", "keys"),
    [
        pytest.param(
            Reply(text="Yes, so.", reasoning="Hm", reasoning_at_once=True),
            [["reasoning_content", "content"], ["content"]],
            id="with the first piece",
        ),
        pytest.param(
            Reply(text="", reasoning="Hm", reasoning_at_once=True),
            [["reasoning_content"]],
            id="without a text",
        ),
        pytest.param(
            Reply(
                text="",
                reasoning="Hm",
                reasoning_at_once=True,
                tool_calls=CALLS[:1],
                tool_calls_at_once=True,
            ),
            [["reasoning_content", "tool_calls"]],
            id="with a tool call",
        ),
    ],
)
def test_reasoning_may_share_its_event(
    wire: Wire, fake_litellm: FakeLiteLLM, reply: Reply, keys: list[list[str]]
) -> None:
    fake_litellm.script(reply)
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert [list(delta) for delta in deltas[1:-1]] == keys


def test_pieces_are_streamed_as_they_are(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(pieces=("a", "", "b c")))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert deltas[1:-1] == [{"content": "a"}, {"content": ""}, {"content": "b c"}]


def test_the_arguments_of_a_tool_call_are_streamed_in_its_pieces(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    call = ToolCall(name="list", arguments='{"a":11}', pieces=('{"a":', "1", "1", "}"))
    fake_litellm.script(Reply(tool_calls=(call,)))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    told = [delta["tool_calls"][0]["function"]["arguments"] for delta in deltas[1:-1]]
    assert told == ["", '{"a":', "1", "1", "}"]


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


def test_what_only_some_providers_say_is_passed_on(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    extra = {
        "delta": {"refusal": "No."},
        "choice": {"native_finish_reason": "STOP"},
        "event": {"citations": ["a"]},
    }
    first = {"first": {"prompt_filter_results": []}}
    fake_litellm.script(*[Reply(text="Hi.", extra=one) for one in (extra, extra, first)])
    body = wire.chat().json
    [choice] = body["choices"]
    assert body["citations"] == ["a"]
    assert choice["native_finish_reason"] == "STOP"
    assert (choice["message"]["refusal"], choice["message"]["content"]) == ("No.", "Hi.")
    first, more, *rest = wire.chat(stream=True).events
    assert [*first["choices"], *more["choices"]] == [
        {"index": 0, "delta": {"content": "", "role": "assistant"}},
        {"index": 0, "delta": {"refusal": "No."}, "native_finish_reason": "STOP"},
    ]
    assert more["citations"] == ["a"]
    assert [event["choices"][0]["delta"] for event in rest] == [{"content": "Hi."}, {}]
    before, opening, *_ = wire.chat(stream=True).events
    assert (before["choices"], before["prompt_filter_results"]) == ([], [])
    assert opening["choices"][0]["delta"] == {"content": "", "role": "assistant"}


def test_a_gateway_may_strip_header_lines(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(headers=(("x-litellm-*", ""), ("server", "gateway"))))
    stripped, whole = wire.chat(), wire.chat()
    assert not [name for name in stripped.names if name.startswith("x-litellm-")]
    assert ("server", "gateway") in stripped.headers
    assert [name for name in whole.names if name.startswith("x-litellm-")]
