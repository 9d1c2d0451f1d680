"""The checks that what a request holds is its own call's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Failure, Redirect, Reply
from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from fake_litellm._replies import Answer
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param({"model": "gpt-4o"}, [], id="its own"),
        pytest.param(
            {"model": "4o"},
            ["request 1 names the model '4o'; the handler was built with 'gpt-4o'"],
            id="another",
        ),
    ],
)
def test_a_request_names_the_model_of_its_handler(
    message: MakeCall, sent: Sent, body: dict[str, str], found: list[str]
) -> None:
    observation = observe([Outcome(call=message(), model="gpt-4o")], [sent("ask", **body)])
    told = CHECKS["own-model"](observation, ZOO)
    assert [finding.message for finding in told] == found


def test_a_request_that_names_no_model_is_right(message: MakeCall, sent: Sent) -> None:
    request = sent("ask")
    request.json = {"messages": []}
    observation = observe([Outcome(call=message(), model="gpt-4o")], [request])
    assert list(CHECKS["own-model"](observation, ZOO)) == []


def test_arguments_that_are_altered_are_found(message: MakeCall) -> None:
    altered = Outcome(call=message(), altered="messages")
    [finding] = CHECKS["arguments"](observe([altered, Outcome(call=message("two"))], []), ZOO)
    assert finding.message == "create_message (ask) altered the messages of its caller"
    assert (finding.call, finding.request) == ("ask", None)


def judge(check: str, call: Call, *requests: RecordedRequest, **given: Any) -> list[Finding]:  # noqa: ANN401
    """Judge a call by its requests."""
    return list(CHECKS[check](observe([Outcome(call=call, **given)], requests), ZOO))


def test_a_request_carries_the_key_of_its_own_handler(message: MakeCall, sent: Sent) -> None:
    assert judge("own-key", message(), sent("ask"), api_key="sk-secret") == []
    key_header = sent("ask", ("x-litellm-api-key", "sk-other"))
    assert judge("own-key", message(), key_header, api_key="sk-other") == []
    other_case = sent("ask", ("x-key", "bearer sk-other"))
    assert judge("own-key", message(), other_case, api_key="sk-other") == []
    [finding] = judge("own-key", message(), sent("ask"), api_key="sk-other")
    assert finding.message == (
        "request 1 does not carry the API key that the handler of create_message (ask) was built "
        "with"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (1,))
    assert judge("own-key", message(judged=False), sent("ask"), api_key="sk-other") == []


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        pytest.param((Failure(status=503), Reply()), 0, id="after a failure"),
        pytest.param((Reply(text=""), Reply()), 0, id="after an empty answer"),
        pytest.param((Reply(), Reply()), 1, id="after an answer"),
    ],
)
def test_another_model_may_be_asked_where_there_is_no_answer(
    message: MakeCall, sent: Sent, answers: tuple[Answer, ...], found: int
) -> None:
    call, second = message(answers=answers), sent("ask", model="gpt-4o-mini")
    assert len(judge("own-model", call, sent("ask"), second, model="gpt-4o")) == found
    assert len(judge("own-model", call, second, sent("ask"), model="gpt-4o")) == 1


@pytest.mark.parametrize(("status", "found"), [(400, 0), (399, 1), (None, 1)])
def test_another_model_may_be_asked_after_an_answer_that_nobody_scripted(
    message: MakeCall, sent: Sent, status: int | None, found: int
) -> None:
    first, second = replace(sent("ask"), status=status), sent("ask", model="gpt-4o-mini")
    assert len(judge("own-model", message(), first, second, model="gpt-4o")) == found


def test_a_request_goes_to_the_proxy_of_its_own_handler(message: MakeCall, sent: Sent) -> None:
    assert judge("own-proxy", message(), sent("ask"), proxy="127.0.0.1") == []
    [finding] = judge("own-proxy", message(), sent("ask"), proxy="127.0.0.2")
    assert finding.message == (
        "request 1 went to 127.0.0.1/v1/chat/completions; the handler of create_message (ask) was "
        "built for 127.0.0.2"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (0,))
    assert judge("own-proxy", message(judged=False), sent("ask"), proxy="127.0.0.2") == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("/litellm/v1/chat/completions", 0, id="below it"),
        pytest.param("/v1/chat/completions", 1, id="at the root"),
        pytest.param("/litellm-2/v1/chat/completions", 1, id="below another"),
    ],
)
def test_a_request_goes_below_the_path_of_its_proxy(
    message: MakeCall, sent: Sent, path: str, found: int
) -> None:
    request = sent("ask", path=path)
    assert len(judge("own-proxy", message(), request, proxy="127.0.0.1/litellm")) == found


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


@pytest.mark.parametrize("check", ["own-key", "own-proxy"])
def test_who_is_sent_elsewhere_goes_there_without_the_key(
    message: MakeCall, sent: Sent, check: str
) -> None:
    found = [
        len(list(CHECKS[check](observe([outcome], [sent("ask")]), ZOO)))
        for answers in ((), (Redirect(location="//another"),))
        for outcome in [Outcome(call=message(answers=answers), api_key="k", proxy="elsewhere")]
    ]
    assert found == [1, 0]


def test_another_model_may_have_been_tried_first_where_nothing_was_recorded(
    message: MakeCall, sent: Sent
) -> None:
    outcomes = [
        Outcome(call=message("reset", reset_connections=1), model="gpt-5-mini"),
        Outcome(call=message("later"), model="gpt-5-mini"),
    ]
    findings = CHECKS["own-model"](observe(outcomes, [sent("reset"), sent("later")]), ZOO)
    assert [finding.call for finding in findings] == ["later"]


def test_tools_that_were_offered_earlier_are_offered_again(message: MakeCall, sent: Sent) -> None:
    outcome = Outcome(call=message(metadata={"tools": READ}))
    observation = observe([outcome], [sent("ask")])
    knowing = replace(observation, knows_tools=True)
    found = [len(list(CHECKS["own-tools"](one, ZOO))) for one in (observation, knowing)]
    assert found == [0, 1]
