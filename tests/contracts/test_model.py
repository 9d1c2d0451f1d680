from __future__ import annotations

import pickle
from typing import Any

import pytest

from fake_litellm import Failure, Reply
from litellm_contracts._errors import HandlerError, TableError, UnknownContractError, UsageError
from litellm_contracts._model import OMITTED, Call, Level, Report, Result, Status, Verdict


def a_report(*statuses: str) -> Report:
    """Return a report of results with these statuses."""
    results = [
        Result(id=f"a/{number}", level=Level.MUST, status=Status(status), requirement="")
        for number, status in enumerate(statuses)
    ]
    return Report(results=tuple(results), suite={}, handler={}, environment={})


@pytest.mark.parametrize(
    ("statuses", "verdict", "code"),
    [
        pytest.param(["pass"], Verdict.CONFORMANT, 0, id="all kept"),
        pytest.param(["pass", "warn", "waived"], Verdict.CONFORMANT, 0, id="warned and waived"),
        pytest.param(["pass", "not-applicable"], Verdict.CONFORMANT, 0, id="some apply"),
        pytest.param(["warn"], Verdict.CONFORMANT, 0, id="only a warning"),
        pytest.param(["pass", "fail"], Verdict.BROKEN, 1, id="one broken"),
        pytest.param(["fail", "not-run"], Verdict.BROKEN, 1, id="broken and not run"),
        pytest.param(["pass", "not-run"], Verdict.INCOMPLETE, 1, id="one not run"),
        pytest.param(["not-applicable"], Verdict.INCOMPLETE, 1, id="none applies"),
        pytest.param([], Verdict.INCOMPLETE, 1, id="nothing collected"),
        pytest.param(["fail", "error"], Verdict.ERROR, 4, id="the suite failed"),
        pytest.param(["not-run", "error"], Verdict.ERROR, 4, id="failed, and not run"),
    ],
)
def test_verdict_and_exit_code(statuses: list[str], verdict: Verdict, code: int) -> None:
    report = a_report(*statuses)
    assert (report.verdict, report.exit_code) == (verdict, code)


def test_counts_name_every_status() -> None:
    assert a_report("pass", "pass", "fail").counts == {
        "pass": 2,
        "fail": 1,
        "warn": 0,
        "waived": 0,
        "not-applicable": 0,
        "not-run": 0,
        "error": 0,
    }


@pytest.mark.parametrize(
    ("metadata", "task_id"),
    [
        pytest.param(OMITTED, None, id="not passed"),
        pytest.param(None, None, id="None"),
        pytest.param({}, None, id="empty"),
        pytest.param({"task_id": "task-0001"}, "task-0001", id="task"),
        pytest.param({"task_id": 5}, 5, id="not a text"),
    ],
)
def test_the_task_id_of_a_call(metadata: object, task_id: object) -> None:
    call = Call(name="ask", method="create_message", marker="", metadata=metadata)
    assert call.task_id == task_id


def test_omitted_is_the_same_object_in_another_process() -> None:
    assert pickle.loads(pickle.dumps(OMITTED)) is OMITTED  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError, 2), (TableError, 2), (UnknownContractError, 2), (HandlerError, 3)],
)
def test_errors_know_their_exit_code(error: type[UsageError], code: int) -> None:
    assert error("x").exit_code == code


@pytest.mark.parametrize(
    ("given", "must"),
    [
        pytest.param({}, True, id="an ordinary call"),
        pytest.param({"answers": (Reply(finish="length"),)}, True, id="one that is cut"),
        pytest.param({"during": "other"}, True, id="beside another"),
        pytest.param({"judged": False}, True, id="one that is not judged"),
        pytest.param({"answers": (Failure(status=429), Reply())}, False, id="tried again"),
        pytest.param({"answers": (Reply(ends="stall"),)}, False, id="broken off"),
        pytest.param({"abandon_after": 1}, False, id="stopped"),
        pytest.param({"cancel": True}, False, id="cancelled"),
        pytest.param({"between": "other"}, False, id="between the chunks of another"),
        pytest.param({"reset_connections": 1}, False, id="reset"),
        pytest.param({"may_fail": True}, False, id="may fail"),
        pytest.param({"may_refuse": True}, False, id="may be refused"),
        pytest.param({"down": True}, False, id="nobody listens"),
    ],
)
def test_an_answered_call_must_come_back(given: dict[str, Any], must: bool) -> None:  # noqa: FBT001
    call = Call(name="one", method="create_message", marker="[one]", **given)
    assert call.must_come_back is must
