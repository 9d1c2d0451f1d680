from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._merge_read import merge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._merge import Merged

    Leave = Callable[..., Path]

BROKEN = {"group/one": "pass", "group/two": "fail"}


def merged(*paths: Path, expected: tuple[str, ...] = ()) -> Merged:
    """Merge on a fixed day."""
    return merge(paths, expected=expected, date="2026-11-23")


def ranges(matrix: Merged, row_id: str) -> list[tuple[str, str, bool]]:
    """Return a row's ranges, values, and whether it changes there."""
    [row] = (row for row in matrix.rows if row.id == row_id)
    return [(one.range, one.value, one.changes) for one in row.segments]


@pytest.fixture
def three(left_behind: Leave) -> Path:
    """Leave three environments behind; the last keeps a contract that the others break."""
    left_behind("openai3.19.1", "3.19.1", seen="lower-case")
    left_behind("openai1.9.0", "1.9.0", BROKEN)
    return left_behind("openai1.10.0", "1.10.0", BROKEN)


def test_environments_are_in_the_order_of_releases(three: Path) -> None:
    assert [one.label for one in merged(three).environments] == ["1.9.0", "1.10.0", "3.19.1"]


def test_ranges_collapse_and_the_first_that_changes_is_marked(three: Path) -> None:
    matrix = merged(three)
    assert ranges(matrix, "group/one") == [("1.9.0 – 3.19.1", "pass", False)]  # noqa: RUF001
    assert ranges(matrix, "group/two") == [
        ("1.9.0 – 1.10.0", "fail", False),  # noqa: RUF001
        ("3.19.1", "pass", True),
    ]
    assert ranges(matrix, "letter-case")[1] == ("3.19.1", "lower-case", True)
    [table] = matrix.tables
    assert [len(column) for column in table.columns] == [2, 1]


def test_each_segment_shows_its_first_environment(three: Path) -> None:
    [row] = (row for row in merged(three).rows if row.id == "group/two")
    assert row.segments[0].shown["evidence"]["findings"]
    assert row.segments[1].shown["evidence"] == {}


@pytest.mark.parametrize(
    ("statuses", "departs", "verdict", "code"),
    [
        pytest.param(None, False, "conformant", 0, id="conformant"),
        pytest.param(BROKEN, False, "broken", 1, id="broken"),
        pytest.param({"group/one": "error"}, False, "broken", 1, id="error"),
        pytest.param(None, True, "conformant", 1, id="the SDK departs"),
    ],
)
def test_one_verdict_for_all(
    left_behind: Leave, statuses: dict[str, str], verdict: str, code: int, *, departs: bool
) -> None:
    left_behind("openai1.0.0", "1.0.0")
    matrix = merged(left_behind("openai2.0.0", "2.0.0", statuses, departs=departs))
    assert (matrix.verdict, matrix.exit_code, matrix.problems) == (verdict, code, ())
    assert [row.id for row in matrix.departing] == ["letter-case"] * departs


@pytest.mark.parametrize(
    ("name", "openai", "label"),
    [
        pytest.param("openai1.0.0", "1.0.0", "1.0.0", id="plain"),
        pytest.param("py312-openai1.0.0", "1.0.0", "1.0.0 py312", id="python"),
        pytest.param("openai2.54.0-httpx2", "2.54.0", "2.54.0 httpx2", id="variant"),
        pytest.param("openailatest", "3.54.0", "3.54.0 latest", id="latest"),
        pytest.param("nightly", "3.54.0", "3.54.0 nightly", id="another name"),
    ],
)
def test_a_label_tells_environments_apart(
    left_behind: Leave, name: str, openai: str, label: str
) -> None:
    assert [one.label for one in merged(left_behind(name, openai)).environments] == [label]


def test_an_environment_without_the_sdk_is_called_by_its_name(left_behind: Leave) -> None:
    folder = left_behind("other", "")
    assert merged(folder / "other.json").environments[0].label == "other"


def test_an_sdk_that_only_the_handler_tells_of_is_known(left_behind: Leave) -> None:
    folder = left_behind("o", "3.9.0", handler={"language": "python 3.12.1", "sdk": "openai 3.9.0"})
    [one] = merged(folder).environments
    assert (one.label, one.sdk, one.runtime) == ("3.9.0 o", "python", "3.12.1")


