from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from litellm_contracts.reports._junit import write_junit

if TYPE_CHECKING:
    from litellm_contracts._model import Report


@pytest.fixture
def cases(report: Report) -> dict[str, TestCase]:
    """Return the test cases of the parsed report, by name."""
    [suite] = JUnitXml.fromstring(write_junit(report))
    return {case.name: case for case in suite}


def test_there_is_one_test_case_per_contract(report: Report, cases: dict[str, TestCase]) -> None:
    assert [f"group/{name}" for name in cases] == [result.id for result in report.results]
    assert {case.classname for case in cases.values()} == {"litellm-contracts.group"}
    assert {case.time for case in cases.values()} == {0.25}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        pytest.param("pass", [], id="pass"),
        pytest.param("warn", [], id="warn"),
        pytest.param("fail", [Failure], id="fail"),
        pytest.param("error", [Error], id="error"),
        pytest.param("waived", [Skipped], id="waived"),
        pytest.param("not-applicable", [Skipped], id="not applicable"),
        pytest.param("not-run", [Skipped], id="not run"),
    ],
)
def test_failure_error_and_skipped_are_told_apart(
    cases: dict[str, TestCase], name: str, kinds: list[type]
) -> None:
    assert [type(result) for result in cases[name].result] == kinds


def test_a_failure_holds_the_whole_story(cases: dict[str, TestCase]) -> None:
    [failure] = cases["fail"].result
    assert failure.message == r"request 2: wrong\u001b[31m"
    assert "--> X-Zoo-Session-ID: stale" in failure.text
    assert "litellm-contracts check my:factory -k group/fail" in failure.text


def test_a_warning_is_output(cases: dict[str, TestCase]) -> None:
    assert "could be better" in cases["warn"].system_out


def test_a_skip_says_why(cases: dict[str, TestCase]) -> None:
    [skipped] = cases["not-run"].result
    assert skipped.message == "not-run: deselected"


def test_characters_that_xml_cannot_hold_are_written_out(cases: dict[str, TestCase]) -> None:
    [error] = cases["error"].result
    assert error.message == r"the suite itself failed: ValueError: \u0000 \ud83d <&>"


def test_the_suite_counts_and_describes(report: Report) -> None:
    [suite] = JUnitXml.fromstring(write_junit(report))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (7, 1, 1, 3)
    assert suite.time == 1.75
    properties = {one.name: one.value for one in suite.properties()}
    assert properties["verdict"] == "error"
    assert properties["environment.openai"] == "1.0.0"
    assert properties["suite.header"] == "X-Zoo-Session-ID"
