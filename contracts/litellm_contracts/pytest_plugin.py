"""Contracts as pytest tests: `pytest --pyargs litellm_contracts --handler mod:factory`.

Only pytest itself is imported here; the suite is loaded when a contract is collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._config import Config
    from litellm_contracts._door import Door
    from litellm_contracts._pytest_guard import Guard

_FIXTURE = "litellm_contract"
_SETTINGS = pytest.StashKey["Config"]()
_GUARD = pytest.StashKey["Guard"]()
WARNED = "litellm-contracts warning"
"""The user property of a test whose contract only warns; xdist brings it to the controller."""
LOADED = pytest.StashKey[tuple["Callable[..., Any]", "Door"]]()
"""The factory that the settings name, and its door; another one is a project's own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--handler` and `--partial-contracts`."""
    group = parser.getgroup("litellm-contracts")
    group.addoption(
        "--handler",
        metavar="HANDLER",
        help="the handler that the contracts judge: package.module:factory or "
        "path/to/file.py:factory (default: the project's configuration, else the bundled one)",
    )
    group.addoption(
        "--partial-contracts",
        action="store_true",
        help="let a run pass that leaves out musts of the configured requirement set",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Find out before the first test that `--handler` cannot be loaded."""
    if session.config.getoption("--handler") is not None:
        from litellm_contracts._errors import ContractsError

        try:
            if settings(session.config).python is None:  # a program is started by the first test
                _load(session.config)
        except ContractsError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn each contract into a test of its own, named by its id."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    from litellm_contracts._errors import ContractsError
    from litellm_contracts._options import contracts_of
    from litellm_contracts._requirements import EVERYTHING

    try:
        chosen = settings(metafunc.config).requirements
        contracts = contracts_of(settings(metafunc.config))
    except ContractsError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    if chosen != EVERYTHING and not metafunc.config.option.collectonly:
        _guard(metafunc.config).require(chosen, contracts)
    metafunc.parametrize(_FIXTURE, contracts, ids=[contract.id for contract in contracts])


@pytest.fixture(scope="session")
def handler_factory(pytestconfig: pytest.Config) -> Iterator[Callable[..., Any]]:
    """The factory under test, called as `factory(base_url=..., api_key=..., model=...)`.

    From `--handler`, else the settings of `litellm-contracts config`, else the bundled handler; a
    project may override this fixture instead. A program (`command`, `python`) is started once, and
    ends with the session.
    """
    from litellm_contracts._errors import ContractsError

    try:
        with _load(pytestconfig)[1]:
            yield pytestconfig.stash[LOADED][0]
    except ContractsError as error:
        pytest.fail(str(error), pytrace=False)


def settings(config: pytest.Config) -> Config:
    """Return the settings: `--handler`, then the environment, then the project."""
    if _SETTINGS not in config.stash:
        from litellm_contracts._config import read_config

        flags = {"handler": config.getoption("--handler")}
        config.stash[_SETTINGS] = read_config(config.invocation_params.dir, flags)
    return config.stash[_SETTINGS]


def _load(config: pytest.Config) -> tuple[Callable[..., Any], Door]:
    if LOADED not in config.stash:
        from litellm_contracts._cli_doors import choose_recipe

        door = choose_recipe(settings(config)).open()
        config.stash[LOADED] = (getattr(door, "factory", _no_factory), door)
    return config.stash[LOADED]


def _no_factory(**_: Any) -> Any:  # noqa: ANN401
    raise TypeError(
        "the handler is behind a program, which only the contracts can ask to build one"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - a class of xdist
    """Let the controller listen, before a worker runs, to what becomes of the contracts."""
    _guard(node.config)


def _guard(config: pytest.Config) -> Guard:
    if _GUARD not in config.stash:
        from litellm_contracts._pytest_guard import Guard

        config.stash[_GUARD] = Guard(is_partial=config.getoption("--partial-contracts"))
        config.pluginmanager.register(config.stash[_GUARD])
    return config.stash[_GUARD]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the `should` contracts that are not kept; they fail no test."""
    for report in terminalreporter.stats.get("passed", []):
        for name, told in report.user_properties:
            if name == WARNED:
                terminalreporter.write_line(str(told))