def test_a_truncated_file_is_named_and_not_merged(three: Path) -> None:
    path = three / "openai1.10.0.json"
    path.write_text(path.read_text(encoding="utf-8")[:300], encoding="utf-8")
    matrix = merged(three)
    [problem] = matrix.problems
    assert problem.startswith(f"openai1.10.0: {path} is not whole JSON (line 1: ")
    assert (matrix.verdict, matrix.exit_code) == ("incomplete", 1)
    assert ranges(matrix, "group/two") == [
        ("1.9.0", "fail", False),
        ("1.10.0", "no result", False),
        ("3.19.1", "pass", True),
    ]


def test_a_gap_is_no_change(three: Path) -> None:
    three.joinpath("openai1.10.0.json").unlink()
    matrix = merged(three)
    assert matrix.problems == ("openai1.10.0: there are probes, but no result of the contracts",)
    assert ranges(matrix, "group/one") == [
        ("1.9.0", "pass", False),
        ("1.10.0", "no result", False),
        ("3.19.1", "pass", False),
    ]
    assert not next(row for row in matrix.rows if row.id == "group/one").changes


def test_two_results_for_one_environment_are_both_left_out(left_behind: Leave) -> None:
    first = left_behind("openai1.0.0", "1.0.0")
    second = left_behind("openai1.0.0", "1.0.0", BROKEN, folder="again")
    left_behind("openai2.0.0", "2.0.0")
    matrix = merged(first, second)
    files = f"{first / 'openai1.0.0.json'} and {second / 'openai1.0.0.json'}"
    assert f"openai1.0.0: 2 results ({files}); none of them is shown" in matrix.problems
    assert ranges(matrix, "group/two")[0] == ("1.0.0", "no result", False)
    assert matrix.verdict == "incomplete"


def test_the_same_file_named_twice_is_one(three: Path) -> None:
    assert merged(three, three / "openai1.9.0.json").problems == ()


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        pytest.param({"digest": "f" * 16}, "digest ffffffffffffffff", id="digest"),
        pytest.param({"requirements": "2026-11"}, "requirements 2026-11 instead of all", id="set"),
        pytest.param({"version": "9.0"}, "suite version 9.0 instead of 1.2.3", id="version"),
        pytest.param({"header": "X-A-Session-ID"}, "header X-A-Session-ID", id="header"),
        pytest.param({"seed": 1}, "seed 1 instead of 2026", id="seed"),
    ],
)
def test_what_was_judged_by_other_demands_is_left_out(
    three: Path, left_behind: Leave, suite: dict[str, object], told: str
) -> None:
    left_behind("openai2.0.0", "2.0.0", **suite)
    matrix = merged(three)
    [problem] = matrix.problems
    assert problem.startswith("openai2.0.0: judged by other demands than most (")
    assert told in problem
    assert ("2.0.0", "no result", False) in ranges(matrix, "group/one")
    assert matrix.demands["digest"] == "0123456789abcdef"


def test_a_result_of_another_sdk_than_its_name_says_is_left_out(left_behind: Leave) -> None:
    matrix = merged(left_behind("openai1.0.0", "3.54.0"))
    assert matrix.problems == (
        (
            "openai1.0.0: not one openai, but 3.54.0 in the result, 3.54.0 in the probes, "
            "1.0.0 in the name; it is not shown"
        ),
    )
    assert matrix.rows == ()


def test_probes_of_another_sdk_than_the_result_are_left_out(left_behind: Leave) -> None:
    folder = left_behind("nightly", "3.54.0")
    other = left_behind("other", "1.0.0", folder="other")
    other.joinpath("other.probes.json").replace(folder / "nightly.probes.json")
    [problem] = merged(folder).problems
    assert "3.54.0 in the result, 1.0.0 in the probes" in problem


def test_probes_that_are_missing_are_named(three: Path) -> None:
    three.joinpath("openai1.9.0.probes.json").unlink()
    assert merged(three).problems == (
        "openai1.9.0: there is a result, but no probes as for the others",
    )


def test_results_without_any_probes_are_whole(three: Path) -> None:
    assert merged(*three.glob("*[0-9].json")).problems == ()


