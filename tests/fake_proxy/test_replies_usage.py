"""Where the token counts of a reply are told, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

CALLS = (
    ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="call_1"),
    ToolCall(name="list", id="call_2"),
)
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
