"""The check that a request holds all that was said in its own call, and nothing of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._model import Call
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

OTHERS = {"role": "user", "content": "Say hello. [other]"}
OWN = {"role": "user", "content": "Say hello. [ask]"}
SYSTEM = {"role": "system", "content": "You plan."}
HALVES = [{"text": "You "}, {"text": "plan."}]
MESSAGES = [{"role": "system", "content": "You "}, {"role": "system", "content": "plan."}]
PARTS = {"role": "system", "content": [{"type": "text", "text": "You plan.", "cache_control": {}}]}
RESULT_LOST = "request 1 does not hold a tool's result of create_message (ask)"
CALL_LOST = "request 1 does not hold the call that a tool's result answers of create_message (ask)"
CONTENTS = [{"role": "user", "parts": [{"text": "Say hello. [ask]"}]}]


def told(calls: list[Call], request: RecordedRequest, seen: Seen) -> list[str]:
    """Return what the check says of the last of these calls, which made the request."""
    observation = seen(calls, request)
    return [finding.message for finding in CHECKS["own-text"](observation, ZOO)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"messages": [SYSTEM, OWN]}, id="a message"),
        pytest.param({"messages": [PARTS, OWN]}, id="a list of parts"),
        pytest.param({"system": "You plan.", "messages": [OWN]}, id="a field"),
        pytest.param({"system": HALVES, "messages": [OWN]}, id="a field in two parts"),
        pytest.param({"messages": [{"role": "system", "content": HALVES}, OWN]}, id="in two parts"),
        pytest.param({"messages": [*MESSAGES, OWN]}, id="in two messages"),
        pytest.param(
            {"systemInstruction": {"parts": HALVES}, "messages": [], "contents": CONTENTS},
            id="as Gemini's API has it",
        ),
    ],
)
def test_a_request_with_its_own_texts_is_right(
    message: MakeCall, sent: Sent, seen: Seen, body: dict[str, Any]
) -> None:
    call = message(system_prompt="You plan.")
    assert told([message("other", judged=False), call], sent("ask", **body), seen) == []


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        pytest.param(
            [OWN], "does not hold the system prompt of create_message (ask)", id="no system prompt"
        ),
        pytest.param(
            [{"role": "system", "content": "You "}, {"role": "user", "content": "plan."}, OWN],
            "does not hold the system prompt of create_message (ask)",
            id="half of the system prompt as the user's",
        ),
        pytest.param(
            [SYSTEM, {"role": "user", "content": "[ask]"}],
            "does not hold a message of create_message (ask)",
            id="half a message",
        ),
        pytest.param(
            [SYSTEM, OTHERS, OWN], "holds a text of another call, [other]", id="another's text"
        ),
    ],
)
def test_a_request_with_other_texts_is_found(
    message: MakeCall, sent: Sent, seen: Seen, messages: list[Any], wrong: str
) -> None:
    calls = [message("other", judged=False), message(system_prompt="You plan.")]
    assert told(calls, sent("ask", messages=messages), seen) == [f"request 1 {wrong}"]


def test_a_prompt_is_sent_whole(prompt: MakeCall, sent: Sent, seen: Seen) -> None:
    whole = [{"role": "user", "content": "Hi [prompt]"}]
    assert told([prompt()], sent("prompt", messages=whole), seen) == []
    [finding] = told([prompt()], sent("prompt"), seen)
    assert finding == "request 1 does not hold the prompt of complete_prompt (prompt)"


def test_each_request_holds_its_own_texts(message: MakeCall, sent: Sent, seen: Seen) -> None:
    requests = [sent("ask", messages=[OWN]), sent("ask")]
    findings = CHECKS["own-text"](seen([message()], *requests), ZOO)
    assert [finding.request for finding in findings] == [2]


def test_a_history_may_hold_what_was_said_in_another_call(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    call = message(messages=(OTHERS, OWN))
    calls = [message("other", judged=False), call]
    assert told(calls, sent("ask", messages=[OTHERS, OWN]), seen) == []


CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]}
ANOTHER = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_2"}]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
OFFERED = {"tools": [{"type": "function", "function": {"name": "read"}}]}
LOST = ["request 1 does not hold a tool call of the history of create_message (ask)"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        pytest.param({**OFFERED, "messages": [CALLED, OWN]}, [], id="sent"),
        pytest.param({**OFFERED, "messages": [OWN]}, LOST, id="left out"),
        pytest.param({**OFFERED, "messages": [ANOTHER, OWN]}, [], id="under another id"),
        pytest.param({**OFFERED, "messages": [RESULT, OWN]}, LOST, id="only its result"),
        pytest.param({"messages": [OWN]}, [], id="by a handler without tools"),
        pytest.param(
            {"tools": [{"type": "web_search"}], "messages": [OWN]}, [], id="by one that searches"
        ),
        pytest.param(
            {**OFFERED, "messages": [{**CALLED, "tool_calls": 7}, OWN]}, LOST, id="no list"
        ),
    ],
)
def test_a_tool_call_of_the_history_is_sent_by_who_offers_tools(
    message: MakeCall, sent: Sent, seen: Seen, body: dict[str, Any], wrong: list[str]
) -> None:
    assert told([message(messages=(CALLED, OWN))], sent("ask", **body), seen) == wrong


RESPONSES = {"path": "/v1/responses", "tools": [{"type": "function", "name": "read"}]}
FUNCTION_CALL = {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": "{}"}
ANTHROPIC = {"path": "/v1/messages", "tools": [{"name": "read", "input_schema": {}}]}
TOOL_USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "read"}]}
GEMINI = {
    "path": "/v1beta/models/gpt-4o:generateContent",
    "tools": [{"functionDeclarations": [{"name": "read"}]}],
}
NAMED = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        pytest.param({**RESPONSES, "input": [FUNCTION_CALL, OWN]}, [], id="responses"),
        pytest.param({**RESPONSES, "input": [OWN]}, LOST, id="responses, left out"),
        pytest.param({**ANTHROPIC, "messages": [TOOL_USE, OWN]}, [], id="messages"),
        pytest.param({**ANTHROPIC, "messages": [OWN]}, LOST, id="messages, left out"),
        pytest.param({**GEMINI, "contents": [NAMED, *CONTENTS]}, [], id="Gemini, without ids"),
    ],
)
def test_another_api_has_tool_calls_of_its_own(
    message: MakeCall, sent: Sent, seen: Seen, given: dict[str, Any], wrong: list[str]
) -> None:
    assert told([message(messages=(CALLED, OWN))], sent("ask", **given), seen) == wrong


def history(*contents: str) -> list[dict[str, Any]]:
    """Return what the user said, before the call's own message."""
    return [{"role": "user", "content": content} for content in contents]


