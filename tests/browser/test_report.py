"""The HTML report, as a reader meets it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader
from seen import DESKTOP, GROUND, OPEN_ALL, PHONE, WIDTH, faint_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page
    from seen import Open

    Reports = Callable[[str], str]

NAMES = pytest.mark.parametrize("name", ["conformant", "broken"])
STICKY = "absence/after-task"


def contract(page: Page, contract_id: str) -> Locator:
    """Return the contract that can be opened."""
    return page.locator("details.contract", has=page.locator(".id", has_text=contract_id)).first


@NAMES
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_page_asks_for_nothing_and_complains_of_nothing(
    open_tab: Open, reports: Reports, name: str, *, script: bool
) -> None:
    tab = open_tab(reports(name), script=script)
    tab.page.evaluate(OPEN_ALL)
    assert tab.asked == [reports(name)]
    assert tab.complaints == []


@NAMES
def test_nothing_is_wider_than_a_phone(open_tab: Open, reports: Reports, name: str) -> None:
    page = open_tab(reports(name), width=PHONE).page
    assert page.evaluate(WIDTH) == PHONE
    page.evaluate(OPEN_ALL)
    assert page.evaluate(WIDTH) == PHONE


@NAMES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    open_tab: Open, reports: Reports, name: str, scheme: str
) -> None:
    page = open_tab(reports(name), color_scheme=scheme).page
    page.evaluate(OPEN_ALL)
    assert faint_texts(page) == []


def test_the_page_follows_the_reader_s_colour_scheme(open_tab: Open, reports: Reports) -> None:
    grounds = [
        open_tab(reports("broken"), color_scheme=scheme).page.evaluate(GROUND)
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_a_click_opens_a_contract_without_script(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("conformant"), script=False).page
    one = contract(page, "presence/first-turn")
    assert not one.locator(".sequence").is_visible()
    one.locator("summary").first.click()
    assert one.locator(".sequence").is_visible()
    one.locator("summary").first.click()
    assert not one.locator(".sequence").is_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_likely_cause_leads_to_a_contract_that_is_open_then(
    open_tab: Open, reports: Reports, *, script: bool
) -> None:
    page = open_tab(reports("broken"), script=script).page
    link = page.locator("#causes a").first
    one = contract(page, link.inner_text())
    one.locator("summary").first.click()
    assert not one.locator(".sequence").first.is_visible()
    link.click()
    assert one.locator(".sequence").first.is_visible()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_key_opens_a_contract_without_script(open_tab: Open, reports: Reports, key: str) -> None:
    page = open_tab(reports("conformant"), script=False).page
    one = contract(page, "presence/first-turn")
    links = page.locator("nav a").count()
    for _ in range(1 + links + 1):  # the facts, the sections, then the first contract
        page.keyboard.press("Tab")
    assert not one.locator(".sequence").is_visible()
    page.keyboard.press(key)
    assert one.locator(".sequence").is_visible()


def test_the_first_broken_contract_is_open(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("broken"), script=False).page
    one = contract(page, STICKY)
    assert one.locator(".marked").first.is_visible()
    assert "✗ fault" in one.locator(".marked").first.inner_text()
    assert "x-zoo-session-id: " in one.locator(".faulty").inner_text()
    assert page.locator("details.contract[open]").count() == 1


def test_the_arrows_run_between_the_lanes(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("broken"), width=DESKTOP).page
    one = contract(page, STICKY)
    middles = [
        box["x"] + box["width"] / 2
        for box in (lane.bounding_box() for lane in one.locator(".lanes span").all())
        if box
    ]
    arrows = [box for box in (each.bounding_box() for each in one.locator(".arrow").all()) if box]
    assert len(arrows) == 8
    for arrow, (start, end) in zip(
        arrows[:4], [middles[:2], middles[1:], middles[1:], middles[:2]], strict=True
    ):
        assert arrow["x"] == pytest.approx(start, abs=3)
        assert arrow["x"] + arrow["width"] == pytest.approx(end, abs=3)
    tops = [arrow["y"] for arrow in arrows]
    assert tops == sorted(tops)


def test_a_link_leads_to_its_section(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("broken"), script=False).page
    page.get_by_role("link", name="Not judged").click()
    assert page.url.endswith("#not-judged")
    assert page.get_by_role("heading", name="Not judged").is_visible()


def test_with_script_the_contracts_can_be_filtered_and_opened(
    open_tab: Open, reports: Reports
) -> None:
    page = open_tab(reports("conformant")).page
    every = page.locator("details.contract").count()
    page.get_by_label("Filter").fill("complete-prompt/retry")
    assert page.locator("details.contract:visible").count() == 1
    assert page.get_by_role("status").inner_text() == f"1 of {every} contracts"
    page.get_by_role("button", name="Open all").click()
    page.get_by_label("Filter").fill("")
    assert page.locator("details.contract[open]").count() == 1
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.contract[open]").count() == 0
    assert page.locator("details.contract:visible").count() == every > 60


def test_without_script_no_tool_is_shown(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("conformant"), script=False).page
    assert not page.get_by_role("button", name="Open all").is_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_printed(
    open_tab: Open, reports: Reports, scheme: str, *, script: bool
) -> None:
    page = open_tab(reports("broken"), script=script, color_scheme=scheme).page
    ids = [one.inner_text() for one in page.locator("details.contract.fail .id").all()]
    printed = "\n".join(
        sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages
    )
    told = "".join(printed.split())
    assert [one for one in ids if f"explain{one}" not in told] == []
    assert "x-stainless-lang:python" in told
    assert "Openall" not in told


def test_the_page_can_be_read_without_seeing_it(open_tab: Open, reports: Reports) -> None:
    page = open_tab(reports("broken")).page
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title().startswith("broken: ")
    assert page.get_by_role("heading", level=1).inner_text() == "litellm-contracts: ✗ broken"
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("banner").count() == 1
    assert page.get_by_role("contentinfo").count() == 1
    first = contract(page, STICKY).locator(".sequence").aria_snapshot()
    assert "caller to handler:" in first
    assert "LiteLLM to handler:" in first
