"""No body and no chunk, however odd, makes a check fail by itself: that would be no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import strategies

from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call

NAMES = [
    *("model", "messages", "role", "content", "type", "text", "stream", "stream_options"),
    *("tools", "function", "name", "description", "parameters", "properties", "input_schema"),
    *("tool_calls", "arguments", "id", "index", "prompt", "system", "input", "contents"),
    *("inputTokens", "outputTokens", "usage"),
]
LEAVES = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(allow_nan=False),
    strategies.sampled_from(["", "[ask]", "function", "text", "tool_call", "usage", "user"]),
)
VALUES = strategies.recursive(
    LEAVES,
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=3),
        strategies.dictionaries(strategies.sampled_from(NAMES), inner, max_size=4),
    ),
    max_leaves=8,
)
TOOLS = strategies.fixed_dictionaries({"tools": strategies.lists(VALUES, max_size=2)})
MESSAGES = strategies.fixed_dictionaries({"messages": strategies.lists(VALUES, max_size=2)})
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}


@pytest.mark.parametrize("check", [pytest.param(name, id=name) for name in CHECKS])
@hypothesis.settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.example(body={"tools": 7}, chunks=[])
@hypothesis.example(body={"tools": [{"function": "read"}]}, chunks=[])
@hypothesis.example(body={"tools": [{"name": "read", "description": 7}]}, chunks=[])
@hypothesis.example(body={"tools": [{"name": "read", "parameters": [7]}]}, chunks=[])
@hypothesis.example(body={"messages": [{"content": [7]}]}, chunks=[{"type": "text", "text": 7}])
@hypothesis.given(
    body=strategies.one_of(VALUES, TOOLS, MESSAGES),
    chunks=strategies.lists(VALUES, max_size=3),
)
def test_any_body_and_any_chunks_are_judged(
    message: Callable[..., Call],
    sent: Callable[..., RecordedRequest],
    body: Any,  # noqa: ANN401 - what JSON holds
    chunks: list[Any],
    check: str,
) -> None:
    call = message(metadata={"task_id": "task-0001", "tools": [TOOL]})
    request = sent(call.name)
    request.json = body
    observation = observe([Outcome(call=call, chunks=chunks)], [request, request])
    assert all(finding.message for finding in CHECKS[check](observation, ZOO))
