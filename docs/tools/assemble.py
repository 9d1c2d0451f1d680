"""Gathers the site's pages in build/site/: `python docs/tools/assemble.py`, then `zensical build`.

The pages read the same in the repository and on the site: a link names a file by its place in the
repository. On the site it leads to the page made of that file, or to a copy of it.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "build" / "site"
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    **{f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))},
}
"""Where each page is in the repository, and on the site."""

BROKEN = "examples/broken/sticky_header.py:StickyHandler"
REPORT = "failure-report.html"
REPORT_MARK = "<!-- on the site: the report as a page -->"
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?!\w+:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def assemble(target: Path) -> None:
    """Write the site's pages, the files they link to, and a report, into an empty folder."""
    linked: set[str] = set()
    for source, page in PAGES.items():
        text, others = turn_links(source, ROOT.joinpath(source).read_text(encoding="utf-8"))
        text = text.replace(REPORT_MARK, f"[The same report as a page]({REPORT})")
        target.joinpath(page).write_text(text, encoding="utf-8")
        linked |= others
    for place in linked:
        copy = target / copied(place)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / place, copy)
    shutil.copyfile(ROOT / "docs" / "site.css", target / "site.css")
    write_report(target / REPORT)


def turn_links(source: str, text: str) -> tuple[str, set[str]]:
    """Return a page with the site's links, and the files of the repository it needs there.

    Raises:
        FileNotFoundError: where a link leads nowhere.
    """
    others: set[str] = set()

    def turn(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(source), found["target"]))
        if not (ROOT / place).exists():
            raise FileNotFoundError(f"{source} links to {found['target']}, which is not there")
        if (ROOT / place).is_dir():
            return found["text"]  # a site lists no folders
        if place not in PAGES:
            others.add(place)
        return f"[{found['text']}]({PAGES.get(place) or copied(place)}{found['anchor'] or ''})"

    return _LINK.sub(turn, text), others


def copied(place: str) -> str:
    """Return where the site keeps a copy of a file: as text, and in no hidden folder."""
    visible = "/".join(part.removeprefix(".") for part in place.split("/"))
    return f"repository/{visible}.txt"


def write_report(page: Path) -> None:
    """Judge the broken example, and keep the report for people."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "litellm_contracts", "check", BROKEN, "--html", str(page)],
        cwd=ROOT,
        check=False,  # it is broken: exit code 1
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    assemble(TARGET)
