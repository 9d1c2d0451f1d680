"""Tool calls of a reply, whole and in the pieces of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_litellm import Reply, ToolCall

if TYPE_CHECKING:
    import openai

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
CALLS = (
    ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="call_1"),
    ToolCall(name="list", id="call_2"),
)


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


def test_tool_calls_may_come_whole_in_one_event(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(tool_calls=CALLS, tool_calls_at_once=True))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    [calls] = [delta["tool_calls"] for delta in deltas if "tool_calls" in delta]
    assert [(call["index"], call["id"], call["function"]["arguments"]) for call in calls] == [
        (0, "call_1", '{"path": "a.txt"}'),
        (1, "call_2", "{}"),
    ]


def test_tool_calls_at_once_share_their_event_with_the_end_of_the_text(
    wire: Wire, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Reply(text="I will look.", tool_calls=CALLS, tool_calls_at_once=True))
    deltas = [event["choices"][0]["delta"] for event in wire.chat(stream=True).events]
    assert [list(delta) for delta in deltas[1:]] == [
        ["content"],
        ["content"],
        ["content", "tool_calls"],
        [],
    ]
    assert "".join(delta.get("content", "") for delta in deltas) == "I will look."


def test_the_sdk_reads_streamed_tool_calls(
    client: openai.OpenAI, fake_litellm: FakeLiteLLM
) -> None:
    fake_litellm.script(Reply(tool_calls=CALLS))
    with client.chat.completions.create(model="a", messages=MESSAGES, stream=True) as stream:
        calls = [call for chunk in stream for call in chunk.choices[0].delta.tool_calls or ()]
    arguments = [call.function.arguments for call in calls if call.index == 0 and call.function]
    assert "".join(text or "" for text in arguments) == '{"path": "a.txt"}'
