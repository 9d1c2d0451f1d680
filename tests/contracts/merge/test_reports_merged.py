from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._merge_read import merge
from litellm_contracts.reports._merged_html import write_merged_html
from litellm_contracts.reports._merged_markdown import write_merged_markdown
from litellm_contracts.reports._merged_text import write_merged_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._merge import Merged

    Leave = Callable[..., Path]


@pytest.fixture
def matrix(left_behind: Leave) -> Merged:
    """Merge four environments: one fails, one departs, one is missing."""
    left_behind("openai1.0.0", "1.0.0", {"group/one": "fail", "group/two": "pass"})
    left_behind("openai2.0.0", "2.0.0")
    folder = left_behind("openai3.0.0", "3.0.0", seen="<b>", departs=True)
    return merge([folder], expected=["openai4.0.0"], date="2026-11-23")


def test_the_text_tells_the_rows_that_change(matrix: Merged) -> None:
    assert write_merged_text(matrix).splitlines() == [
        "litellm-contracts 1.2.3: my:factory, as LiteLLM 1.106.2, header X-Zoo-Session-ID",
        "",
        "group/one",
        "  1.0.0            ✗ fail",
        "  ◆ 2.0.0 – 3.0.0  ✓ pass",  # noqa: RUF001
        "  4.0.0            ? no result",
        "",
        "letter-case",
        "  1.0.0 – 2.0.0  kept",  # noqa: RUF001
        "  ◆ 3.0.0        ‼ departs: <b>",
        "  4.0.0          ? no result",
        "",
        "rows that do not change: 1",
        "",
        "PROBLEM openai4.0.0: expected, but there is no result",
        "",
        (
            "incomplete: 4 environments, openai 1.0.0 – 4.0.0; "  # noqa: RUF001
            "broken in 1: 1.0.0; 1 problem; "
            "the SDK departs from its history: letter-case"
        ),
    ]


def test_the_markdown_holds_every_row(matrix: Merged) -> None:
    told = write_merged_markdown(matrix)
    assert "\n**incomplete** on 2026-11-23: 4 environments, openai 1.0.0" in told
    assert "| `group/one`<br>It must do group/one. | 1.0.0 | ✗ fail |" in told
    assert "| | ◆ 2.0.0 – 3.0.0 | ✓ pass |" in told  # noqa: RUF001
    assert "| | ◆ 3.0.0 | ‼ departs: &#60;b&#62; |" in told
    assert "\n- openai4.0.0: expected, but there is no result\n" in told
    assert [line.count(" | ") for line in told.splitlines() if line.startswith("| `")] == [2] * 3


def test_the_page_loads_nothing_and_has_no_inline_style(matrix: Merged) -> None:
    told = write_merged_html(matrix)
    assert "default-src 'none'" in told
    assert re.findall(r"\s(?:src|href|style)=", told) == []


def test_each_cell_names_its_evidence(matrix: Merged) -> None:
    told = write_merged_html(matrix)
    opened = re.findall(r'<td[^>]*><button type="button" popovertarget="(e\d+-\d+)"', told)
    assert len(opened) == 3 + 2 + 3
    assert re.findall(r'<section popover id="(e\d+-\d+)"', told) == opened


def test_cells_of_a_row_fill_the_columns(matrix: Merged) -> None:
    told = write_merged_html(matrix)
    rows = re.findall(r'<tr class="row".*?</tr>', told, re.DOTALL)
    spans = [sum(map(int, re.findall(r'<td colspan="(\d+)"', row))) for row in rows]
    assert spans == [4, 4, 4]


def test_what_was_seen_is_not_markup(matrix: Merged) -> None:
    told = write_merged_html(matrix)
    assert "departs: &lt;b&gt;" in told
    assert "departs: <b>" not in told
    assert "Because of a | and &lt;b&gt;." in told


def test_the_evidence_of_a_failure_is_on_the_page(matrix: Merged) -> None:
    told = write_merged_html(matrix)
    assert "request 2: wrong\\u001b[31m" in told
    assert "✗ fault" in told
    assert "This is how it went in 1.0.0." in told
    assert "expected “lower-case”" in told
    assert "There is no result that can be shown" in told


@pytest.fixture
def both(left_behind: Leave, left_by_node: Leave) -> Merged:
    """Merge two environments of each SDK; with the older npm package a contract fails."""
    left_behind("openai1.0.0", "1.0.0")
    left_behind("openai3.0.0", "3.0.0", seen="lower-case")
    left_by_node("4.0.0", {"group/one": "fail", "group/two": "pass"})
    return merge([left_by_node("7.57.0")], date="2026-11-23")


