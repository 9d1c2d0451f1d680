"""What is named as a problem: files that cannot be read, results that do not belong together."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._merge_read import merge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._merge import Merged

    Leave = Callable[..., Path]
    Ranges = Callable[[Merged, str], list[tuple[str, str, bool]]]

BROKEN = {"group/one": "pass", "group/two": "fail"}
merged = partial(merge, date="2026-11-23")


def test_a_truncated_file_is_named_and_not_merged(three: Path, ranges: Ranges) -> None:
    path = three / "openai1.10.0.json"
    path.write_text(path.read_text(encoding="utf-8")[:300], encoding="utf-8")
    matrix = merged([three])
    [problem] = matrix.problems
    assert problem.startswith(f"openai1.10.0: {path} is not whole JSON (line 1: ")
    assert (matrix.verdict, matrix.exit_code) == ("incomplete", 1)
    assert ranges(matrix, "group/two") == [
        ("1.9.0", "fail", False),
        ("1.10.0", "no result", False),
        ("3.19.1", "pass", True),
    ]


def test_two_results_for_one_environment_are_both_left_out(
    left_behind: Leave, ranges: Ranges
) -> None:
    first = left_behind("openai1.0.0", "1.0.0")
    second = left_behind("openai1.0.0", "1.0.0", BROKEN, folder="again")
    left_behind("openai2.0.0", "2.0.0")
    matrix = merged([first, second])
    files = f"{first / 'openai1.0.0.json'} and {second / 'openai1.0.0.json'}"
    assert f"openai1.0.0: 2 results ({files}); none of them is shown" in matrix.problems
    assert ranges(matrix, "group/two")[0] == ("1.0.0", "no result", False)
    assert matrix.verdict == "incomplete"


def test_the_same_file_named_twice_is_one(three: Path) -> None:
    assert merged([three, three / "openai1.9.0.json"]).problems == ()


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
    three: Path, left_behind: Leave, suite: dict[str, object], told: str, ranges: Ranges
) -> None:
    left_behind("openai2.0.0", "2.0.0", **suite)
    matrix = merged([three])
    [problem] = matrix.problems
    assert problem.startswith("openai2.0.0: judged by other demands than most (")
    assert told in problem
    assert ("2.0.0", "no result", False) in ranges(matrix, "group/one")
    assert matrix.demands["digest"] == "0123456789abcdef"


def test_a_result_of_another_sdk_than_its_name_says_is_left_out(left_behind: Leave) -> None:
    matrix = merged([left_behind("openai1.0.0", "3.54.0")])
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
    [problem] = merged([folder]).problems
    assert "3.54.0 in the result, 1.0.0 in the probes" in problem


def test_probes_that_are_missing_are_named(three: Path) -> None:
    three.joinpath("openai1.9.0.probes.json").unlink()
    assert merged([three]).problems == (
        "openai1.9.0: there is a result, but no probes as for the others",
    )


def test_results_without_any_probes_are_whole(three: Path) -> None:
    assert merged([*three.glob("*[0-9].json")]).problems == ()


def test_an_incomplete_run_is_named(three: Path, left_behind: Leave) -> None:
    left_behind("openai2.0.0", "2.0.0", {"group/one": "pass", "group/two": "not-run"})
    matrix = merged([three])
    assert matrix.problems == ("openai2.0.0: the run is incomplete, contracts not run: 1",)
    assert matrix.verdict == "incomplete"


def test_what_is_expected_must_be_there(three: Path, ranges: Ranges) -> None:
    matrix = merged([three], expected=("openai1.9.0", "openai3.54.0"))
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
    [problem] = merged([three]).problems
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
    [problem] = merged([three]).problems
    assert f"is not what `probe --json` writes: {told}" in problem


def test_nothing_but_problems_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "openai1.0.0.json"
    path.write_text("{", encoding="utf-8")
    matrix = merged([path])
    assert (matrix.verdict, matrix.rows, len(matrix.environments)) == ("incomplete", (), 1)
