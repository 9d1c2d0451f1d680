from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from pathlib import Path

ABSENCE = [contract.id for contract in all_contracts() if contract.group == "absence"]
PYARGS = ("--pyargs", "litellm_contracts", "-p", "no:cacheprovider")


@pytest.fixture
def broken(handlers: Path) -> str:
    """Return a handler that leaves its header on the client."""
    return f"{handlers / 'sticky_default_header.py'}:Handler"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the outer run's options from the inner ones, and a plugin that is slow to load."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")


def failing_ids(result: pytest.RunResult) -> list[str]:
    """Return the ids whose tests failed, from the short summary."""
    lines = [line for line in result.outlines if line.startswith("FAILED ")]
    return sorted(line.partition("[")[2].partition("]")[0] for line in lines)


def checked(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Return the ids that `check` calls broken."""
    command = [sys.executable, "-m", "litellm_contracts", "check", "--jobs", "1", *arguments]
    lines = pytester.run(*command).outlines
    return sorted(line.split()[1] for line in lines if line.startswith("  FAIL "))


@pytest.mark.parametrize("workers", [pytest.param([], id="alone"), pytest.param(["-n", "2"])])
def test_the_same_contracts_fail_as_in_check(
    pytester: pytest.Pytester, broken: str, workers: list[str]
) -> None:
    select = ["-k", "absence or streamed-text"]
    result = pytester.runpytest_subprocess(*PYARGS, *select, "--handler", broken, *workers, "-rf")
    failed = failing_ids(result)
    assert failed == checked(pytester, broken, *select)
    assert "absence/after-task" in failed
    result.assert_outcomes(failed=len(failed), passed=len(ABSENCE) + 1 - len(failed))
    assert result.ret == 1


def test_a_failure_is_told_as_in_check_and_without_a_traceback(
    pytester: pytest.Pytester, broken: str
) -> None:
    result = pytester.runpytest_subprocess(*PYARGS, "-k", "absence/after-task", "--handler", broken)
    result.stdout.fnmatch_lines(
        [
            "FAIL absence/after-task (must)",
            "  required: *",
            "  --> [xX]-[zZ]oo-[sS]ession-[iI][dD]: a9bdbbeb-*",
            "  LiteLLM files it under session 'a9bdbbeb-*",
            f"  again:    litellm-contracts check {broken} -k absence/after-task",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*assert_kept*")


def test_every_contract_is_a_test_named_by_its_id(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*PYARGS, "--collect-only", "-q")
    ids = [line.partition("[")[2].removesuffix("]") for line in result.outlines if "[" in line]
    assert ids == [contract.id for contract in all_contracts()]


def test_the_bundled_handler_is_all_green(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*PYARGS, "-k", "absence or concurrent")
    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert set(outcomes) <= {"passed", "deselected"}
    assert outcomes["passed"] > len(ABSENCE)


@pytest.mark.parametrize(
    ("spec", "told", "workers"),
    [
        pytest.param("no_such_module:build", "No module named 'no_such_module'", [], id="module"),
        pytest.param("no_such_module:build", "No module named", ["-n", "1"], id="in parallel"),
        pytest.param("litellm_handler:Handler", "has no attribute 'Handler'", [], id="name"),
        pytest.param("", "cannot read the handler ''", [], id="empty"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_a_usage_error(
    pytester: pytest.Pytester, spec: str, told: str, workers: list[str]
) -> None:
    result = pytester.runpytest_subprocess(*PYARGS, f"--handler={spec}", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{told}*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_configured_handler_that_cannot_be_loaded_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.litellm-contracts]\nhandler = 'no_such_module:build'")
    result = pytester.runpytest_subprocess(*PYARGS, "-k", "absence/no-metadata")
    result.assert_outcomes(errors=1, deselected=len(all_contracts()) - 1)
    result.stdout.fnmatch_lines(["*No module named 'no_such_module'*"])
    assert "Traceback" not in result.stdout.str()


def test_the_configuration_is_used(pytester: pytest.Pytester, handlers: Path) -> None:
    pytester.makepyprojecttoml(
        "[tool.litellm-contracts]\nheader = 'X-Mine-Session-ID'\n"
        f"handler = '{handlers / 'socket_handler.py'}:Handler'\n"
        "capabilities = ['create_message']\n"
    )
    select = "presence/first-turn or complete-prompt/omits-header"
    result = pytester.runpytest_subprocess(*PYARGS, "-k", select, "-rs")
    result.assert_outcomes(failed=1, skipped=1, deselected=len(all_contracts()) - 2)
    result.stdout.fnmatch_lines(["*no X-Mine-Session-ID header line; expected *"])
    result.stdout.fnmatch_lines(["*the handler declares that it has no complete_prompt*"])


@pytest.fixture
def provider(pytester: pytest.Pytester, handlers: Path) -> pytest.Pytester:
    """Write a provider's project: a fixture of its own, and the contracts in its own module."""
    pytester.makeconftest(
        f"""
        import sys
        import pytest

        sys.path.insert(0, {str(handlers)!r})
        from sticky_default_header import Handler

        @pytest.fixture
        def handler_factory():
            return Handler
        """
    )
    pytester.makepyfile(
        test_mine="from litellm_contracts.test_contracts import test_contract\n__all__ = []\n"
    )
    return pytester


def test_a_provider_may_override_the_fixture(provider: pytest.Pytester, broken: str) -> None:
    result = provider.runpytest_subprocess("-k", "absence", "-rf")
    assert failing_ids(result) == checked(provider, broken, "-k", "absence")
    result.stdout.fnmatch_lines(
        ["  again:    pytest 'test_mine.py::test_contract?absence/after-task?'"]
    )


def test_a_should_that_is_not_kept_is_told_and_fails_nothing(provider: pytest.Pytester) -> None:
    provider.makepyfile(
        test_mine="""
        import dataclasses
        import pytest
        from litellm_contracts._model import Level
        from litellm_contracts._pytest import assert_kept
        from litellm_contracts._tables import find_contract

        def test_should(handler_factory, request):
            contract = find_contract("absence/after-task")
            contract = dataclasses.replace(contract, level=Level.SHOULD)
            assert_kept(contract, handler_factory, request)
        """
    )
    result = provider.runpytest_subprocess("-n", "1")  # the worker has to tell the controller
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["warn absence/after-task: request *"])


