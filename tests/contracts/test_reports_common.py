from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._model import Report, Status
from litellm_contracts.reports._common import cause_line, common_causes, likely
from litellm_contracts.reports._html import write_html
from litellm_contracts.reports._markdown import write_markdown
from litellm_contracts.reports._text import write_text

if TYPE_CHECKING:
    from collections.abc import Callable

STICKY, LOST = "the header outlives the call", "pieces are lost"


@pytest.fixture
def failing(report: Report) -> Callable[..., Report]:
    """Return a factory of reports whose contracts fail by these causes."""

    def make(*causes: str, status: Status = Status.FAIL) -> Report:
        one = report.results[1]
        results = [
            replace(
                one,
                id=f"group/{number}",
                status=status,
                evidence={**one.evidence, "findings": [found(cause), found("another")]},
            )
            for number, cause in enumerate(causes, start=1)
        ]
        return replace(report, results=tuple(results))

    def found(cause: str) -> dict[str, Any]:
        return {**report.results[1].evidence["findings"][0], "cause": cause}

    return make


def test_causes_are_told_once_the_commonest_first(failing: Callable[..., Report]) -> None:
    causes = common_causes(failing(LOST, STICKY, "", STICKY))
    assert causes == [(STICKY, ["group/2", "group/4"]), (LOST, ["group/1"])]


def test_one_failure_alone_tells_its_own_cause(failing: Callable[..., Report]) -> None:
    assert common_causes(failing(STICKY)) == []


def test_what_is_kept_has_no_cause(failing: Callable[..., Report]) -> None:
    assert common_causes(failing(STICKY, STICKY, status=Status.WAIVED)) == []


@pytest.mark.parametrize(
    ("ids", "line"),
    [
        pytest.param(["a/b"], f"a/b: {LOST}", id="one"),
        pytest.param(["a/b", "a/c"], f"2 contracts, such as a/b: {LOST}", id="two"),
    ],
)
def test_a_cause_names_a_contract(ids: list[str], line: str) -> None:
    assert cause_line(LOST, ids) == line


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        pytest.param({"cause": LOST}, LOST, id="no clue"),
        pytest.param({"cause": LOST, "clue": ""}, LOST, id="empty clue"),
        pytest.param({"cause": LOST, "clue": "odd"}, f"odd: {LOST}", id="clue"),
    ],
)  # fmt: skip
def test_a_clue_comes_first(finding: dict[str, str], told: str) -> None:
    assert likely(finding) == told


def test_every_report_for_people_tells_the_causes(failing: Callable[..., Report]) -> None:
    broken = failing(STICKY, STICKY, LOST)
    assert write_text(broken).splitlines()[-5:-1] == [
        "likely causes, the commonest first:",
        f"  2 contracts, such as group/1: {STICKY}",
        f"  group/3: {LOST}",
        "",
    ]
    assert f"1. 2 contracts, such as group/1&#58; {STICKY}\n" in write_markdown(broken)
    page = write_html(broken)
    assert f'<li>{STICKY}: <a href="#group/1">group/1</a> and 1 more</li>' in page
    assert 'class="story" id="group/1"' in page
