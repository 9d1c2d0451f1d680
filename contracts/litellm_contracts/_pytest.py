"""Runs one contract inside a pytest test, with the verdict `litellm-contracts check` would give."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._doors import PythonDoor
from litellm_contracts._errors import ContractsError
from litellm_contracts._model import Status
from litellm_contracts._options import contracts_of, options_of
from litellm_contracts._pytest_guard import JUDGED
from litellm_contracts._suite import make_exchanges, run_contract
from litellm_contracts._waivers import apply_waivers
from litellm_contracts.pytest_plugin import LOADED, WARNED, settings
from litellm_contracts.reports._text import failure_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Contract, Result
    from litellm_contracts._run import Exchanges


_SEEN = pytest.StashKey[tuple["Callable[..., Any]", "Exchanges"]]()


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
            pytest.skip(f"{result.status.value}: {result.message}")
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
    options, seen = options_of(config), _seen_of(factory, request.config)
    if contract.everywhere:
        make_exchanges(contracts_of(config), door, options, seen)
        judged = run_contract(contract, door, options, seen)
    else:
        own: Exchanges = {}  # a test that is run again makes its calls again
        judged = run_contract(contract, door, options, own)
        seen.update(own)
    result = apply_waivers([judged], config.waivers, door.describe())[0]
    if is_own:  # only the project's own test makes it again
        again = shlex.join(["pytest", request.node.nodeid])
        return replace(result, evidence={**result.evidence, "reproduce": again})
    return result


def _seen_of(factory: Callable[..., Any], config: pytest.Config) -> Exchanges:
    """Return what earlier tests of this process saw of the same factory's handlers."""
    known, seen = config.stash.get(_SEEN, (None, None))
    if seen is None or known is not factory:
        seen = {}
        config.stash[_SEEN] = (factory, seen)
    return seen