def test_an_incomplete_run_is_named(three: Path, left_behind: Leave) -> None:
    left_behind("openai2.0.0", "2.0.0", {"group/one": "pass", "group/two": "not-run"})
    matrix = merged(three)
    assert matrix.problems == ("openai2.0.0: the run is incomplete, contracts not run: 1",)
    assert matrix.verdict == "incomplete"


def test_what_is_expected_must_be_there(three: Path) -> None:
    matrix = merged(three, expected=("openai1.9.0", "openai3.54.0"))
    assert matrix.problems == ("openai3.54.0: expected, but there is no result",)
    assert matrix.environments[-1].label == "3.54.0"
    assert ranges(matrix, "group/one")[-1] == ("3.54.0", "no result", False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{}", "is not what `check --json` writes: ", id="no result"),
        pytest.param('"text"', "is not what `check --json` writes: ", id="no object"),
        pytest.param("", "is not whole JSON", id="empty"),
        pytest.param("\udcff", "cannot be read", id="not UTF-8"),
    ],
)
def test_a_file_that_is_no_result_is_named(three: Path, text: str, told: str) -> None:
    path = three / "openai1.9.0.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    [problem] = merged(three).problems
    assert f"{path} {told}" in problem


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param({}, "it holds no probes", id="none"),
        pytest.param({"probes": [{"id": "a"}]}, "a probe lacks departs, expected", id="fields"),
        pytest.param({"probes": ["a"]}, "a probe lacks ", id="no object"),
    ],
)
def test_a_file_that_is_no_probes_is_named(
    three: Path, document: dict[str, object], told: str
) -> None:
    path = three / "openai1.9.0.probes.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    [problem] = merged(three).problems
    assert f"is not what `probe --json` writes: {told}" in problem


def test_nothing_but_problems_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "openai1.0.0.json"
    path.write_text("{", encoding="utf-8")
    matrix = merged(path)
    assert (matrix.verdict, matrix.rows, len(matrix.environments)) == ("incomplete", (), 1)


@pytest.fixture
def both(three: Path, left_by_node: Leave) -> Path:
    """Leave three environments of the Python SDK and two of the npm package behind."""
    left_by_node("7.57.0", seen="lower-case")
    left_by_node("4.104.0", BROKEN)
    return three


def test_no_range_reaches_from_one_sdk_to_the_other(both: Path) -> None:
    matrix = merged(both)
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
    python, node = merged(both).tables
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
    matrix = merged(both)
    [problem] = matrix.problems
    assert problem.startswith("node5.0.0: judged by other demands than most (handler name x ")
    assert ("5.0.0", "no result") in [
        (one.range, one.value) for row in matrix.tables[1].rows for one in row.segments
    ]


def test_other_demands_than_most_are_told_across_sdks(three: Path, left_by_node: Leave) -> None:
    left_by_node("7.57.0", name="nightly", digest="f" * 16)
    matrix = merged(three)
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
    matrix = merged(left_by_node("7.57.0", name=name))
    assert matrix.problems == ()
    assert [(one.sdk, one.label) for one in matrix.environments] == [("node", label)]


def test_an_npm_package_is_known_by_its_name(left_behind: Leave) -> None:
    rest = {"language": "", "sdk": ""}
    [one] = merged(left_behind("node7.57.0", "7.57.0", handler=rest)).environments
    assert (one.sdk, one.openai, one.runtime) == ("node", "7.57.0", "")


def test_an_npm_package_of_another_release_than_its_name_is_left_out(left_by_node: Leave) -> None:
    matrix = merged(left_by_node("7.57.0", name="node4.0.0"))
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
    matrix = merged(left_by_node("1.0.0", name="openai1.0.0"))
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
    assert merged(both).problems == ()
    both.joinpath("openai1.9.0.probes.json").unlink()
    assert [one.partition(":")[0] for one in merged(both).problems] == ["openai1.9.0"]


def test_what_is_expected_of_an_sdk_stands_among_its_environments(both: Path) -> None:
    python, node = merged(both, expected=("node5.0.0",)).tables
    assert [one.label for one in node.environments] == ["4.104.0", "5.0.0", "7.57.0"]
    assert len(python.environments) == 3
