"""The merged matrix as a page, as a reader meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from seen import DESKTOP, OPEN_ALL, PHONE, WIDTH, faint_texts

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from seen import Open

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
ROWS = "tr.row:visible"


def open_evidence(page: Page, row: str, cell: int = 0) -> None:
    """Click a cell."""
    page.locator("tr.row", has_text=row).first.locator("td button").nth(cell).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_page_asks_for_nothing_and_complains_of_nothing(
    open_tab: Open, matrix_page: str, *, script: bool
) -> None:
    tab = open_tab(matrix_page, script=script)
    open_evidence(tab.page, "presence/first-turn")
    assert tab.asked == [matrix_page]
    assert tab.complaints == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_is_never_wider_than_the_screen(
    open_tab: Open, matrix_page: str, width: int
) -> None:
    page = open_tab(matrix_page, width=width).page
    assert page.evaluate(WIDTH) == width
    open_evidence(page, "presence/first-turn")
    page.evaluate(OPEN_ALL)
    assert page.evaluate(WIDTH) == width


@SCHEMES
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_text_stands_out_from_its_ground(
    open_tab: Open, matrix_page: str, scheme: str, width: int
) -> None:
    page = open_tab(matrix_page, width=width, color_scheme=scheme).page
    assert faint_texts(page) == []
    open_evidence(page, "presence/first-turn")
    assert faint_texts(page) == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_cell_opens_its_evidence_and_a_key_closes_it(
    open_tab: Open, matrix_page: str, *, script: bool
) -> None:
    page = open_tab(matrix_page, script=script).page
    assert page.locator(".evidence:visible").count() == 0
    open_evidence(page, "presence/first-turn", 1)
    [evidence] = page.locator(".evidence:visible").all()
    told = evidence.inner_text()
    assert "◆ It is not as in the environments before" in told
    assert "x-zoo-session-id: " in told
    assert evidence.locator(".sequence").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".evidence:visible").count() == 0
    open_evidence(page, "letter-case")
    page.get_by_role("button", name="Close").click()
    assert page.locator(".evidence:visible").count() == 0


def test_the_heads_stay_in_sight(open_tab: Open, matrix_page: str) -> None:
    page = open_tab(matrix_page, width=DESKTOP).page
    page.locator("tr.row").last.scroll_into_view_if_needed()
    assert not page.locator("tr.row").first.is_hidden()
    top = page.locator(".scroll").bounding_box()
    head = page.locator("thead th").nth(1).bounding_box()
    assert top is not None
    assert head is not None
    assert head["y"] == pytest.approx(top["y"], abs=2)
    assert page.evaluate("document.querySelector('.scroll').scrollTop") > 500


def test_on_a_phone_a_row_s_ranges_are_one_below_the_other(
    open_tab: Open, matrix_page: str
) -> None:
    page = open_tab(matrix_page, width=PHONE).page
    cells = page.locator("tr.row", has_text="presence/first-turn").first.locator("td").all()
    boxes = [box for box in (cell.bounding_box() for cell in cells) if box]
    assert len(boxes) == 2
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1
    assert boxes[0]["x"] == boxes[1]["x"]
    assert not page.locator("thead").is_visible()


def test_on_a_phone_the_name_of_the_group_stays_in_sight(open_tab: Open, matrix_page: str) -> None:
    page = open_tab(matrix_page, width=PHONE).page
    page.locator("tr.row", has_text="presence/retry-after-429").first.evaluate(
        "(row) => scrollTo(0, row.getBoundingClientRect().top + scrollY - 300)"
    )
    box = page.locator("tr.group", has_text="presence").bounding_box()
    assert box is not None
    assert box["y"] == pytest.approx(0, abs=1)


def test_a_cell_says_by_sign_and_word_what_its_colour_says(
    open_tab: Open, matrix_page: str
) -> None:
    page = open_tab(matrix_page).page
    row = page.locator("tr.row", has_text="presence/first-turn").first
    words = [" ".join(cell.inner_text().split()) for cell in row.locator("td").all()]
    assert words == ["1.0.0 ✗ fail", "◆ 3.54.0 ✓ pass"]


def test_with_script_the_rows_can_be_filtered(open_tab: Open, matrix_page: str) -> None:
    page = open_tab(matrix_page).page
    every = page.locator(ROWS).count()
    page.get_by_label("Filter").fill("letter case")
    assert page.locator(ROWS).count() == 1
    assert page.get_by_role("status").inner_text() == f"1 of {every} rows"
    page.get_by_label("Filter").fill("")
    assert page.locator(ROWS).count() == every > 60
    page.get_by_label("only rows that change").check()
    assert page.locator(ROWS).count() == 2
    assert page.locator("tr.group:visible").count() == 2


def test_without_script_no_tool_is_shown(open_tab: Open, matrix_page: str) -> None:
    page = open_tab(matrix_page, script=False).page
    assert not page.get_by_label("Filter").is_visible()
    assert page.locator(ROWS).count() > 60


@pytest.mark.parametrize("width", [PHONE, 390, DESKTOP])
def test_two_sdks_are_never_wider_than_the_screen(
    open_tab: Open, two_sdks_page: str, width: int
) -> None:
    page = open_tab(two_sdks_page, width=width).page
    assert page.evaluate(WIDTH) == width
    page.evaluate(OPEN_ALL)
    page.locator("#node td button").first.click()
    assert page.evaluate(WIDTH) == width


@SCHEMES
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_text_of_two_sdks_stands_out_from_its_ground(
    open_tab: Open, two_sdks_page: str, scheme: str, width: int
) -> None:
    page = open_tab(two_sdks_page, width=width, color_scheme=scheme).page
    page.evaluate(OPEN_ALL)
    assert faint_texts(page) == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_same_row_of_two_sdks_opens_two_evidences(
    open_tab: Open, two_sdks_page: str, *, script: bool
) -> None:
    tab = open_tab(two_sdks_page, script=script)
    for sdk, told in (("python", "openai 3.54.0:"), ("node", "npm 7.57.0:")):
        row = tab.page.locator(f"#{sdk} tr.row", has_text="presence/first-turn").first
        row.locator("td button").nth(1).click()
        [evidence] = tab.page.locator(".evidence:visible").all()
        assert told in evidence.inner_text()
        tab.page.keyboard.press("Escape")
    assert tab.complaints == []


def test_the_heads_in_sight_are_those_of_the_sdk_in_sight(
    open_tab: Open, two_sdks_page: str
) -> None:
    page = open_tab(two_sdks_page, width=DESKTOP).page
    page.get_by_role("link", name="openai for Node (npm)").click()
    page.locator("#node tr.row").last.scroll_into_view_if_needed()
    top = page.locator(".scroll").bounding_box()
    heads = [page.locator(f"#{sdk} thead th").nth(1).bounding_box() for sdk in ("python", "node")]
    assert top is not None
    assert heads[0] is not None
    assert heads[1] is not None
    assert heads[1]["y"] == pytest.approx(top["y"], abs=2)
    assert heads[0]["y"] < top["y"] - heads[0]["height"]


def test_two_tables_are_equally_wide(open_tab: Open, two_sdks_page: str) -> None:
    page = open_tab(two_sdks_page, width=DESKTOP).page
    page.locator("#python thead th").last.evaluate("(head) => { head.style.minWidth = '90rem' }")
    boxes = [box for box in (one.bounding_box() for one in page.locator("table").all()) if box]
    assert len(boxes) == 2
    assert boxes[0]["width"] == boxes[1]["width"] > DESKTOP


def test_on_a_phone_the_name_of_the_group_says_the_sdk(open_tab: Open, two_sdks_page: str) -> None:
    page = open_tab(two_sdks_page, width=PHONE).page
    page.locator("#node tr.row", has_text="presence/retry-after-429").first.evaluate(
        "(row) => scrollTo(0, row.getBoundingClientRect().top + scrollY - 300)"
    )
    group = page.locator("#node tr.group", has_text="presence")
    box = group.bounding_box()
    assert box is not None
    assert box["y"] == pytest.approx(0, abs=1)
    assert group.locator(".of").inner_text() == "openai for Node (npm)"
    assert group.locator(".of").is_visible()


def test_one_filter_serves_both_sdks(open_tab: Open, two_sdks_page: str) -> None:
    page = open_tab(two_sdks_page).page
    every = page.locator(ROWS).count()
    page.get_by_label("Filter").fill("letter case")
    assert page.locator(ROWS).count() == 2
    assert page.get_by_role("status").inner_text() == f"2 of {every} rows"
    page.get_by_label("Filter").fill("7.57.0")
    assert page.locator("#python").is_hidden()
    assert page.locator(ROWS).count() == every / 2
    page.get_by_label("Filter").fill("")
    assert page.locator("#python").is_visible()
