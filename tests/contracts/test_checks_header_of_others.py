"""The check that a request of no call carries the task id of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._checks import Finding
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]
    Seen = Callable[..., Observation]

ID = "task-0001"
OTHER = "task-0002"
ZOO_ID = ("X-Zoo-Session-ID", ID)


def found(observation: Observation) -> list[Finding]:
    """Return what the check finds."""
    return list(CHECKS["header-of-others"](observation, ZOO))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        pytest.param([], "belongs to no call, and its X-Zoo-Session-ID is missing", id="missing"),
        pytest.param(
            [("X-Zoo-Session-ID", OTHER)], f"is '{OTHER}'; expected", id="not one of them"
        ),
        pytest.param([ZOO_ID, ZOO_ID], f"is '{ID}', '{ID}'; expected", id="two lines"),
        pytest.param([ZOO_ID], None, id="as it should be"),
    ],
)
def test_a_request_of_no_call_carries_the_id_of_one(
    message: MakeCall, sent: Sent, seen: Seen, headers: list[tuple[str, str]], told: str | None
) -> None:
    findings = found(seen([message()], sent("ask", ZOO_ID), sent("nothing", *headers)))
    assert [finding.request for finding in findings] == ([2] if told else [])
    assert all(str(told) in finding.message for finding in findings)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"metadata": {}}, id="without a task id"),
        pytest.param({"judged": False}, id="that is not judged"),
    ],
)
def test_a_request_of_no_call_may_be_sent_for_a_call(
    message: MakeCall, sent: Sent, seen: Seen, changed: dict[str, Any]
) -> None:
    calls = [message(), message(name="other", **changed)]
    assert found(seen(calls, sent("ask", ZOO_ID), sent("nothing"))) == []


def test_a_request_before_any_call_is_not_looked_at(message: MakeCall, sent: Sent) -> None:
    made_later = Outcome(call=message(), began=1)
    assert found(observe([made_later], [sent("nothing"), sent("ask", ZOO_ID)])) == []
