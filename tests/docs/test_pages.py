"""What the pages say is as the code has it: quotes, written pages, exit codes, the menu."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import PAGES, ROOT, is_excerpt, titled_blocks
from reference import pages
from sybil import Document

from litellm_contracts._cli import EPILOG
from litellm_contracts._errors import EXIT_CODES

DOCS = ROOT / "docs"
WRITTEN = pages()
EXCERPTS = [
    pytest.param(title, text, id=f"{page.name}:{title}")
    for page in PAGES
    for title, text in titled_blocks(Document.parse(str(page)))
    if is_excerpt(title)
]
MENU = re.findall(r": ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_page_is_as_it_would_be_written_now(name: str) -> None:
    told = f"{name} is out of date; run `tox run -e reference`"
    assert DOCS.joinpath(name).read_text(encoding="utf-8") == WRITTEN[name], told


@pytest.mark.parametrize(("title", "text"), EXCERPTS)
def test_the_quote_is_in_the_file(title: str, text: str) -> None:
    assert text in ROOT.joinpath(title).read_text(encoding="utf-8")


@pytest.mark.parametrize(("code", "meaning"), EXIT_CODES.items())
def test_each_exit_code_is_told_in_the_same_words(code: int, meaning: str) -> None:
    assert f"\n| {code} | {meaning} |\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n  {code}  {meaning}\n" in EPILOG


@pytest.mark.parametrize("page", sorted(path.name for path in Path(DOCS).glob("*.md")))
def test_each_page_is_in_the_menu_once(page: str) -> None:
    assert MENU.count(page) == 1
