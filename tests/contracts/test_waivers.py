from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from litellm_contracts._errors import UsageError
from litellm_contracts._model import Level, Result, Status
from litellm_contracts._waivers import apply_waivers, read_waivers

TODAY = dt.date(2026, 11, 23)
KNOWN = ["presence/first-turn", "absence/no-metadata"]
HERE = {"door": "python"}
APART = {"door": "python-program", "sdk": "openai 2.54.0", "language": "python 3.9.18"}
WAIVER: dict[str, Any] = {"id": "presence/first-turn", "reason": "until the rewrite"}


def result(status: Status, contract_id: str = "presence/first-turn") -> Result:
    """Return a result with evidence and a message."""
    return Result(
        id=contract_id,
        level=Level.MUST,
        status=status,
        requirement="It holds.",
        message="it does not hold",
        evidence={"calls": []},
    )


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        pytest.param("no list", "must be an array of tables", id="not-a-list"),
        pytest.param(["text"], "needs an id and a reason", id="not-a-table"),
        pytest.param([{"reason": "x"}], "needs an id and a reason", id="no-id"),
        pytest.param([{"id": "presence/first-turn"}], "a reason is required", id="no-reason"),
        pytest.param([{**WAIVER, "reason": " "}], "a reason is required", id="blank-reason"),
        pytest.param([{**WAIVER, "untill": TODAY}], "did you mean 'until'?", id="unknown-key"),
        pytest.param(
            [{**WAIVER, "id": "presence/first-turm"}],
            "no contract has this id; did you mean 'presence/first-turn'?",
            id="unknown-id",
        ),
        pytest.param([WAIVER, WAIVER], "waived twice", id="duplicate"),
        pytest.param([WAIVER, {**WAIVER, "openai": "<3"}], "waived twice", id="one-for-all"),
        pytest.param([{**WAIVER, "issue": 12}], "issue must be a text", id="issue-a-number"),
        pytest.param(
            [{**WAIVER, "until": dt.date(2026, 11, 22)}], "expired on 2026-11-22", id="expired"
        ),
        pytest.param([{**WAIVER, "until": "2027"}], "must be a date", id="until-not-a-date"),
        pytest.param([{**WAIVER, "openai": "three"}], "must be a version range", id="bad-range"),
    ],
)
def test_a_bad_entry_is_a_usage_error_that_names_it(entries: object, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_waivers(entries, KNOWN, TODAY, "pyproject.toml")
    assert "pyproject.toml" in str(raised.value)
    assert told in str(raised.value)


def test_a_waiver_holds_on_its_last_day() -> None:
    [waiver] = read_waivers([{**WAIVER, "until": TODAY}], KNOWN, TODAY, "here")
    assert waiver.until == TODAY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(Status.FAIL, Status.WAIVED, id="broken"),
        pytest.param(Status.WARN, Status.WAIVED, id="warned"),
        pytest.param(Status.PASS, Status.FAIL, id="stale"),
        pytest.param(Status.NOT_RUN, Status.NOT_RUN, id="not-run"),
        pytest.param(Status.NOT_APPLICABLE, Status.NOT_APPLICABLE, id="not-applicable"),
        pytest.param(Status.ERROR, Status.ERROR, id="the-suites-own-fault"),
    ],
)
def test_what_a_waiver_does_to_a_status(before: Status, after: Status) -> None:
    waivers = read_waivers([WAIVER], KNOWN, TODAY, "here")
    [waived] = apply_waivers([result(before)], waivers, HERE)
    assert waived.status is after


def test_a_waived_contract_tells_the_reason_and_what_was_seen() -> None:
    entry = {**WAIVER, "issue": "#12", "until": dt.date(2027, 1, 31)}
    waivers = read_waivers([entry], KNOWN, TODAY, "here")
    [waived] = apply_waivers([result(Status.FAIL)], waivers, HERE)
    assert waived.message == "until the rewrite, #12, until 2027-01-31 (it does not hold)"


def test_other_contracts_are_left_alone() -> None:
    other = result(Status.FAIL, "absence/no-metadata")
    waivers = read_waivers([WAIVER], KNOWN, TODAY, "here")
    assert apply_waivers([other], waivers, HERE) == (other,)


@pytest.mark.parametrize(
    ("handler", "condition", "after"),
    [
        pytest.param(HERE, {"python": ">=3.11"}, Status.WAIVED, id="this-python"),
        pytest.param(HERE, {"python": "<3.11"}, Status.FAIL, id="another-python"),
        pytest.param(HERE, {"openai": ">=1.0"}, Status.WAIVED, id="this-sdk"),
        pytest.param(HERE, {"openai": "<1.0"}, Status.FAIL, id="another-sdk"),
        pytest.param(APART, {"openai": "==2.54.0"}, Status.WAIVED, id="its-own-sdk"),
        pytest.param(APART, {"openai": ">=3"}, Status.FAIL, id="the-sdk-that-is-here"),
        pytest.param(APART, {"python": "==3.9.*"}, Status.WAIVED, id="its-own-python"),
        pytest.param(APART, {"python": ">=3.11"}, Status.FAIL, id="the-python-that-is-here"),
    ],
)
def test_a_condition_limits_a_waiver_to_what_the_handler_runs_on(
    handler: dict[str, Any], condition: dict[str, str], after: Status
) -> None:
    waivers = read_waivers([{**WAIVER, **condition}], KNOWN, TODAY, "here")
    [waived] = apply_waivers([result(Status.FAIL)], waivers, handler)
    assert waived.status is after


def test_a_condition_does_not_hold_where_nothing_is_known() -> None:
    handler = {"door": "command", "sdk": None, "language": "java 21"}
    waivers = read_waivers([{**WAIVER, "openai": "<9"}], KNOWN, TODAY, "here")
    [judged] = apply_waivers([result(Status.FAIL)], waivers, handler)
    assert judged.status is Status.FAIL


def test_the_first_of_several_that_apply_is_told() -> None:
    entries = [{**WAIVER, "openai": ">=1"}, {**WAIVER, "python": ">=3", "reason": "other"}]
    waivers = read_waivers(entries, KNOWN, TODAY, "here")
    [waived] = apply_waivers([result(Status.FAIL)], waivers, HERE)
    assert waived.message == "until the rewrite (it does not hold)"


def test_two_waivers_of_one_contract_may_differ_in_their_conditions() -> None:
    entries = [{**WAIVER, "openai": "<2"}, {**WAIVER, "openai": ">=2"}]
    assert len(read_waivers(entries, KNOWN, TODAY, "here")) == 2
