"""Contracts as pytest tests: `pytest --pyargs litellm_contracts --handler mod:factory`.

Only pytest itself is imported here; the suite is loaded when a contract is collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_FIXTURE = "litellm_contract"
WARNED = "litellm-contracts warning"
"""The user property of a test whose contract only warns; xdist brings it to the controller."""
LOADED = pytest.StashKey[tuple[str, "Callable[..., Any]"]]()
"""How the user named the handler, and its factory; absent while a project overrides it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--handler`."""
    group = parser.getgroup("litellm-contracts")
    group.addoption(
        "--handler",
        metavar="HANDLER",
        help="the handler that the contracts judge: package.module:factory or "
        "path/to/file.py:factory (default: the project's configuration, else the bundled one)",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Find out before the first test that `--handler` cannot be loaded."""
    if session.config.getoption("--handler") is not None:
        from litellm_contracts._errors import ContractsError

        try:
            _load(session.config)
        except ContractsError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn each contract into a test of its own, named by its id."""
    if _FIXTURE in metafunc.fixturenames:
        from litellm_contracts._suite import all_contracts

        contracts = all_contracts()
        metafunc.parametrize(_FIXTURE, contracts, ids=[contract.id for contract in contracts])


@pytest.fixture(scope="session")
def handler_factory(pytestconfig: pytest.Config) -> Callable[..., Any]:
    """The factory under test, called as `factory(base_url=..., api_key=..., model=...)`.

    From `--handler`, else `[tool.litellm-contracts] handler`, else the bundled handler; a
    project may override this fixture instead.
    """
    from litellm_contracts._errors import ContractsError

    try:
        return _load(pytestconfig)
    except ContractsError as error:
        pytest.fail(str(error), pytrace=False)


def _load(config: pytest.Config) -> Callable[..., Any]:
    from litellm_contracts._config import read_config
    from litellm_contracts._doors import BUNDLED, load_factory

    if LOADED not in config.stash:
        settings = read_config(config.invocation_params.dir)
        given = config.getoption("--handler")
        spec = given if given is not None else settings.handler or BUNDLED
        config.stash[LOADED] = (spec, load_factory(spec))
    return config.stash[LOADED][1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the `should` contracts that are not kept; they fail no test."""
    for report in terminalreporter.stats.get("passed", []):
        for name, told in report.user_properties:
            if name == WARNED:
                terminalreporter.write_line(str(told))
