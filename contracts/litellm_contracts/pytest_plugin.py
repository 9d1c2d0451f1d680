"""Contracts as pytest tests: `pytest --pyargs litellm_contracts --handler mod:factory`.

Only pytest itself is imported here; the suite is loaded when a contract is collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Result

_FIXTURE = "litellm_contract"
_WARNINGS = pytest.StashKey[list["Result"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--handler`."""
    group = parser.getgroup("litellm-contracts")
    group.addoption(
        "--handler",
        metavar="HANDLER",
        help="the handler that the contracts judge: package.module:factory or "
        "path/to/file.py:factory (default: the project's configuration, else the bundled one)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the list of contracts that only warn."""
    config.stash[_WARNINGS] = []


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
    from litellm_contracts._config import read_config
    from litellm_contracts._doors import BUNDLED, load_factory
    from litellm_contracts._errors import ContractsError

    try:
        config = read_config(pytestconfig.invocation_params.dir)
        return load_factory(pytestconfig.getoption("--handler") or config.handler or BUNDLED)
    except ContractsError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell the `should` contracts that are not kept; they fail no test."""
    for result in config.stash[_WARNINGS]:
        terminalreporter.write_line(f"warn {result.id}: {result.message}")
