from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from litellm_contracts._model import Level, Result, Status
from litellm_contracts._tables import all_contracts
from litellm_contracts.reports._console import print_console
from litellm_contracts.reports._text import summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Report

    Printed = Callable[[Report], str]


@pytest.fixture
def printed() -> Printed:
    """Return a function that prints a report as on a terminal of 80 columns."""

    def make(report: Report) -> str:
        screen = io.StringIO()
        print_console(
            report, Console(file=screen, force_terminal=True, width=80, color_system="256")
        )
        return screen.getvalue()

    return make


def plain(text: str) -> str:
    """Take the colours out."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_a_conformant_run_fits_a_screen(report: Report, printed: Printed) -> None:
    results = [
        Result(
            id=contract.id,
            level=Level.MUST,
            status=Status.PASS if contract.methods or contract.calls else Status.NOT_APPLICABLE,
            requirement=contract.requirement,
        )
        for contract in all_contracts()
    ]
    whole = replace(report, results=tuple(results))
    lines = plain(printed(whole)).splitlines()
    assert sum(1 + (len(line) - 1) // 80 for line in lines) < 24
    assert lines[-1] == summary(whole)


def test_groups_are_counted(report: Report, printed: Printed) -> None:
    [line] = [line for line in plain(printed(report)).splitlines() if line.startswith("group")]
    counts = "1 pass 1 fail 1 warn 1 waived 1 not-applicable 1 error"
    assert line.split() == ["group", *counts.split()]


def test_what_is_not_kept_is_named_and_told(report: Report, printed: Printed) -> None:
    told = plain(printed(report))
    assert "  FAIL     group/fail\n" in told
    assert "  waived   group/waived  (known)\n" in told
    assert "FAIL group/fail (must)\n  required: It must fail.\n" in told
    assert "  --> X-Zoo-Session-ID: stale\n" in told
    assert "warn group/warn (should)\n" in told
    assert "1 not run; a verdict needs them all\n" in told
    assert "1 not applicable: the handler declares that it has no complete_prompt\n" in told


def test_one_reason_is_told_once(report: Report, printed: Printed) -> None:
    several = replace(report, results=report.results[4:5] * 9)
    assert plain(printed(several)).count("9 not applicable: the handler declares") == 1


def test_the_fault_and_the_verdict_stand_out(report: Report, printed: Printed) -> None:
    told = printed(report)
    assert "\x1b[1;31m  --> X-Zoo-Session-ID: stale\x1b[0m" in told
    assert f"\x1b[1;31m{summary(report)}\x1b[0m" in told
    good = replace(report, results=report.results[:1])
    assert f"\x1b[1;32m{summary(good)}\x1b[0m" in printed(good)


def test_what_a_handler_sends_cannot_steer_the_terminal(report: Report, printed: Printed) -> None:
    hostile = "[red]x[/red] \x1b[2J\x1b]0;owned\x07 \udc80"
    failed = replace(report.results[1], message=hostile, evidence={})
    told = printed(replace(report, results=(failed,), handler={**report.handler, "name": hostile}))
    assert "[red]x[/red] \\u001b[2J\\u001b]0;owned\\u0007 \\udc80" in told
    assert "\x1b[2J" not in told
    assert "\x07" not in told


def test_a_long_line_is_left_to_the_terminal(report: Report, printed: Printed) -> None:
    failed = replace(report.results[1], message="x" * 300, evidence={})
    assert "x" * 300 in printed(replace(report, results=(failed,)))
