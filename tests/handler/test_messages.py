from __future__ import annotations

import copy
from typing import Any

import pytest

from litellm_handler._messages import build_messages

# base64 of "skip_thought_signature_validator"
SKIP = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
MARK = {"cache_control": {"type": "ephemeral"}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def user(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


def text(content: str, **mark: object) -> dict[str, Any]:
    return {"type": "text", "text": content, **mark}


def assistant(*tool_calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(tool_calls)}


def tool_call(**fields: object) -> dict[str, Any]:
    return {
        "id": "call_1",
        "type": "function",
        "function": {"name": "read_file", "arguments": "{}"},
        **fields,
    }


def build(
    *messages: dict[str, Any], model: str = "gpt-4o", use_prompt_cache: bool = False
) -> list[dict[str, Any]]:
    return build_messages("Be brief.", messages, model=model, use_prompt_cache=use_prompt_cache)


def test_the_system_prompt_comes_first_and_the_messages_follow_unchanged() -> None:
    history = [
        user([text("Look"), IMAGE]),
        assistant(tool_call()),
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]
    assert build(*history) == [{"role": "system", "content": "Be brief."}, *history]


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        pytest.param("Hi", [text("Hi", **MARK)], id="string"),
        pytest.param([text("a"), text("b")], [text("a"), text("b", **MARK)], id="last text"),
        pytest.param([text("a"), IMAGE], [text("a", **MARK), IMAGE], id="text before an image"),
        pytest.param([text("a"), text("")], [text("a", **MARK), text("")], id="empty text last"),
        pytest.param([IMAGE], [IMAGE], id="image only"),
        pytest.param("", "", id="empty string"),
        pytest.param([], [], id="no parts"),
        pytest.param(None, None, id="no content"),
    ],
)
def test_a_cache_mark_goes_onto_the_last_text(content: object, marked: object) -> None:
    assert build(user(content), use_prompt_cache=True)[1:] == [user(marked)]


def test_the_system_prompt_and_the_last_two_user_messages_are_marked() -> None:
    reply = {"role": "assistant", "content": "Yes."}
    built = build(user("1"), reply, user("2"), reply, user("3"), reply, use_prompt_cache=True)
    assert built == [
        {"role": "system", "content": [text("Be brief.", **MARK)]},
        user("1"),
        reply,
        user([text("2", **MARK)]),
        reply,
        user([text("3", **MARK)]),
        reply,
    ]


@pytest.mark.parametrize(
    "model",
    [
        pytest.param("gemini-2.5-pro", id="plain"),
        pytest.param("vertex_ai/Gemini-3-flash", id="with a provider"),
    ],
)
def test_gemini_gets_a_signature_on_every_tool_call(model: str) -> None:
    signed = tool_call(provider_specific_fields={"thought_signature": SKIP})
    built = build(user("Hi"), assistant(tool_call(), tool_call()), model=model)
    assert built[1:] == [user("Hi"), assistant(signed, signed)]


def test_other_models_get_no_signature() -> None:
    assert build(assistant(tool_call()), model="claude-opus-4")[1:] == [assistant(tool_call())]


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(
            tool_call(provider_specific_fields={"thought_signature": "c2ln"}), id="on the call"
        ),
        pytest.param(
            tool_call(
                function={
                    "name": "read_file",
                    "arguments": "{}",
                    "provider_specific_fields": {"thought_signature": "c2ln"},
                }
            ),
            id="on the function",
        ),
        pytest.param(tool_call(id="call_1__thought__c2ln"), id="in the id"),
    ],
)
def test_a_signature_that_is_there_is_kept(signed: dict[str, Any]) -> None:
    assert build(assistant(signed), model="gemini-3-pro")[1:] == [assistant(signed)]


def test_other_provider_fields_are_kept_beside_the_signature() -> None:
    call = tool_call(provider_specific_fields={"other": 1, "thought_signature": None})
    (built,) = build(assistant(call), model="gemini-3-pro")[1]["tool_calls"]
    assert built["provider_specific_fields"] == {"other": 1, "thought_signature": SKIP}


def test_the_callers_messages_are_left_alone() -> None:
    history = [user("Hi"), user([text("a")]), assistant(tool_call())]
    before = copy.deepcopy(history)
    build(*history, model="gemini-3-pro", use_prompt_cache=True)
    assert history == before
