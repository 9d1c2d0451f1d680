"""Runs one contract inside a pytest test, with the verdict `litellm-contracts check` would give."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._doors import PythonDoor
from litellm_contracts._errors import ContractsError
from litellm_contracts._model import Status
from litellm_contracts._options import options_of
from litellm_contracts._pytest_guard import JUDGED
from litellm_contracts._suite import run_contract
from litellm_contracts._waivers import apply_waivers
from litellm_contracts.pytest_plugin import LOADED, WARNED, settings
from litellm_contracts.reports._text import failure_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Contract, Result


def assert_kept(
    contract: Contract, factory: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    """Fail the test where a must is broken, skip it where the contract does not apply."""
    __tracebackhide__ = True
    try:
        result = _judge(contract, factory, request)
    except ContractsError as error:
        pytest.fail(str(error), pytrace=False)
    request.node.user_properties.append((JUDGED, f"{contract.id} {result.status.value}"))
    match result.status:
        case Status.FAIL | Status.ERROR:
            pytest.fail("\n".join(failure_lines(result)), pytrace=False)
        case Status.NOT_APPLICABLE | Status.WAIVED:
            pytest.skip(result.message)
        case Status.WARN:
            told = f"warn {result.id}: {result.message}"
            request.node.user_properties.append((WARNED, told))


def _judge(
    contract: Contract, factory: Callable[..., Any], request: pytest.FixtureRequest
) -> Result:
    config = settings(request.config)
    loaded, door = request.config.stash.get(LOADED, (None, None))
    is_own = door is None or loaded is not factory
    if door is None or is_own:
        spec = f"{factory.__module__}:{getattr(factory, '__qualname__', type(factory).__name__)}"
        door = PythonDoor(factory, spec, config.capabilities)
    result = apply_waivers([run_contract(contract, door, options_of(config))], config.waivers)[0]
    if is_own:  # only the project's own test makes it again
        again = shlex.join(["pytest", request.node.nodeid])
        return replace(result, evidence={**result.evidence, "reproduce": again})
    return result
