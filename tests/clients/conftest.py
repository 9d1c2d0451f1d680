"""The clients are installed from their registries: they run only by themselves, in tox's `clients`.

Everything selected is installed first; then the process leaves every network but a loopback of
its own (see `isolation`), and the fake and the clients start in there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from results import Row

INI = Path(__file__).with_name("pytest.ini")
ROWS = pytest.StashKey["list[Row]"]()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return config.inipath != INI or None


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.fixture(scope="session", autouse=True)
def not_installed(request: pytest.FixtureRequest) -> dict[str, str]:
    """Install what the selected tests need, leave the network; tell what could not be installed."""
    import installing
    import isolation
    import program

    failed = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            client = item.callspec.params["client"]
            try:
                installing.install(client)
            except program.ProgramError as error:
                failed[client.name] = str(error)
    isolation.leave_networks()
    return failed


@pytest.fixture
def rows(pytestconfig: pytest.Config) -> list[Row]:
    """Return the rows of the table of results, to add to."""
    return pytestconfig.stash[ROWS]


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Print the table of results, and write it to `results/clients.md`."""
    yield
    if found := config.stash[ROWS]:
        import results

        text = results.table(found)
        place = config.rootpath.parents[1] / "results" / "clients.md"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
        terminalreporter.section("clients")
        terminalreporter.write(text)
