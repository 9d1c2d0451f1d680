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
    ("headers", "told", "marks"),
    [
        pytest.param([], "belongs to no call, and its X-Zoo-Session-ID is missing", (), id="none"),
        pytest.param(
            [("X-Zoo-Session-ID", OTHER)], f"is '{OTHER}'; expected", (2,), id="not one of them"
        ),
        pytest.param([ZOO_ID, ZOO_ID], f"is '{ID}', '{ID}'; expected", (2, 3), id="two lines"),
    ],
)
def test_a_request_of_no_call_without_the_id_of_one_is_found(  # noqa: PLR0913
    message: MakeCall,
    sent: Sent,
    seen: Seen,
    *,
    headers: list[tuple[str, str]],
    told: str,
    marks: tuple[int, ...],
) -> None:
    [finding] = found(seen([message()], sent("ask", ZOO_ID), sent("nothing", *headers)))
    assert told in finding.message
    assert (finding.request, finding.marks) == (2, marks)


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        pytest.param([ZOO_ID], "/v1/chat/completions", id="with the id of one"),
        pytest.param([], "/v1/models", id="that LiteLLM files nowhere"),
    ],
)
def test_a_request_of_no_call_may_be_sent(
    message: MakeCall, sent: Sent, seen: Seen, headers: list[tuple[str, str]], path: str
) -> None:
    side = sent("nothing", *headers, path=path)
    assert found(seen([message()], sent("ask", ZOO_ID), side)) == []


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
    requests = [sent("nothing"), sent("ask", ZOO_ID), sent("nothing")]
    assert [finding.request for finding in found(observe([made_later], requests))] == [3]
