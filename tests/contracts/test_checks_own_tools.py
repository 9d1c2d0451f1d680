"""The checks that a request offers its own call's tools, and chooses none of another's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Reply
from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]


def tools(*names: str, description: str = "", parameter: str = "path") -> list[Any]:
    """Return tools of these names."""
    properties = {"type": "object", "properties": {parameter: {}}}
    function = {"description": description, "parameters": properties}
    return [{"type": "function", "function": {"name": name, **function}} for name in names]


@pytest.fixture
def told_of_tools(message: MakeCall, sent: Sent, seen: Seen) -> Callable[..., list[str]]:
    """Return a function that says what is found where calls were given and offered tools."""

    def make(given: list[Any], offered: list[Any]) -> list[str]:
        calls = [
            message(f"call-{number}", metadata={"tools": some} if some else {})
            for number, some in enumerate(given, start=1)
        ]
        requests = [
            sent(call.name, **({"tools": some} if some else {}))
            for call, some in zip(calls, offered, strict=True)
        ]
        return [finding.message for finding in CHECKS["own-tools"](seen(calls, *requests), ZOO)]

    return make


def wrong(number: int, offered: str, given: str) -> str:
    """Return what is said of a request that offers other tools than its call was given."""
    call = f"create_message (call-{number})"
    return f"request {number} offers the tools {offered}; {call} was given {given}"


READ, WRITE = tools("read"), tools("write")
OTHER_READ = tools("read", description="Reads.")
BY_URI = tools("read", parameter="uri")
BOTH = tools("read")
BOTH[0]["function"]["parameters"]["properties"]["uri"] = {}
SEARCH = [{"type": "web_search"}]
FLAT = [{"name": "read", "input_schema": {"type": "object", "properties": {"path": {}}}}]


@pytest.mark.parametrize(
    ("given", "offered", "found"),
    [
        pytest.param([READ, WRITE, []], [READ, WRITE, []], [], id="its own"),
        pytest.param([READ, WRITE], [[], []], [], id="knows no tools"),
        pytest.param([READ, WRITE], [SEARCH, SEARCH], [], id="knows no tools but the model's own"),
        pytest.param([READ, []], [READ + SEARCH, SEARCH], [], id="beside the model's own"),
        pytest.param([READ, []], [READ + tools("noop"), tools("noop")], [], id="more of its own"),
        pytest.param([READ], [OTHER_READ], [], id="described in its own way"),
        pytest.param([READ], [BOTH], [], id="with a parameter more"),
        pytest.param([READ, WRITE], [READ, tools("mcp__write")], [], id="after its server's name"),
        pytest.param(
            [tools("read", "write", "overwrite")], [tools("read", "overwrite")],
            [wrong(1, "overwrite(path) '', read(path) ''",
                   "overwrite(path) '', read(path) '', write(path) ''")],
            id="lost beside one whose name ends alike",
        ),
        pytest.param(
            [READ, WRITE], [READ, tools("write_all")],
            [wrong(2, "write_all(path) ''", "write(path) ''")],
            id="before something else",
        ),
        pytest.param(
            [BOTH], [READ],
            [wrong(1, "read(path) ''", "read(path, uri) ''")],
            id="without a parameter",
        ),
        pytest.param(
            [READ, []], [READ, READ],
            [wrong(2, "read(path) ''", "(none)")],
            id="an earlier call's",
        ),
        pytest.param(
            [READ, []], [FLAT, FLAT],
            [wrong(2, "read(path) ''", "(none)")],
            id="an earlier call's, as Anthropic's API has it",
        ),
        pytest.param(
            [READ, WRITE], [READ, []],
            [wrong(2, "(none)", "write(path) ''")],
            id="lost",
        ),
        pytest.param(
            [READ, OTHER_READ], [READ, READ],
            [wrong(2, "read(path) ''", "read(path) 'Reads.'")],
            id="another call's description",
        ),
        pytest.param(
            [READ, BY_URI], [BY_URI, BY_URI],
            [wrong(1, "read(uri) ''", "read(path) ''")],
            id="another call's parameters",
        ),
    ],
)  # fmt: skip
def test_a_request_offers_the_tools_of_its_own_call(
    told_of_tools: Callable[..., list[str]], given: list[Any], offered: list[Any], found: list[str]
) -> None:
    assert told_of_tools(given, offered) == found


def test_a_request_may_do_without_tools_after_a_failure_within_the_call(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    refused = message(metadata={"tools": READ}, answers=(Failure(status=400), Reply()))
    requests = [sent("ask", tools=READ), sent("ask")]
    assert list(CHECKS["own-tools"](seen([refused], *requests), ZOO)) == []
    [finding] = CHECKS["own-tools"](seen([refused], *reversed(requests)), ZOO)
    assert finding.request == 1
    answered = message(metadata={"tools": READ}, answers=(Reply(), Reply()))
    [finding] = CHECKS["own-tools"](seen([answered], *requests), ZOO)
    assert finding.request == 2


FORCED = {"type": "function", "function": {"name": "read"}}


@pytest.mark.parametrize(
    ("sent_choices", "found"),
    [
        pytest.param([FORCED, None], [], id="its own"),
        pytest.param([None, "auto"], [], id="none"),
        pytest.param([FORCED, "required"], [], id="one of the handler's"),
        pytest.param([FORCED, FORCED], [2], id="another call's"),
        pytest.param([FORCED, dict(reversed(FORCED.items()))], [2], id="in another order"),
    ],
)
def test_another_calls_choice_of_a_tool_is_found(
    message: MakeCall, sent: Sent, seen: Seen, sent_choices: list[Any], found: list[int]
) -> None:
    calls = [message("first", metadata={"tool_choice": FORCED}), message("second")]
    requests = [
        sent(call.name, tool_choice=choice)
        for call, choice in zip(calls, sent_choices, strict=True)
    ]
    findings = list(CHECKS["own-tool-choice"](seen(calls, *requests), ZOO))
    assert [finding.request for finding in findings] == found


def test_auto_is_no_choice_of_another_call(message: MakeCall, sent: Sent, seen: Seen) -> None:
    calls = [message("first", metadata={"tool_choice": "auto"}), message("second")]
    requests = [sent(call.name, tool_choice="auto") for call in calls]
    assert list(CHECKS["own-tool-choice"](seen(calls, *requests), ZOO)) == []


def test_a_handler_may_leave_tools_out_beyond_what_openai_takes(
    message: MakeCall, sent: Sent, seen: Seen
) -> None:
    many = [tool for number in range(129) for tool in tools(f"tool_{number}")]
    call = message(metadata={"tools": many})
    assert list(CHECKS["own-tools"](seen([call], sent("ask", tools=many[:128])), ZOO)) == []
    fewer = message(metadata={"tools": many[:128]})
    assert list(CHECKS["own-tools"](seen([fewer], sent("ask", tools=many[:127])), ZOO)) != []


def test_tools_that_were_offered_earlier_are_offered_again(message: MakeCall, sent: Sent) -> None:
    outcome = Outcome(call=message(metadata={"tools": READ}))
    observation = observe([outcome], [sent("ask")])
    knowing = replace(observation, knows_tools=True)
    found = [len(list(CHECKS["own-tools"](one, ZOO))) for one in (observation, knowing)]
    assert found == [0, 1]


def of_parameters(**properties: Any) -> list[Any]:  # noqa: ANN401 - schemas
    """Return a tool with these parameters."""
    [tool] = tools("read")
    tool["function"]["parameters"]["properties"] = properties
    return [tool]


def holding(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - schemas
    """Return the schema of an object with these properties."""
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("given", "offered", "found"),
    [
        pytest.param(holding(b={}), holding(b={"type": "string"}), False, id="kept"),
        pytest.param(holding(b={}), holding(c={}), True, id="lost"),
        pytest.param(holding(b=holding(c={})), holding(b={}), True, id="lost within another"),
        pytest.param({"items": holding(b={})}, {"items": {}}, True, id="lost in a list's items"),
        pytest.param({"anyOf": [{}, holding(b={})]}, {"anyOf": [{}]}, True, id="a choice is lost"),
        pytest.param(
            {"anyOf": [holding(b={}), {"type": "null"}]}, holding(b={}), False, id="simplified"
        ),
        pytest.param(
            {"$ref": "#/$defs/B", "$defs": {"B": holding(b={})}}, holding(b={}), False,
            id="a reference is written out",
        ),
        pytest.param(holding(properties={"title": "A"}), {}, True, id="one of the name properties"),
        pytest.param(
            holding(properties={"title": "A"}), holding(properties={}), False,
            id="what is no parameter",
        ),
        pytest.param({"properties": None, "enum": ["b"]}, {}, False, id="none"),
    ],
)  # fmt: skip
def test_a_tool_keeps_its_parameters_however_deep(
    told_of_tools: Callable[..., list[str]],
    given: dict[str, Any],
    offered: dict[str, Any],
    found: bool,  # noqa: FBT001 - a test's parameter
) -> None:
    told = told_of_tools([of_parameters(a=given)], [of_parameters(a=offered)])
    assert len(told) == found


def test_what_is_lost_within_a_parameter_is_named(
    told_of_tools: Callable[..., list[str]],
) -> None:
    given = of_parameters(a=holding(b={}, c=holding(d={})))
    [told] = told_of_tools([given], [of_parameters(a=holding(b={}))])
    assert told == (
        "request 1 offers read without its parameters c, d; create_message (call-1) was given "
        "read(a) ''"
    )
