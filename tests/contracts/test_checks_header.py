"""The check that a request carries the header line that is due, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Redirect
from litellm_contracts._checks import CHECKS
from litellm_contracts._model import Call
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO, choose_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

ID = "task-0001"
OTHER = "task-0002"
AWAY = (Redirect(location="http://127.0.0.1/v1/chat/completions"),)
MOVED = Call(
    name="ask",
    method="create_message",
    marker="[ask]",
    metadata={"task_id": ID},
    answers=AWAY,
)
ZOO_ID = ("X-Zoo-Session-ID", ID)


def found(observation: Observation) -> list[Finding]:
    """Return what the check finds."""
    return list(CHECKS["header"](observation, ZOO))


@pytest.mark.parametrize(
    ("headers", "told", "marks"),
    [
        pytest.param(
            [("User-Agent", "x")], f"no X-Zoo-Session-ID header line; expected {ZOO_ID[0]}: {ID}",
            (), id="missing",
        ),
        pytest.param([("X-Zoo-SessionID", "other")], "no X-Zoo-Session-ID", (2,), id="misspelt"),
        pytest.param([("X-Zoo_Session_ID", "o")], "no X-Zoo-Session-ID", (2,), id="underscores"),
        pytest.param(
            [("Accept", "*/*"), ("X-Conversation", ID)], "no X-Zoo-Session-ID", (3,),
            id="the id under another name",
        ),
        pytest.param(
            [ZOO_ID, ("Accept", "*/*"), ("x-zoo-session-id", ID)],
            "2 X-Zoo-Session-ID header lines; expected exactly one", (2, 4), id="two lines",
        ),
        pytest.param(
            [("X-Zoo-Session-ID", OTHER)], f"X-Zoo-Session-ID is '{OTHER}'; expected '{ID}'", (2,),
            id="other value",
        ),
        pytest.param([("X-Zoo-Session-ID", "")], "is ''; expected", (2,), id="empty"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_found_and_its_lines_marked(
    asked: Seen, headers: list[tuple[str, str]], told: str, marks: tuple[int, ...]
) -> None:
    [finding] = found(asked(headers))
    assert finding.message.startswith("request 1: ")
    assert told in finding.message
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, marks)
    assert finding.cause


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("X-Zoo-Session-ID", id="as the vendor writes it"),
        pytest.param("x-zoo-session-id", id="lower case, as httpx2 sends it"),
    ],
)
def test_one_line_with_the_task_id_is_right(asked: Seen, name: str) -> None:
    assert found(asked([(name, ID)])) == []


def test_each_request_of_a_call_is_looked_at(message: MakeCall, sent: Sent, seen: Seen) -> None:
    observation = seen([message()], sent("ask", ZOO_ID), sent("ask"), sent("ask", ZOO_ID))
    assert [finding.request for finding in found(observation)] == [2]


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="None"),
        pytest.param({}, id="empty"),
        pytest.param({"task_id": None}, id="task id None"),
        pytest.param({"task_id": ""}, id="task id empty"),
    ],
)
def test_without_a_task_id_no_header_is_right_and_any_is_wrong(
    message: MakeCall, asked: Seen, metadata: dict[str, Any] | None
) -> None:
    call = message(metadata=metadata)
    assert found(asked([], call=call)) == []
    [finding] = found(asked([("X-Zoo-Session-ID", "None")], call=call))
    assert finding.message == (
        "request 1: X-Zoo-Session-ID is sent ('None'), but the call has no task id"
    )
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, (2,))


def test_the_clue_is_whose_id_a_request_carries(asked: Seen, message: MakeCall) -> None:
    clue = "'task-0000' is the task id of another call (earlier)"
    for call in (message(), message(metadata={})):
        [finding] = found(asked([("X-Zoo-Session-ID", "task-0000")], call=call))
        assert finding.clue == clue


def test_complete_prompt_carries_no_header(prompt: MakeCall, sent: Sent, seen: Seen) -> None:
    assert found(seen([prompt()], sent("prompt"))) == []
    [finding] = found(seen([prompt()], sent("prompt", ZOO_ID)))
    assert finding.message.endswith(f"('{ID}'), but complete_prompt never sends it")
    assert finding.marks == (2,)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param([], "is sent 0 times (no value)", id="missing"),
        pytest.param([""], "is sent 1 times ('')", id="empty"),
        pytest.param(["a", "b"], "is sent 2 times ('a', 'b')", id="twice"),
    ],
)
def test_a_profile_may_want_a_header_with_any_value(
    prompt: MakeCall, sent: Sent, seen: Seen, values: list[str], told: str
) -> None:
    always = choose_profile("opencode-go")
    right = seen([prompt("ask")], sent("ask", (always.header, "anything")))
    assert list(CHECKS["header"](right, always)) == []
    wrong = seen([prompt("ask")], sent("ask", *[(always.header, value) for value in values]))
    [finding] = CHECKS["header"](wrong, always)
    assert finding.message == (
        f"request 1: {always.header} {told}; expected one line with some value"
    )
    assert finding.call == "ask"
    assert finding.marks == tuple(range(2, 2 + len(values)))


@pytest.mark.parametrize(
    ("headers", "answers", "proxy", "wrong"),
    [
        pytest.param([], AWAY, "127.0.0.2", 0, id="left behind"),
        pytest.param([ZOO_ID], AWAY, "127.0.0.2", 0, id="taken along"),
        pytest.param([("X-Zoo-Session-ID", OTHER)], AWAY, "127.0.0.2", 1, id="another's"),
        pytest.param([], AWAY, "127.0.0.1/below", 1, id="to the same host"),
        pytest.param([], (), "127.0.0.2", 1, id="not sent there"),
    ],
)
def test_the_header_may_stay_behind_where_a_request_is_sent_to_another_host(
    sent: Sent, headers: list[Any], answers: tuple[Any, ...], proxy: str, wrong: int
) -> None:
    call = replace(MOVED, answers=answers)
    observation = observe([Outcome(call=call, proxy=proxy)], [sent("ask", *headers)])
    assert len(found(observation)) == wrong


def test_what_is_sent_after_a_redirect_is_looked_at_too(sent: Sent) -> None:
    away = replace(sent("ask"), headers=[("Host", "127.0.0.2")])
    observation = observe([Outcome(call=MOVED, proxy="127.0.0.1")], [away, sent("ask")])
    assert [finding.request for finding in found(observation)] == [2]
