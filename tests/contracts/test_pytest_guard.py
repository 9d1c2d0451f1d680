from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litellm_contracts._requirements import digest_of
from litellm_contracts._tables import find_contract

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = {
    "presence/first-turn": "must",
    "presence/next-task": "should",
    "absence/no-metadata": "must",
}
FROZEN = "schema_version = 1\n\n[contracts]\n" + "".join(
    f'"{one}" = {{ level = "{level}", digest = "{digest_of(find_contract(one))}" }}\n'
    for one, level in LEVELS.items()
)
CONFTEST = """
import pathlib
import pytest
from litellm_contracts import _requirements

_requirements.FOLDER = pathlib.Path(__file__).parent / "sets"
"""
MARK = """
def pytest_collection_modifyitems(items):
    for item in items:
        if "{what}" in item.name:
            item.add_marker(pytest.mark.{mark})
"""
REMOVE = """
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "no-metadata" not in item.name]
"""
FIRST = "test_mine.py::test_contract[presence/first-turn]"
NO_METADATA = "test_mine.py::test_contract[absence/no-metadata]"
LEFT_OUT = (
    "litellm-contracts: 1 of 2 musts of requirement set frozen were not judged: absence/no-metadata"
)
FAILS = f"{LEFT_OUT}; that fails the run; while you mend, pass --partial-contracts"
PARTIAL = f"{LEFT_OUT}; the run is partial, as --partial-contracts says"


@pytest.fixture
def project(
    pytester: pytest.Pytester, handlers: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Write a project that is held to a set of three contracts, and keeps them."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis -p no:cacheprovider")
    pytester.mkdir("sets").joinpath("frozen.toml").write_text(FROZEN, encoding="utf-8")
    pytester.makeconftest(CONFTEST)
    pytester.makepyprojecttoml(
        "[tool.litellm-contracts]\nrequirements = 'frozen'\n"
        f"handler = '{handlers / 'socket_handler.py'}:Handler'\n"
    )
    pytester.makepyfile(
        test_mine="from litellm_contracts.test_contracts import test_contract\n__all__ = []\n",
        test_other="def test_it(): pass\n",
    )
    return pytester


@pytest.mark.parametrize(
    ("arguments", "conftest"),
    [
        pytest.param(["-k", "presence"], "", id="-k"),
        pytest.param(["-k", "presence", "-n", "2"], "", id="-k with xdist"),
        pytest.param(["--deselect", NO_METADATA], "", id="--deselect"),
        pytest.param([FIRST], "", id="one test"),
        pytest.param([], REMOVE, id="a hook"),
        pytest.param(["-n", "1"], REMOVE, id="a hook with xdist"),
        pytest.param([], MARK.format(what="no-metadata", mark="skip"), id="a skip mark"),
    ],
)
def test_a_must_that_is_left_out_fails_the_run(
    project: pytest.Pytester, arguments: list[str], conftest: str
) -> None:
    project.makeconftest(CONFTEST + conftest)
    result = project.runpytest_subprocess(*arguments)
    assert "failed" not in result.parseoutcomes()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert FAILS in result.outlines


def test_a_broken_must_that_is_marked_as_expected_fails_the_run(
    project: pytest.Pytester, handlers: Path
) -> None:
    project.makeconftest(CONFTEST + MARK.format(what="first-turn", mark="xfail"))
    spec = f"{handlers / 'header_missing.py'}:Handler"
    result = project.runpytest_subprocess("--handler", spec, "-k", "first-turn or no-metadata")
    assert result.parseoutcomes()["xfailed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 of 2 musts * were not judged: presence/first-turn; *"])


def test_nothing_selected_is_a_failure_and_names_the_musts(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("test_mine.py", "-k", "zzz")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*2 of 2 musts * absence/no-metadata, presence/first-turn; *"])


@pytest.mark.parametrize("workers", [pytest.param([], id="alone"), pytest.param(["-n", "2"])])
def test_a_partial_run_passes_where_it_is_asked_for(
    project: pytest.Pytester, workers: list[str]
) -> None:
    result = project.runpytest_subprocess("-k", "presence", "--partial-contracts", *workers)
    assert result.ret == 0
    assert PARTIAL in result.outlines


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="everything"),
        pytest.param(["-n", "2"], id="with xdist"),
        pytest.param(["--deselect", FIRST.replace("first-turn", "next-task")], id="a should"),
        pytest.param(["test_other.py"], id="no contract is collected"),
        pytest.param(["--collect-only", "-k", "presence"], id="collected only"),
    ],
)
def test_nothing_is_said_where_nothing_is_left_out(
    project: pytest.Pytester, arguments: list[str]
) -> None:
    result = project.runpytest_subprocess(*arguments)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*were not judged*")


def test_without_a_set_a_selection_is_free(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-k", "absence/no-metadata")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    project.path.joinpath("pyproject.toml").unlink()
    result = project.runpytest_subprocess("-k", "absence/no-metadata")
    assert result.ret == 0


def test_the_first_failure_ends_a_run_and_the_rest_is_told(
    project: pytest.Pytester, handlers: Path
) -> None:
    spec = f"{handlers / 'header_missing.py'}:Handler"
    result = project.runpytest_subprocess("test_mine.py", "-x", "--handler", spec)
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert FAILS in result.outlines


def test_junit_names_each_contract_and_its_status(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("test_mine.py", "--junitxml", "report.xml")
    told = project.path.joinpath("report.xml").read_text(encoding="utf-8")
    assert 'name="test_contract[absence/no-metadata]"' in told
    assert '<property name="litellm-contracts" value="absence/no-metadata pass"' in told
