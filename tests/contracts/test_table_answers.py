"""How the entries of a table become answers of the proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_litellm import Cut, Failure, Page, Redirect, Reply, ToolCall, Usage
from litellm_contracts._errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        pytest.param(
            "failure = 429, retry_after_ms = 5", Failure(status=429, retry_after_ms=5), id="failure"
        ),
        pytest.param('cut = "in-headers"', Cut(at="in-headers"), id="cut"),
        pytest.param("redirect = 308", Redirect(status=308, location="?redirected"), id="redirect"),
        pytest.param(
            'redirect = 307, to = "another"', Redirect(location="//another"), id="redirect away"
        ),
        pytest.param(
            'redirect = 307, at = "/route"', Redirect(location="/route"), id="redirect to a route"
        ),
        pytest.param(
            'reply = "This is", finish = "length"',
            Reply(text="This is", finish="length"),
            id="cut short",
        ),
        pytest.param('page = "<html>"', Page(html="<html>"), id="page"),
        pytest.param('page = "No.", status = 403', Page(html="No.", status=403), id="refusal"),
        pytest.param(
            'reply = "Hi.", reasoning_tokens = 7, extra = { event = { citations = [] } }',
            Reply(text="Hi.", usage=Usage(reasoning_tokens=7), extra={"event": {"citations": []}}),
            id="more said",
        ),
        pytest.param(
            'reply = "Hi.", model = "gpt-4o-mini", headers = { x-left = "0" }',
            Reply(text="Hi.", model="gpt-4o-mini", headers=(("x-left", "0"),)),
            id="another model",
        ),
        pytest.param('reply = "Hi."', Reply(text="Hi."), id="reply"),
        pytest.param(
            'reply = { repeat = " a", times = 3 }', Reply(text=" a a a"), id="repeated reply"
        ),
        pytest.param(
            'reply = "", tool_calls = [{ name = "read" }], ends = "drop"',
            Reply(text="", tool_calls=(ToolCall(name="read"),), ends="drop"),
            id="tool calls",
        ),
    ],
)
def test_answers(read_calls: Callable[[str], tuple[Call, ...]], entry: str, answer: object) -> None:
    [call] = read_calls(f'calls = [{{ do = "complete_prompt", answers = [{{ {entry} }}] }}]')
    assert call.answers == (answer,)


def test_a_redirect_has_one_place(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    with pytest.raises(TableError, match="not valid under any"):
        read_calls("""
            calls = [{ do = "complete_prompt", answers = [
              { redirect = 307, to = "another", at = "/route" },
            ] }]""")


def test_the_arguments_of_a_tool_call_may_be_long_or_in_pieces(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    [call] = read_calls("""
        calls = [{ do = "create_message", answers = [{ reply = "", tool_calls = [
          { name = "write", arguments = '{"a": "%s"}', fill = { repeat = "b", times = 3 } },
          { name = "read", arguments = "{}", pieces = ["{", "}"] },
        ] }] }]""")
    write = ToolCall(name="write", arguments='{"a": "bbb"}')
    read = ToolCall(name="read", pieces=("{", "}"))
    assert call.answers == (Reply(text="", tool_calls=(write, read)),)