@pytest.mark.parametrize(
    ("sent_before", "found"),
    [
        pytest.param(history("Go on.", "Go on."), 0, id="twice"),
        pytest.param(history(" Go on.\n", "Go on. Go on."), 0, id="with more around it"),
        pytest.param(history("Go on."), 1, id="once"),
        pytest.param([], 1, id="never"),
        pytest.param(history("Go ", "on."), 0, id="in a way that cannot be counted"),
        pytest.param(history("Go on.", "So Go on"), 1, id="another time but for its end"),
        pytest.param(history("Go on.", "o on."), 1, id="another time but for its beginning"),
    ],
)
def test_what_is_said_twice_is_sent_twice(
    message: MakeCall, sent: Sent, seen: Seen, sent_before: list[dict[str, Any]], found: int
) -> None:
    call = message(messages=(*history("Go on.", "Go on."), OWN))
    findings = told([call], sent("ask", messages=[*sent_before, OWN]), seen)
    assert len(findings) == found
    assert all("does not hold a message" in finding for finding in findings)


@pytest.mark.parametrize(
    ("result", "path", "wrong"),
    [
        pytest.param(("tool", "c"), "/v1/chat/completions", [], id="sent"),
        pytest.param(("tool", "d"), "/v1/chat/completions", [CALL_LOST], id="another's"),
        pytest.param(("user", "c"), "/v1/chat/completions", [RESULT_LOST], id="no result"),
        pytest.param(("user", "c"), "/v1/responses", [], id="another API"),
    ],
)
def test_the_result_of_a_tool_is_sent_though_it_is_empty(
    sent: Sent, seen: Seen, result: tuple[str, str], path: str, wrong: list[str]
) -> None:
    asked = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "read"}}]}
    said = {"role": "tool", "tool_call_id": "c", "content": ""}
    call = Call(name="ask", method="create_message", marker="[ask]", messages=(asked, said, OWN))
    role, tool_call_id = result
    request = sent(
        "ask",
        path=path,
        messages=[asked, {"role": role, "tool_call_id": tool_call_id, "content": ""}, OWN],
        tools=[{"type": "function", "function": {"name": "read"}}],
    )
    assert told([call], request, seen) == wrong


def test_the_ids_of_tool_calls_may_be_written_anew(sent: Sent, seen: Seen) -> None:
    asked = {"role": "assistant", "tool_calls": [{"id": "c-1"}, {"id": "c-2"}]}
    results = [{"role": "tool", "tool_call_id": call_id} for call_id in ("c-1", "c-2")]
    call = Call(
        name="ask", method="create_message", marker="[ask]", messages=(asked, *results, OWN)
    )
    anew = {"role": "assistant", "tool_calls": [{"id": "abcdefgh1"}, {"id": "abcdefgh2"}]}
    told_anew = [{"role": "tool", "tool_call_id": f"abcdefgh{number}"} for number in (1, 2)]
    request = sent("ask", **OFFERED, messages=[anew, *told_anew, OWN])
    assert told([call], request, seen) == []


def test_a_result_may_be_sent_without_its_call_where_the_caller_had_none(
    sent: Sent, seen: Seen
) -> None:
    result = {"role": "tool", "tool_call_id": "c", "content": ""}
    call = Call(name="ask", method="create_message", marker="[ask]", messages=(result, OWN))
    assert told([call], sent("ask", **OFFERED, messages=[result, OWN]), seen) == []
