"""The pages of the documentation, and the blocks in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Document, Region

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
_TITLED = FencedCodeBlockLexer(r'\w+ title="[^"]+"')
_TITLE = re.compile(r'title="(?P<title>[^"]+)"')


def titled_blocks(document: Document, before: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield title and text of each block that has one and stands before this place."""
    regions: list[Region] = sorted(_TITLED(document), key=lambda region: region.start)
    for region in regions:
        if before is None or region.end <= before:
            title = _TITLE.findall(region.lexemes["language"])[0]
            yield title, str(region.lexemes["source"])


def is_excerpt(title: str) -> bool:
    """Tell whether a titled block quotes a file of the repository; others are a page's own file."""
    return "/" in title


def write_files(document: Document, folder: Path, before: int | None = None) -> list[Path]:
    """Write the page's own files that stand before this place, as a reader would have."""
    written = []
    for title, text in titled_blocks(document, before):
        if not is_excerpt(title):
            written.append(folder / title)
            written[-1].write_text(text, encoding="utf-8")
    return written
