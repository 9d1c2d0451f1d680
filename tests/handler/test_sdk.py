from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from litellm_handler import LiteLLMHandler
from litellm_handler._sdk import client_class


def test_the_installed_sdk_is_accepted() -> None:
    assert client_class().__name__ == "AsyncOpenAI"


def test_the_package_is_imported_without_the_sdk() -> None:
    code = "import sys, litellm_handler; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_sdk_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ImportError, match=r'pip install "litellm-contracts\[openai\]"'):
        LiteLLMHandler()


def test_an_sdk_before_1_0_is_refused_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    old = ModuleType("openai")
    old.__version__ = "0.28.1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "openai", old)
    with pytest.raises(ImportError, match=r"needs openai >= 1\.0, found openai 0\.28\.1"):
        LiteLLMHandler()
