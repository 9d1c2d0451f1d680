"""How a factory is found, and how it builds a handler."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _loading
from litellm_contracts._doors import PythonDoor
from litellm_contracts._errors import HandlerError
from litellm_contracts._loading import load_factory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._calling import PythonHandler


KEY = "sk-secret"


def build(factory: Callable[..., Any], *capabilities: str) -> PythonHandler:
    """Build a handler of a factory."""
    door = PythonDoor(factory, "my:factory", capabilities)
    return asyncio.run(door.build("http://127.0.0.1:1", KEY, "gpt-4o"))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param("my_provider", "expected package.module:factory or path", id="no colon"),
        pytest.param(":factory", "cannot read the handler ':factory'", id="no module"),
        pytest.param("my_provider:", "cannot read the handler 'my_provider:'", id="no factory"),
        pytest.param("", "cannot read the handler ''", id="empty"),
        pytest.param("no_such:factory", "No module named 'no_such'", id="no such module"),
        pytest.param("no_such/file.py:factory", "'no_such/file.py' does not exist", id="no file"),
        pytest.param(
            "litellm_handler:LiteLLMHandle",
            "has no attribute 'LiteLLMHandle'; did you mean 'LiteLLMHandler'?",
            id="no such attribute",
        ),
        pytest.param("os.path:sep", "is not callable (it is of type str)", id="not callable"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_told(spec: str, told: str) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)) as raised:
        load_factory(spec)
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="raises"),
        pytest.param("def (", "SyntaxError", id="not Python"),
        pytest.param("import no_such_sdk", "No module named 'no_such_sdk'", id="missing import"),
        pytest.param("raise SystemExit(0)", "SystemExit: 0", id="exits"),
    ],
)
@pytest.mark.parametrize(
    "spec",
    [pytest.param("./provider_x.py:build", id="file"), pytest.param("provider_x:b", id="module")],
)
def test_a_handler_that_fails_to_import_is_told(
    tmp_path: Path, text: str, told: str, spec: str
) -> None:
    tmp_path.joinpath("provider_x.py").write_text(text, encoding="utf-8")
    with pytest.raises(HandlerError, match=told):
        load_factory(spec)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer that interrupts")
def test_a_handler_whose_import_never_ends_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_loading, "IMPORT_LIMIT", 0.1)
    text = "import time\ntry:\n    time.sleep(60)\nexcept Exception:\n    pass\n"
    tmp_path.joinpath("provider_x.py").write_text(text, encoding="utf-8")
    with pytest.raises(HandlerError, match=r"'provider_x' took longer than 0\.1 s; what waits"):
        load_factory("provider_x:build")


def test_a_file_may_import_what_lies_beside_it(handlers: Path) -> None:
    place = os.path.relpath(handlers / "header_missing.py")
    factory = load_factory(f"{place}:Handler")
    assert factory.__name__ == "Handler"
    assert sys.path[0] == str(handlers)


def test_a_module_is_found_in_the_working_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("provider_here.py").write_text("def build(): ...", encoding="utf-8")
    assert load_factory("provider_here:build").__name__ == "build"


def test_a_door_describes_its_handler() -> None:
    assert PythonDoor(dict, "my:factory", ["create_message"]).describe() == {
        "name": "my:factory",
        "door": "python",
        "language": "python",
        "capabilities": ["create_message"],
    }


def test_the_factory_is_called_by_name() -> None:
    given: dict[str, object] = {}
    build(given.update)
    assert given == {"base_url": "http://127.0.0.1:1", "api_key": KEY, "model": "gpt-4o"}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError(f"{KEY} is not known"), id="error"),
        pytest.param(SystemExit(f"{KEY} is not known"), id="exit"),
    ],
)
def test_a_factory_that_raises_is_told_without_the_key(error: BaseException) -> None:
    def factory(**_: object) -> object:
        raise error

    with pytest.raises(HandlerError) as raised:
        build(factory)
    assert str(raised.value) == (
        f"my:factory raised while it built a handler: {type(error).__name__}: [redacted] is not "
        "known; it is called as factory(base_url='http://127.0.0.1:1', api_key=..., model='gpt-4o')"
    )


@pytest.mark.parametrize("missing", ["create_message", "complete_prompt"])
def test_a_missing_method_must_be_declared(missing: str) -> None:
    class Half:
        def __init__(self, **_: object) -> None:
            vars(self)[{"create_message": "complete_prompt"}.get(missing, "create_message")] = print

    other = {"create_message": "complete_prompt"}.get(missing, "create_message")
    with pytest.raises(HandlerError, match=rf"no method {missing}; .*capabilities = \['{other}'\]"):
        build(Half, "create_message", "complete_prompt")
    assert build(Half, other)
