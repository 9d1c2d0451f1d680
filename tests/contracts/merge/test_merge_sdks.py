"""One matrix of two SDKs: neither stands in the other's ranges, demands or names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._merge_read import merge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Leave = Callable[..., Path]

BROKEN = {"group/one": "pass", "group/two": "fail"}
merged = partial(merge, date="2026-11-23")


@pytest.fixture
def both(three: Path, left_by_node: Leave) -> Path:
    """Leave three environments of the Python SDK and two of the npm package behind."""
    left_by_node("7.57.0", seen="lower-case")
    left_by_node("4.104.0", BROKEN)
    return three


def test_no_range_reaches_from_one_sdk_to_the_other(both: Path) -> None:
    matrix = merged([both])
    assert (matrix.problems, matrix.verdict) == ((), "broken")
    told = [
        (table.sdk, row.id, [(one.range, one.value, one.changes) for one in row.segments])
        for table in matrix.tables
        for row in table.rows
        if row.id != "group/one"
    ]
    assert told == [
        (
            "python",
            "group/two",
            [("1.9.0 – 1.10.0", "fail", False), ("3.19.1", "pass", True)],  # noqa: RUF001
        ),
        (
            "python",
            "letter-case",
            [("1.9.0 – 1.10.0", "kept", False), ("3.19.1", "lower-case", True)],  # noqa: RUF001
        ),
        ("node", "group/two", [("4.104.0", "fail", False), ("7.57.0", "pass", True)]),
        ("node", "letter-case", [("4.104.0", "kept", False), ("7.57.0", "lower-case", True)]),
    ]


def test_each_sdk_has_its_environments_handler_and_columns(both: Path) -> None:
    python, node = merged([both]).tables
    assert (python.sdk, python.handler) == ("python", "my:factory")
    assert (node.sdk, node.handler) == ("node", "my-node")
    assert [(one.label, one.openai, one.runtime) for one in node.environments] == [
        ("4.104.0", "4.104.0", "20.20.2"),
        ("7.57.0", "7.57.0", "20.20.2"),
    ]
    assert {one.runtime for one in python.environments} == {"3.11.7"}
    assert [len(column) for column in python.columns] == [2, 1]
    assert {row.sdk for row in node.rows} == {"node"}


def test_another_handler_than_most_with_the_same_sdk_is_left_out(
    both: Path, left_behind: Leave
) -> None:
    left_behind("node5.0.0", "5.0.0", handler={"name": "x", "language": "node 20.20.2"})
    matrix = merged([both])
    [problem] = matrix.problems
    assert problem.startswith("node5.0.0: judged by other demands than most (handler name x ")
    assert ("5.0.0", "no result") in [
        (one.range, one.value) for row in matrix.tables[1].rows for one in row.segments
    ]


def test_other_demands_than_most_are_told_across_sdks(three: Path, left_by_node: Leave) -> None:
    left_by_node("7.57.0", name="nightly", digest="f" * 16)
    matrix = merged([three])
    [problem] = matrix.problems
    assert problem.startswith("nightly: judged by other demands than most (digest ffffffffffffffff")
    assert [table.sdk for table in matrix.tables] == ["python", "node"]
    assert matrix.tables[1].handler == ""


@pytest.mark.parametrize(
    ("name", "label"),
    [
        pytest.param("node7.57.0", "7.57.0", id="plain"),
        pytest.param("node7.57.0-windows", "7.57.0 windows", id="variant"),
        pytest.param("node20-nightly", "7.57.0 node20 nightly", id="a version of Node"),
        pytest.param("nightly", "7.57.0 nightly", id="another name"),
    ],
)
def test_an_npm_package_is_known_by_its_result(left_by_node: Leave, name: str, label: str) -> None:
    matrix = merged([left_by_node("7.57.0", name=name)])
    assert matrix.problems == ()
    assert [(one.sdk, one.label) for one in matrix.environments] == [("node", label)]


def test_an_npm_package_is_known_by_its_name(left_behind: Leave) -> None:
    rest = {"language": "", "sdk": ""}
    [one] = merged([left_behind("node7.57.0", "7.57.0", handler=rest)]).environments
    assert (one.sdk, one.openai, one.runtime) == ("node", "7.57.0", "")


def test_an_npm_package_of_another_release_than_its_name_is_left_out(left_by_node: Leave) -> None:
    matrix = merged([left_by_node("7.57.0", name="node4.0.0")])
    assert matrix.problems == (
        (
            "node4.0.0: not one openai, but 7.57.0 in the result, 7.57.0 in the probes, "
            "4.0.0 in the name; it is not shown"
        ),
    )
    assert matrix.rows == ()


def test_a_result_of_the_other_sdk_than_its_name_says_is_left_out(
    left_behind: Leave, left_by_node: Leave
) -> None:
    left_behind("node4.0.0", "4.0.0")
    matrix = merged([left_by_node("1.0.0", name="openai1.0.0")])
    assert matrix.problems == (
        (
            "node4.0.0: not one openai, but 4.0.0 of PyPI in the result, 4.0.0 in the probes, "
            "4.0.0 of npm in the name; it is not shown"
        ),
        (
            "openai1.0.0: not one openai, but 1.0.0 of npm in the result, 1.0.0 in the probes, "
            "1.0.0 of PyPI in the name; it is not shown"
        ),
    )


def test_probes_are_missing_only_where_others_of_the_sdk_have_some(both: Path) -> None:
    for path in both.glob("node*.probes.json"):
        path.unlink()
    assert merged([both]).problems == ()
    both.joinpath("openai1.9.0.probes.json").unlink()
    assert [one.partition(":")[0] for one in merged([both]).problems] == ["openai1.9.0"]


def test_what_is_expected_of_an_sdk_stands_among_its_environments(both: Path) -> None:
    python, node = merged([both], expected=("node5.0.0",)).tables
    assert [one.label for one in node.environments] == ["4.104.0", "5.0.0", "7.57.0"]
    assert len(python.environments) == 3
