from __future__ import annotations

import ast
import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litellm_contracts import _python_door_program
from litellm_contracts._cli import main
from litellm_contracts._command_door import python_recipe
from litellm_contracts._errors import HandlerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Outcome

    MakeCall = Callable[..., Call]
    Perform = Callable[..., list[Outcome]]

KEY = "sk-secret-1234"
HANDLER = """
class Handler:
    def __init__(self, base_url, api_key, model):
        self.given = f"{base_url} {model}"
"""


@pytest.fixture
def perform(tmp_path: Path) -> Perform:
    """Return a function that makes calls of a handler whose methods are given as text."""

    def make(methods: str, *calls: Call, python: str = sys.executable) -> list[Outcome]:
        tmp_path.joinpath("provider.py").write_text(HANDLER + methods, encoding="utf-8")
        capabilities = {call.method for call in calls}

        async def ask() -> list[Outcome]:
            with python_recipe(python, "provider.py:Handler", capabilities).open() as door:
                handler = await door.build("http://here", KEY, "gpt-4o")
                return list(await asyncio.gather(*(handler.call(call) for call in calls)))

        return asyncio.run(ask())

    return make


SYNC = "    def complete_prompt(self, prompt):\n        "
ASYNC = "    async def complete_prompt(self, prompt):\n        "


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        pytest.param(f"{SYNC}return prompt", "Hi [prompt]", id="synchronous"),
        pytest.param(f"{ASYNC}return prompt", "Hi [prompt]", id="asynchronous"),
        pytest.param(f"{SYNC}return self.given", "http://here gpt-4o", id="what it is built with"),
        pytest.param(f"{SYNC}print('noise'); return 'quiet'", "quiet", id="prints"),
        pytest.param(f"{SYNC}import os; os.system('echo x'); return 'a'", "a", id="child prints"),
        pytest.param(f"{SYNC}import sys; return sys.stdin.read() + '.'", ".", id="reads input"),
        pytest.param(f"{SYNC}return None", "", id="nothing"),
    ],
)
def test_prompts_are_completed(
    prompt: MakeCall, perform: Perform, methods: str, expected: str
) -> None:
    (outcome,) = perform(methods, prompt())
    assert (outcome.received_text, outcome.error) == (expected, None)


@pytest.mark.parametrize(
    "method",
    [
        pytest.param("async def create_message(self, s, m, d):\n        yield C", id="async gen"),
        pytest.param("def create_message(self, s, m, d):\n        yield C", id="generator"),
        pytest.param("def create_message(self, s, m, d):\n        return [C]", id="list"),
        pytest.param("async def create_message(self, s, m, d):\n        return [C]", id="awaited"),
        pytest.param(
            "def create_message(self, s, m, d):\n        return Stream()\nclass Stream:\n"
            "    async def chunks(self):\n        yield C\n"
            "    def __aiter__(self):\n        return self.chunks()\n"
            "    def __await__(self):\n        yield from ()",
            id="awaitable stream",
        ),
        pytest.param(
            "def create_message(self, s, m, d):\n        import asyncio\n"
            "        return asyncio.get_running_loop().create_task(self.listed())\n"
            "    async def listed(self):\n        return [C]",
            id="task",
        ),
    ],
)
def test_messages_are_streamed(message: MakeCall, perform: Perform, method: str) -> None:
    (outcome,) = perform(f"    {method}\nC = {{'type': 'text', 'text': 'Grüße'}}", message())
    assert (outcome.received_text, outcome.error) == ("Grüße", None)


def test_chunks_before_an_error_are_kept(message: MakeCall, perform: Perform) -> None:
    (outcome,) = perform(
        "    def create_message(self, s, m, d):\n"
        "        yield {'type': 'text', 'text': 'Hal'}\n"
        "        raise ValueError('cut')",
        message(),
    )
    assert (outcome.received_text, outcome.error) == ("Hal", "ValueError: cut")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        pytest.param("ValueError('no')", "ValueError: no", id="error"),
        pytest.param("SystemExit(3)", "SystemExit: 3", id="exit"),
        pytest.param("StopIteration(3)", "RuntimeError: ", id="stop iteration"),
        pytest.param("__import__('asyncio').CancelledError()", "CancelledError: ", id="cancelled"),
    ],
)
@pytest.mark.parametrize("head", [pytest.param(SYNC, id="sync"), pytest.param(ASYNC, id="async")])
def test_what_a_handler_raises_is_its_answer(
    prompt: MakeCall, perform: Perform, head: str, raised: str, told: str
) -> None:
    (outcome,) = perform(f"{head}raise {raised}", prompt())
    assert str(outcome.error).startswith(told)


