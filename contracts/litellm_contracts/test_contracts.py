"""The contracts as tests; `litellm_contracts.pytest_plugin` supplies them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from litellm_contracts._model import Contract


def test_contract(
    litellm_contract: Contract,
    handler_factory: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    """The handler keeps the contract."""
    from litellm_contracts._pytest import assert_kept

    __tracebackhide__ = True
    assert_kept(litellm_contract, handler_factory, request)
