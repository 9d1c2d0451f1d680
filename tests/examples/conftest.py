"""The examples install packages: they run only by themselves, with the pytest.ini beside this."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return config.inipath != Path(__file__).with_name("pytest.ini") or None
