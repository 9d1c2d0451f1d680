from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from litellm_handler._chunks import delta_chunks, first_choice, to_plain, usage_chunk


class Inner(BaseModel):
    known: int


class Outer(BaseModel):
    inner: Inner
    many: list[Inner]
    optional: str | None = None


def test_models_become_plain_values() -> None:
    model = Outer(inner=Inner(known=1), many=[Inner(known=2)])
    assert to_plain(model) == {"inner": {"known": 1}, "many": [{"known": 2}], "optional": None}


@pytest.mark.parametrize("value", [pytest.param(v, id=repr(v)) for v in (None, 5, "x", {"a": [1]})])
def test_plain_values_stay_as_they_are(value: object) -> None:
    assert to_plain(value) == value


@pytest.mark.parametrize(
    ("event", "choice"),
    [
        pytest.param({"choices": [{"index": 0, "delta": {}}]}, {"index": 0, "delta": {}}, id="one"),
        pytest.param(
            {"choices": [{"index": 1}, {"index": 0, "n": 0}]}, {"index": 0, "n": 0}, id="two"
        ),
        pytest.param({"choices": [{"index": 1}]}, {}, id="another"),
        pytest.param({"choices": []}, {}, id="empty"),
        pytest.param({"choices": None}, {}, id="null"),
        pytest.param({}, {}, id="missing"),
    ],
)
def test_choice_0_is_taken(event: dict[str, Any], choice: dict[str, Any]) -> None:
    assert first_choice(event) == choice


@pytest.mark.parametrize(
    ("delta", "chunks"),
    [
        pytest.param({"role": "assistant", "content": ""}, [], id="opening"),
        pytest.param({}, [], id="closing"),
        pytest.param(None, [], id="null"),
        pytest.param({"content": "Hi"}, [{"type": "text", "text": "Hi"}], id="text"),
        pytest.param(
            {"content": "Hi", "reasoning_content": "Hm"},
            [{"type": "reasoning", "text": "Hm"}, {"type": "text", "text": "Hi"}],
            id="reasoning and text",
        ),
        pytest.param(
            {
                "tool_calls": [
                    {
                        "index": 1,
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "list", "arguments": ""},
                    }
                ]
            },
            [
                {
                    "type": "tool_call_partial",
                    "index": 1,
                    "id": "call_1",
                    "name": "list",
                    "arguments": "",
                }
            ],
            id="tool call",
        ),
        pytest.param(
            {"tool_calls": [{"index": 0, "type": "function", "function": {"arguments": '{"pa'}}]},
            [
                {
                    "type": "tool_call_partial",
                    "index": 0,
                    "id": None,
                    "name": None,
                    "arguments": '{"pa',
                }
            ],
            id="tool call, continued",
        ),
        pytest.param(
            {"tool_calls": [{"index": 0, "id": "call_1"}]},
            [
                {
                    "type": "tool_call_partial",
                    "index": 0,
                    "id": "call_1",
                    "name": None,
                    "arguments": "",
                }
            ],
            id="tool call without a function",
        ),
    ],
)
def test_a_delta_is_told_as_chunks(delta: object, chunks: list[dict[str, Any]]) -> None:
    assert list(delta_chunks({"index": 0, "delta": delta})) == chunks


@pytest.mark.parametrize(
    ("usage", "cache"),
    [
        pytest.param({}, {}, id="unknown"),
        pytest.param({"prompt_tokens_details": None}, {}, id="null details"),
        pytest.param({"prompt_tokens_details": {"audio_tokens": 1}}, {}, id="other details"),
        pytest.param(
            {"prompt_tokens_details": {"cached_tokens": 4}}, {"cache_read_tokens": 4}, id="OpenAI"
        ),
        pytest.param(
            {"prompt_tokens_details": {"cached_tokens": 0}}, {"cache_read_tokens": 0}, id="zero"
        ),
        pytest.param(
            {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 5},
            {"cache_read_tokens": 4, "cache_write_tokens": 5},
            id="Anthropic",
        ),
        pytest.param(
            {"cache_read_input_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}},
            {"cache_read_tokens": 4},
            id="both",
        ),
        pytest.param(
            {"cache_read_input_tokens": 0, "prompt_tokens_details": {"cached_tokens": 3}},
            {"cache_read_tokens": 0},
            id="both, the first is zero",
        ),
    ],
)
def test_cached_tokens_are_told_where_they_are_known(
    usage: dict[str, Any], cache: dict[str, int]
) -> None:
    assert usage_chunk({"prompt_tokens": 8, "completion_tokens": 14, **usage}) == {
        "type": "usage",
        "input_tokens": 8,
        "output_tokens": 14,
        **cache,
    }