def test_blocking_calls_do_not_wait_for_one_another(prompt: MakeCall, perform: Perform) -> None:
    one, two = perform(
        f"{SYNC}self.meet.wait(10); return 'met'\n    meet = __import__('threading').Barrier(2)",
        prompt("one"),
        prompt("two"),
    )
    assert (one.text, two.text) == ("met", "met")


@pytest.mark.parametrize("name", ["_smoke", "_door", "specimens", "doors", "litellm_contracts_x"])
def test_nothing_of_the_suite_is_beside_the_handler(
    prompt: MakeCall, perform: Perform, name: str
) -> None:
    (outcome,) = perform(f"{SYNC}import {name}", prompt())
    assert outcome.error == f"ModuleNotFoundError: No module named '{name}'"


def test_a_provider_has_modules_named_like_the_suites(
    prompt: MakeCall, perform: Perform, tmp_path: Path
) -> None:
    tmp_path.joinpath("_errors.py").write_text("OWN = 'own'", encoding="utf-8")
    (outcome,) = perform(f"{SYNC}import _errors; return _errors.OWN", prompt())
    assert outcome.text == "own"


def test_a_missing_method_is_told(message: MakeCall, perform: Perform) -> None:
    with pytest.raises(HandlerError, match="has no method create_message; add it, or declare"):
        perform(f"{SYNC}return ''", message())


def test_a_factory_that_raises_is_told_without_its_key(tmp_path: Path) -> None:
    tmp_path.joinpath("here.py").write_text(
        "def make(api_key, **_):\n    raise ValueError(f'{api_key} is not known')", "utf-8"
    )
    with (
        pytest.raises(HandlerError, match=re.escape("ValueError: [redacted] is not known")),
        python_recipe(sys.executable, "here:make").open() as door,
    ):
        asyncio.run(door.build("http://here", KEY, "gpt-4o"))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param("no_such:make", "No module named 'no_such'", id="no module"),
        pytest.param("no/such.py:make", "'no/such.py' does not exist", id="no file"),
        pytest.param("os:no_such", "has no attribute 'no_such'", id="no attribute"),
        pytest.param("os:sep", "os:sep is not callable", id="not callable"),
        pytest.param("os", "cannot read the handler 'os'", id="no colon"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_told(spec: str, told: str) -> None:
    with pytest.raises(HandlerError, match=re.escape(told)):
        python_recipe(sys.executable, spec).open()


def test_the_program_needs_nothing_but_python_3_8() -> None:
    text = Path(_python_door_program.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
        )
        if name is not None
    }
    assert imported <= sys.stdlib_module_names


def interpreter(name: str) -> str:
    """Return the path of an interpreter that runs (pyenv has shims that do not), or skip."""
    place = shutil.which(name)
    ran = place and subprocess.run([place, "-c", ""], check=False, capture_output=True)
    if not place or not ran or ran.returncode:
        pytest.skip(f"no {name} here")
    return place


@pytest.mark.parametrize("python", ["python3.8", "python3.9", "python3.13"])
def test_another_interpreter_is_used(prompt: MakeCall, perform: Perform, python: str) -> None:
    place = interpreter(python)
    text = f"{SYNC}import sys; return 'python{{}}.{{}}'.format(*sys.version_info)"
    (outcome,) = perform(text, prompt(), python=place)
    assert outcome.text == python


@pytest.mark.parametrize(
    ("handler", "contract", "code"),
    [
        pytest.param("header_missing", "presence/first-turn", "FAIL", id="missing"),
        pytest.param("sticky_default_header", "absence/after-task", "FAIL", id="sticky"),
        pytest.param("sdk_handler", "presence/first-turn", "pass", id="right"),
    ],
)
def test_the_verdict_is_that_of_the_other_door(
    handlers: Path, capsys: pytest.CaptureFixture[str], handler: str, contract: str, code: str
) -> None:
    spec = f"{handlers / handler}.py:Handler"
    told = []
    for door in ([], ["--python", sys.executable]):
        assert main(["check", spec, *door, "-k", contract]) == 1  # the rest is not run
        told.append(re.findall(r"(?m)^  (\S+) +(\S+/\S+)$", capsys.readouterr().out))
    assert told[0] == told[1] == [(code, contract)]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no error groups before 3.11")
def test_the_members_of_an_error_group_are_told(prompt: MakeCall, perform: Perform) -> None:
    (outcome,) = perform(f"{SYNC}raise ExceptionGroup('all failed', [ValueError('no')])", prompt())
    assert str(outcome.error).endswith("; ValueError: no")