def test_the_text_tells_one_sdk_after_the_other(both: Merged) -> None:
    assert write_merged_text(both).splitlines() == [
        (
            "litellm-contracts 1.2.3: my:factory (Python), my-node (Node), as LiteLLM 1.106.2, "
            "header X-Zoo-Session-ID"
        ),
        "",
        "== openai for Python",
        "",
        "letter-case",
        "  1.0.0    kept",
        "  ◆ 3.0.0  lower-case",
        "",
        "rows that do not change: 2",
        "",
        "== openai for Node (npm)",
        "",
        "group/one",
        "  4.0.0     ✗ fail",
        "  ◆ 7.57.0  ✓ pass",
        "",
        "rows that do not change: 2",
        "",
        (
            "broken: 4 environments, openai 1.0.0 – 3.0.0, npm 4.0.0 – 7.57.0; "  # noqa: RUF001
            "broken in 1: npm 4.0.0"
        ),
    ]


def test_the_markdown_has_headings_for_each_sdk(both: Merged) -> None:
    told = write_merged_markdown(both)
    assert [line for line in told.splitlines() if line.startswith("## ")] == [
        "## Environments",
        "## openai for Python: what the SDK does",
        "## openai for Python: contracts",
        "## openai for Node (npm): what the SDK does",
        "## openai for Node (npm): contracts",
    ]
    assert "| openai 1.0.0 – 3.0.0 (2 environments) | Python 3.11.7 | conformant |" in told  # noqa: RUF001
    assert "| npm 4.0.0 | Node 20.20.2 | broken |" in told
    assert "`litellm-contracts bisect` finds the release of the Python SDK." in told


def test_with_one_sdk_no_heading_names_it(left_behind: Leave) -> None:
    matrix = merge([left_behind("openai1.0.0", "1.0.0")], date="2026-11-23")
    told = write_merged_markdown(matrix)
    assert "| openai | Python | contracts |" in told
    assert "\n## Contracts\n" in told
    assert "==" not in write_merged_text(matrix)
    page = write_merged_html(matrix)
    assert page.count("<table>") == 1
    assert 'class="sdk"' not in page


def test_with_the_npm_package_alone_nothing_is_said_of_python(left_by_node: Leave) -> None:
    matrix = merge([left_by_node("4.0.0"), left_by_node("7.57.0", seen="x")], date="2026-11-23")
    told = write_merged_markdown(matrix)
    assert "| npm | Node | contracts |" in told
    assert "| 4.0.0 – 7.57.0 (2 environments) | 20.20.2 | conformant |" in told  # noqa: RUF001
    texts = [told, write_merged_html(matrix), write_merged_text(matrix)]
    assert [("Python" in one, "bisect" in one) for one in texts] == [(False, False)] * 3


def test_a_departure_names_its_sdk(left_behind: Leave, left_by_node: Leave) -> None:
    left_behind("openai1.0.0", "1.0.0")
    matrix = merge([left_by_node("7.57.0", departs=True)], date="2026-11-23")
    last = write_merged_text(matrix).splitlines()[-1]
    assert last.endswith("; openai for Node (npm) departs from its history: letter-case")


def test_the_page_has_a_table_for_each_sdk(both: Merged) -> None:
    told = write_merged_html(both)
    assert re.findall(r'<section class="sdk" id="(\w+)"', told) == ["python", "node"]
    assert re.findall(r'<a href="#(\w+)">', told) == ["python", "node"]
    tables = re.findall(r"<table>.*?</table>", told, re.DOTALL)
    assert ["7.57.0" in table for table in tables] == [False, True]
    rows = [re.findall(r'<tr class="row".*?</tr>', table, re.DOTALL) for table in tables]
    spans = [
        [sum(map(int, re.findall(r'<td colspan="(\d+)"', row))) for row in some] for some in rows
    ]
    assert spans == [[2, 2, 2], [2, 2, 2]]


def test_no_two_cells_of_two_sdks_open_the_same_evidence(both: Merged) -> None:
    told = write_merged_html(both)
    opened = re.findall(r'<td[^>]*><button type="button" popovertarget="(e\d+-\d+)"', told)
    assert len(set(opened)) == len(opened) == 4 + 4
    assert re.findall(r'<section popover id="(e\d+-\d+)"', told) == opened
    assert 'aria-label="group/one, npm 4.0.0"' in told
    assert "This is how it went in npm 4.0.0." in told
