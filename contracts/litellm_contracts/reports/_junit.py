"""The report as JUnit XML: one testcase per contract; failure, error and skipped told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from litellm_contracts._model import Status
from litellm_contracts.reports._text import failure_lines
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from junitparser import Error, Failure, TestCase

    from litellm_contracts._model import Report, Result

T = TypeVar("T", "Error", "Failure")


def write_junit(report: Report) -> str:
    """Return the XML text."""
    from junitparser import JUnitXml, TestSuite

    suite = TestSuite("litellm-contracts")
    parts = {"suite": report.suite, "handler": report.handler, "environment": report.environment}
    for part, facts in parts.items():
        for name, value in facts.items():
            suite.add_property(f"{part}.{name}", visible(str(value)))
    suite.add_property("verdict", report.verdict.value)
    for result in report.results:
        suite.add_testcase(_testcase(result))
    suite.time = round(report.seconds, 3)
    xml = JUnitXml("litellm-contracts")
    xml.add_testsuite(suite)
    return str(xml.tostring().decode())  # type: ignore[no-untyped-call]


def _testcase(result: Result) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    group, _, name = result.id.partition("/")
    case = TestCase(name, classname=f"litellm-contracts.{group}", time=round(result.seconds, 4))
    told = visible("\n".join(failure_lines(result)))
    message = visible(result.message)
    match result.status:
        case Status.FAIL:
            case.result = [_told(Failure(message, "must"), told)]
        case Status.ERROR:
            case.result = [_told(Error(message, "suite"), told)]
        case Status.NOT_RUN | Status.NOT_APPLICABLE | Status.WAIVED:
            case.result = [Skipped(f"{result.status.value}: {message}")]
            if result.status is Status.WAIVED:
                case.system_out = told
        case Status.WARN:
            case.system_out = told
        case Status.PASS if message:
            case.system_out = message
    return case


def _told(verdict: T, text: str) -> T:
    verdict.text = text
    return verdict
