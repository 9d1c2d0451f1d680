from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from litellm_contracts._model import Status
from litellm_contracts.reports._github import fenced, write_github

if TYPE_CHECKING:
    from litellm_contracts._model import Report


def test_errors_come_before_warnings(report: Report) -> None:
    lines = write_github(report).splitlines()
    assert [line.split("::")[1] for line in lines] == [
        "error title=group/error",
        "error title=group/fail",
        "warning title=group/warn",
    ]


def test_an_annotation_tells_what_is_needed(report: Report) -> None:
    line = write_github(report).splitlines()[1]
    assert line == (
        "::error title=group/fail::required: It must fail.%0A"
        "seen: request 2: wrong\\u001b[31m%0Alikely: the id is kept%0A"
        "again: litellm-contracts check my:factory -k group/fail"
    )


def test_what_github_would_read_is_escaped(report: Report) -> None:
    message = "50%\r\n::error::owned\n%0A"
    broken = replace(report.results[1], id="a:b/c,d", message=message)
    text = write_github(replace(report, results=(broken,)))
    assert text.count("\n") == 1
    assert text.startswith("::error title=a%3Ab/c%2Cd::")
    assert "seen: 50%25%0D%0A::error::owned%0A%250A%0A" in text


def test_there_are_ten_at_most_and_the_last_one_counts_the_rest(report: Report) -> None:
    failed, warned = report.results[1:3]
    ten = [replace(failed, id=f"a/{number}") for number in range(10)]
    assert len(write_github(replace(report, results=tuple(ten))).splitlines()) == 10
    lines = write_github(replace(report, results=(warned, *ten, warned))).splitlines()
    assert len(lines) == 10
    assert lines[8].startswith("::error title=a/8::")
    assert lines[9].startswith(
        "::error title=litellm-contracts::and 3 more: a/9, group/warn, group/warn%0Abroken: "
    )
    only_warnings = write_github(replace(report, results=(*ten[:9], warned, warned))).splitlines()
    assert only_warnings[9].startswith("::warning title=litellm-contracts::and 2 more: group/warn")


def test_an_incomplete_run_is_an_error(report: Report) -> None:
    part = [one for one in report.results if one.status in {Status.PASS, Status.NOT_RUN}]
    assert write_github(replace(report, results=tuple(part))) == (
        "::error title=litellm-contracts::incomplete: 1 pass, 1 not-run in 1.8 s\n"
    )


def test_a_conformant_run_says_nothing(report: Report) -> None:
    assert write_github(replace(report, results=report.results[:1])) == ""


def test_a_long_message_is_cut(report: Report) -> None:
    long = replace(report.results[1], message="x" * 50_000)
    assert len(write_github(replace(report, results=(long,)))) < 3_000


def test_github_reads_no_commands_within_the_text() -> None:
    first, shown, last = fenced("seen: ::error::owned\n").splitlines()
    assert shown == "seen: ::error::owned"
    assert first == f"::stop-commands::{last.strip(':')}"
    assert len(last.strip(":")) == 32
    assert fenced("") != fenced("")
