"""What requests force on the answer, in each API's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply, ToolCall

if TYPE_CHECKING:
    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Answer, Wire

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city", "days"],
}
MET = {"city": "example", "days": 2}
ANYTHING = {"type": "object"}
CHAT_TOOLS = [
    {"type": "function", "function": {"name": "other", "parameters": ANYTHING}},
    {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}},
]
RESPONSE_TOOLS = [
    {"type": "web_search"},
    {"type": "function", "name": "other", "parameters": ANYTHING},
    {"type": "function", "name": "weather", "parameters": SCHEMA},
]
ANTHROPIC_TOOLS = [
    {"name": "other", "input_schema": ANYTHING},
    {"name": "weather", "input_schema": SCHEMA},
]
GEMINI_TOOLS = [
    {"functionDeclarations": [{"name": "other", "parameters": ANYTHING}]},
    {"functionDeclarations": [{"name": "weather", "parameters_json_schema": SCHEMA}]},
]
CHAT: dict[str, Any] = {"model": "m", "messages": []}
RESPONSES: dict[str, Any] = {"model": "m", "input": "x"}
MESSAGES: dict[str, Any] = {"model": "m", "messages": [], "max_tokens": 9}
GEMINI: dict[str, Any] = {"contents": []}
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
}


def chat_call(answer: Answer) -> tuple[str, Any]:
    (call,) = answer.json["choices"][0]["message"]["tool_calls"]
    assert answer.json["choices"][0]["finish_reason"] == "tool_calls"
    return call["function"]["name"], json.loads(call["function"]["arguments"])


def responses_call(answer: Answer) -> tuple[str, Any]:
    (item,) = answer.json["output"]
    assert item["type"] == "function_call"
    return item["name"], json.loads(item["arguments"])


def messages_call(answer: Answer) -> tuple[str, Any]:
    (block,) = answer.json["content"]
    assert answer.json["stop_reason"] == "tool_use"
    return block["name"], block["input"]


def gemini_call(answer: Answer) -> tuple[str, Any]:
    (part,) = answer.json["candidates"][0]["content"]["parts"]
    return part["functionCall"]["name"], part["functionCall"]["args"]


READ_CALL = {
    "chat": chat_call,
    "responses": responses_call,
    "messages": messages_call,
    "gemini": gemini_call,
}
READ_TEXT = {
    "chat": lambda answer: answer.json["choices"][0]["message"]["content"],
    "responses": lambda answer: answer.json["output"][0]["content"][0]["text"],
    "messages": lambda answer: answer.json["content"][0]["text"],
    "gemini": lambda answer: answer.json["candidates"][0]["content"]["parts"][0]["text"],
}


def gemini_mode(**config: object) -> dict[str, Any]:
    calling = {"functionCallingConfig": {"mode": "ANY", **config}}
    return GEMINI | {"tools": GEMINI_TOOLS, "toolConfig": calling}


@pytest.mark.parametrize(
    ("api", "body", "called"),
    [
        pytest.param(
            "chat",
            CHAT | {"tools": CHAT_TOOLS, "tool_choice": "required"},
            ("other", {}),
            id="chat any",
        ),
        pytest.param(
            "chat",
            CHAT
            | {
                "tools": CHAT_TOOLS,
                "tool_choice": {"type": "function", "function": {"name": "weather"}},
            },
            ("weather", MET),
            id="chat named",
        ),
        pytest.param(
            "chat",
            CHAT
            | {
                "functions": [{"name": "weather", "parameters": SCHEMA}],
                "function_call": {"name": "weather"},
            },
            ("weather", MET),
            id="chat function",
        ),
        pytest.param(
            "responses",
            RESPONSES | {"tools": RESPONSE_TOOLS, "tool_choice": "required"},
            ("other", {}),
            id="responses any",
        ),
        pytest.param(
            "responses",
            RESPONSES
            | {"tools": RESPONSE_TOOLS, "tool_choice": {"type": "function", "name": "weather"}},
            ("weather", MET),
            id="responses named",
        ),
        pytest.param(
            "messages",
            MESSAGES | {"tools": ANTHROPIC_TOOLS, "tool_choice": {"type": "any"}},
            ("other", {}),
            id="messages any",
        ),
        pytest.param(
            "messages",
            MESSAGES
            | {"tools": ANTHROPIC_TOOLS, "tool_choice": {"type": "tool", "name": "weather"}},
            ("weather", MET),
            id="messages named",
        ),
        pytest.param("gemini", gemini_mode(), ("other", {}), id="gemini any"),
        pytest.param(
            "gemini",
            gemini_mode(allowedFunctionNames=["weather"]),
            ("weather", MET),
            id="gemini named",
        ),
    ],
)
def test_a_forced_tool_is_called(
    wire: Wire, api: str, body: dict[str, Any], called: tuple[str, Any]
) -> None:
    assert READ_CALL[api](wire.call(PATHS[api], body)) == called


@pytest.mark.parametrize(
    ("api", "body"),
    [
        pytest.param(
            "chat",
            CHAT | {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
            id="chat",
        ),
        pytest.param(
            "responses",
            RESPONSES | {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            id="responses",
        ),
        pytest.param(
            "messages",
            MESSAGES | {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            id="messages",
        ),
        pytest.param(
            "messages",
            MESSAGES | {"output_format": {"type": "json_schema", "schema": SCHEMA}},
            id="messages, as in the beta",
        ),
        pytest.param(
            "gemini", GEMINI | {"generationConfig": {"responseJsonSchema": SCHEMA}}, id="gemini"
        ),
        pytest.param(
            "gemini",
            GEMINI | {"generationConfig": {"responseSchema": SCHEMA}},
            id="gemini, its own schema",
        ),
    ],
)
def test_the_text_satisfies_a_schema(wire: Wire, api: str, body: dict[str, Any]) -> None:
    assert json.loads(READ_TEXT[api](wire.call(PATHS[api], body))) == MET


@pytest.mark.parametrize(
    ("api", "body"),
    [
        pytest.param("chat", CHAT | {"response_format": {"type": "json_object"}}, id="chat"),
        pytest.param(
            "responses", RESPONSES | {"text": {"format": {"type": "json_object"}}}, id="responses"
        ),
    ],
)
def test_any_json_object(wire: Wire, api: str, body: dict[str, Any]) -> None:
    assert READ_TEXT[api](wire.call(PATHS[api], body)) == "{}"


@pytest.mark.parametrize(
    ("api", "body"),
    [
        pytest.param("chat", CHAT | {"tools": CHAT_TOOLS, "tool_choice": "auto"}, id="auto"),
        pytest.param("chat", CHAT | {"tool_choice": "required"}, id="no tools"),
        pytest.param("chat", CHAT | {"tools": [None, {"function": {}}], "tool_choice": []}, id="?"),
        pytest.param("chat", CHAT | {"response_format": {"type": "text"}}, id="text"),
        pytest.param(
            "chat",
            CHAT | {"tools": CHAT_TOOLS, "tool_choice": {"function": {"name": ["weather"]}}},
            id="a name that is no text",
        ),
        pytest.param(
            "responses",
            RESPONSES | {"tools": RESPONSE_TOOLS, "tool_choice": {"type": "web_search"}},
            id="built-in tool",
        ),
        pytest.param(
            "messages",
            MESSAGES | {"tools": ANTHROPIC_TOOLS, "tool_choice": {"type": ["any"]}},
            id="a type that is no text",
        ),
        pytest.param("gemini", gemini_mode(mode="AUTO"), id="gemini auto"),
    ],
)
def test_nothing_is_forced(wire: Wire, api: str, body: dict[str, Any]) -> None:
    assert READ_TEXT[api](wire.call(PATHS[api], body)) == "Hello from the fake LiteLLM."


def test_what_is_scripted_goes_out_as_it_is(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text="scripted"))
    body = CHAT | {"tools": CHAT_TOOLS, "tool_choice": "required"}
    assert READ_TEXT["chat"](wire.call(PATHS["chat"], body)) == "scripted"


def test_a_default_that_calls_tools_is_kept(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.reply = Reply(tool_calls=(ToolCall(name="own", arguments="[]"),))
    body = CHAT | {"tools": CHAT_TOOLS, "tool_choice": "required"}
    assert chat_call(wire.call(PATHS["chat"], body)) == ("own", [])


def test_a_stream_calls_a_forced_tool(wire: Wire) -> None:
    body = CHAT | {"tools": CHAT_TOOLS[1:], "tool_choice": "required", "stream": True}
    deltas = [event["choices"][0]["delta"] for event in wire.call(PATHS["chat"], body).events]
    calls = [delta["tool_calls"][0]["function"] for delta in deltas if "tool_calls" in delta]
    assert calls[0]["name"] == "weather"
    assert json.loads("".join(call["arguments"] for call in calls)) == MET
