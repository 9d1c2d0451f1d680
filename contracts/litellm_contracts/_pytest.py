"""Runs one contract inside a pytest test, with the verdict `litellm-contracts check` would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._config import read_config
from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._errors import ContractsError
from litellm_contracts._model import Status
from litellm_contracts._profile import ZOO
from litellm_contracts._suite import Options, run_contract
from litellm_contracts.pytest_plugin import _WARNINGS
from litellm_contracts.reports._text import failure_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Contract


def assert_kept(contract: Contract, factory: Callable[..., Any], config: pytest.Config) -> None:
    """Fail the test where a must is broken, skip it where the contract does not apply."""
    __tracebackhide__ = True
    try:
        settings = read_config(config.invocation_params.dir)
        spec = config.getoption("--handler") or settings.handler or BUNDLED
        door = PythonDoor(factory, spec, settings.capabilities)
        result = run_contract(contract, door, Options(profile=ZOO))
    except ContractsError as error:
        pytest.fail(str(error), pytrace=False)
    told = "\n".join(failure_lines(result))
    match result.status:
        case Status.FAIL | Status.ERROR:
            pytest.fail(told, pytrace=False)
        case Status.NOT_APPLICABLE:
            pytest.skip(result.message)
        case Status.WARN:
            config.stash[_WARNINGS].append(result)
