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
