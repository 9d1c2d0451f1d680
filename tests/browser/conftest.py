"""A real browser: Chromium as the system installs it, driven by Playwright."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright
from seen import DESKTOP, Tab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser
    from seen import Open

ROOT = Path(__file__).parents[2]
CHECK = (sys.executable, "-m", "litellm_contracts", "check")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once; without one the tests fail, because nothing else would notice."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.exit(
            f"no Chromium on PATH (looked for {', '.join(PROGRAMS)}); install it, on Debian and "
            "Ubuntu with `apt-get install chromium`",
            returncode=1,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Open]:
    """Return a function that opens an address, at a width, in a colour scheme."""
    contexts = []

    def open_(url: str, *, width: int = DESKTOP, script: bool = True, **options: Any) -> Tab:  # noqa: ANN401
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script, **options
        )
        contexts.append(context)
        tab = Tab(page=context.new_page())
        tab.page.on("request", lambda request: tab.asked.append(request.url))
        tab.page.on("console", lambda message: tab.complaints.append(message.text))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.goto(url)
        return tab

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function from a report's name, `conformant` or `broken`, to its address."""
    folder = tmp_path_factory.mktemp("reports")
    broken = ["examples/broken/sticky_header.py:StickyHandler", "-k", "absence or schema"]
    for name, arguments in (("conformant", []), ("broken", broken)):
        subprocess.run(
            [*CHECK, "--html", str(folder / f"{name}.html"), *arguments],
            cwd=ROOT,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    return lambda name: (folder / f"{name}.html").as_uri()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two results of each SDK; in the older ones a contract fails."""
    folder = tmp_path_factory.mktemp("matrix")
    subprocess.run(
        [*CHECK, "--json", str(folder / "base")], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    base = folder.joinpath("base").read_text(encoding="utf-8")
    for word, openai, status, seen in (
        ("openai", "1.0.0", "fail", "kept"),
        ("openai", "3.54.0", "pass", "lower-case"),
        ("node", "4.0.0", "fail", "kept"),
        ("node", "7.57.0", "pass", "lower-case"),
    ):
        name = f"{word}{openai}"
        result = json.loads(base)
        result["environment"]["openai"] = openai
        if word == "node":
            result["handler"] |= {"language": "node 20.20.2", "sdk": f"openai {openai}"}
        result["contracts"][0]["status"] = status
        result["verdict"] = "broken" if status == "fail" else "conformant"
        probe = {"id": "letter-case", "fact": "Letter case.", "seen": seen, "expected": seen}
        probe |= {"openai": openai, "reason": "Why.", "link": "", "departs": False}
        folder.joinpath(f"{name}.json").write_text(json.dumps(result), "utf-8")
        folder.joinpath(f"{name}.probes.json").write_text(json.dumps({"probes": [probe]}), "utf-8")
    return folder


def merge(folder: Path, pattern: str, name: str) -> str:
    """Return the address of the matrix of some results."""
    page = folder / name
    files = [str(one) for one in folder.glob(pattern)]
    subprocess.run(
        [*CHECK[:-1], "matrix", "merge", *files, "--html", str(page)],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return page.as_uri()


@pytest.fixture(scope="session")
def matrix_page(results: Path) -> str:
    """Return the address of a matrix of two environments with the Python SDK."""
    return merge(results, "openai*.json", "matrix.html")


@pytest.fixture(scope="session")
def two_sdks_page(results: Path) -> str:
    """Return the address of a matrix of two environments with each SDK."""
    return merge(results, "*.json", "both.html")
