"""In which order environments stand, what they are called, and which ranges they make."""

from __future__ import annotations

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


def test_environments_are_in_the_order_of_releases(three: Path) -> None:
    assert [one.label for one in merged([three]).environments] == ["1.9.0", "1.10.0", "3.19.1"]


def test_ranges_collapse_and_the_first_that_changes_is_marked(three: Path, ranges: Ranges) -> None:
    matrix = merged([three])
    assert ranges(matrix, "group/one") == [("1.9.0 – 3.19.1", "pass", False)]  # noqa: RUF001
    assert ranges(matrix, "group/two") == [
        ("1.9.0 – 1.10.0", "fail", False),  # noqa: RUF001
        ("3.19.1", "pass", True),
    ]
    assert ranges(matrix, "letter-case")[1] == ("3.19.1", "lower-case", True)
    [table] = matrix.tables
    assert [len(column) for column in table.columns] == [2, 1]


def test_each_segment_shows_its_first_environment(three: Path) -> None:
    [row] = (row for row in merged([three]).rows if row.id == "group/two")
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
    matrix = merged([left_behind("openai2.0.0", "2.0.0", statuses, departs=departs)])
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
    assert [one.label for one in merged([left_behind(name, openai)]).environments] == [label]


def test_an_environment_without_the_sdk_is_called_by_its_name(left_behind: Leave) -> None:
    folder = left_behind("other", "")
    assert merged([folder / "other.json"]).environments[0].label == "other"


def test_an_sdk_that_only_the_handler_tells_of_is_known(left_behind: Leave) -> None:
    folder = left_behind("o", "3.9.0", handler={"language": "python 3.12.1", "sdk": "openai 3.9.0"})
    [one] = merged([folder]).environments
    assert (one.label, one.sdk, one.runtime) == ("3.9.0 o", "python", "3.12.1")


def test_a_gap_is_no_change(three: Path, ranges: Ranges) -> None:
    three.joinpath("openai1.10.0.json").unlink()
    matrix = merged([three])
    assert matrix.problems == ("openai1.10.0: there are probes, but no result of the contracts",)
    assert ranges(matrix, "group/one") == [
        ("1.9.0", "pass", False),
        ("1.10.0", "no result", False),
        ("3.19.1", "pass", False),
    ]
    assert not next(row for row in matrix.rows if row.id == "group/one").changes