COUNTED = """
import os, pathlib, runpy, sys
from importlib.resources import files

with pathlib.Path("started.txt").open("a") as started:
    started.write(f"{{os.getpid()}}\\n")
program = str(files("litellm_contracts") / "_python_door_program.py")
sys.argv = [program, {handler!r}, "create_message,complete_prompt"]
runpy.run_path(program, run_name="__main__")
"""
LOOK_AT_THE_END = """
import pathlib

def pytest_unconfigure():
    started = pathlib.Path("started.txt").read_text().split()
    left = [one for one in started if pathlib.Path("/proc", one).exists()]
    pathlib.Path("seen.txt").write_text(f"{len(started)} started, {len(left)} left")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_program_is_started_once_and_ends_with_the_session(
    pytester: pytest.Pytester, handlers: Path
) -> None:
    spec = f"{handlers / 'socket_handler.py'}:Handler"
    pytester.makeconftest(LOOK_AT_THE_END)
    pytester.makepyfile(counted=COUNTED.format(handler=spec))
    pytester.makepyprojecttoml(
        f"[tool.litellm-contracts]\ncommand = '{sys.executable} counted.py'\n"
    )
    result = pytester.runpytest_subprocess(*PYARGS, "-k", "no-metadata or first-turn")
    assert result.parseoutcomes()["passed"] == 2
    seen = pytester.path.joinpath("seen.txt").read_text(encoding="utf-8")
    assert seen == "1 started, 0 left"


def test_a_program_that_cannot_be_started_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_CONTRACTS_COMMAND", "no-such-program --x")
    result = pytester.runpytest_subprocess(*PYARGS, "-k", "absence/no-metadata")
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["*the door `no-such-program --x` cannot be started: *"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("workers", [pytest.param([], id="alone"), pytest.param(["-n", "1"])])
def test_a_wrong_setting_is_told_where_contracts_are_collected(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    monkeypatch.setenv("LITELLM_CONTRACTS_REQUIREMENTS", "2026-1")
    result = pytester.runpytest_subprocess(*PYARGS, *workers)
    assert result.ret == pytest.ExitCode.INTERRUPTED or workers
    result.stdout.fnmatch_lines(
        ["*LITELLM_CONTRACTS_REQUIREMENTS: no requirement set is called '2026-1'; did you mean*"]
    )
    assert "Traceback" not in result.stdout.str()
    assert result.ret != 0


def test_the_names_of_a_project_are_its_own(pytester: pytest.Pytester, handlers: Path) -> None:
    for name in ("contracts", "tests"):
        pytester.mkpydir(name)
        pytester.path.joinpath(name, "__init__.py").write_text("raise OSError", encoding="utf-8")
    source = handlers.joinpath("socket_handler.py").read_text(encoding="utf-8")
    pytester.makepyfile(handler=source)
    result = pytester.runpytest_subprocess(
        *PYARGS, "--handler", "handler:Handler", "-k", "absence/no-metadata"
    )
    assert result.parseoutcomes()["passed"] == 1


def test_an_unrelated_run_does_without_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    off = ("-p", "no:litellm_contracts", "-p", "no:fake_litellm")
    result = pytester.runpytest_subprocess(*off)
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    told = pytester.runpytest_subprocess(*off, "--handler", "a:b")
    told.stderr.fnmatch_lines(["*unrecognized arguments: --handler*"])


def test_the_contracts_need_no_plugin_of_their_dependencies(pytester: pytest.Pytester) -> None:
    off = ("-pno:schemathesis", "-pno:pytest_httpserver", "-pno:hypothesispytest")
    select = "absence/no-metadata or schema/complete-prompt"
    result = pytester.runpytest_subprocess(*PYARGS, *off, "-k", select)
    assert result.parseoutcomes()["passed"] == 2
    assert result.ret == 0


def test_the_plugins_import_nothing_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            ours = {name for name in sys.modules if name.split(".")[0] in PACKAGES}
            assert ours <= {
                "litellm_contracts", "litellm_contracts.pytest_plugin",
                "fake_litellm", "fake_litellm.pytest_plugin",
            }
            assert not HEAVY & sys.modules.keys()

        PACKAGES = {"litellm_contracts", "fake_litellm", "litellm_handler"}
        HEAVY = {"openai", "allpairspy", "jsonschema_rs", "junitparser", "tomlkit", "werkzeug"}
        """
    )
    others = ("schemathesis", "pytest_httpserver", "hypothesispytest")
    result = pytester.runpytest_subprocess(*(f"-pno:{name}" for name in others))
    result.assert_outcomes(passed=1)
