from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from litellm_contracts._cli import main
from litellm_contracts._matrix import load_matrix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._matrix import Language

    Leave = Callable[..., Path]

BROKEN = {"group/one": "pass", "group/two": "fail"}
SCHEMA = json.loads(
    files("litellm_contracts").joinpath("reports/matrix-1.schema.json").read_text(encoding="utf-8")
)


def badge(folder: Path, *arguments: str) -> dict[str, object]:
    """Merge, and return the badge."""
    main(["matrix", "merge", str(folder), "--badge", "badge.json", *arguments])
    with open("badge.json", encoding="utf-8") as file:  # noqa: PTH123 - the tests' own folder
        return json.load(file)  # type: ignore[no-any-return]


def test_every_format_is_written_at_once(
    left_behind: Leave, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind("openai1.0.0", "1.0.0", BROKEN)
    folder = left_behind("openai3.0.0", "3.0.0", seen="lower-case")
    formats = ("html", "markdown", "json", "badge")
    options = [word for one in formats for word in (f"--{one}", f"out/m.{one}")]
    assert main(["matrix", "merge", str(folder), *options]) == 1
    told = {one: tmp_path.joinpath(f"out/m.{one}").read_text(encoding="utf-8") for one in formats}
    assert told["html"].startswith("<!doctype html>")
    assert told["markdown"].startswith("# Compatibility\n")
    assert json.loads(told["json"])["verdict"] == "broken"
    assert capsys.readouterr().out.splitlines()[2:5] == [
        "group/two",
        "  1.0.0    ✗ fail",
        "  ◆ 3.0.0  ✓ pass",
    ]


@pytest.mark.parametrize(
    ("statuses", "expect", "message", "color"),
    [
        pytest.param(None, [], "openai 1.0.0 – 2.0.0", "brightgreen", id="green"),  # noqa: RUF001
        pytest.param(BROKEN, [], "broken with 1 of 2", "red", id="red"),
        pytest.param(None, ["--expect", "other"], "incomplete", "lightgrey", id="grey"),
        pytest.param(
            BROKEN, ["--expect", "x"], "incomplete, broken with 1 of 3", "lightgrey", id="both"
        ),
    ],
)
def test_the_badge_is_grey_where_something_is_missing(
    left_behind: Leave, statuses: dict[str, str], expect: list[str], message: str, color: str
) -> None:
    left_behind("openai1.0.0", "1.0.0")
    told = badge(left_behind("openai2.0.0", "2.0.0", statuses), *expect)
    assert told == {
        "schemaVersion": 1,
        "label": "litellm-contracts",
        "message": message,
        "color": color,
        "isError": color == "red",
    }


def test_the_badge_tells_of_both_sdks(left_behind: Leave, left_by_node: Leave) -> None:
    left_behind("openai1.0.0", "1.0.0")
    left_behind("openai2.0.0", "2.0.0")
    left_by_node("4.0.0")
    told = badge(left_by_node("7.57.0"))
    assert told["message"] == "openai 1.0.0 – 2.0.0, npm 4.0.0 – 7.57.0"  # noqa: RUF001
    assert badge(left_by_node("7.0.0", BROKEN))["message"] == "broken with 1 of 5"


@pytest.mark.parametrize(
    ("words", "languages"),
    [
        pytest.param(["matrix"], ["python"], id="Python"),
        pytest.param(["node"], ["node"], id="Node"),
        pytest.param(["matrix", "node"], ["python", "node"], id="both"),
    ],
)
def test_the_list_of_releases_can_be_expected(
    left_behind: Leave,
    left_by_node: Leave,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    languages: list[Language],
) -> None:
    left_behind("openai1.0.0", "1.0.0")
    folder = left_by_node("4.0.0")
    expect = [part for word in words for part in ("--expect", word)]
    assert main(["matrix", "merge", str(folder), *expect]) == 1
    told = capsys.readouterr().out
    names = {one.name for language in languages for one in load_matrix().of(language)}
    missing = [
        f"PROBLEM {one}: expected, but there is no result"
        for one in sorted(names - {"openai1.0.0", "node4.0.0"})
    ]
    assert [one for one in told.splitlines() if one.startswith("PROBLEM")] == missing


def test_the_json_follows_its_schema(left_behind: Leave, tmp_path: Path) -> None:
    left_behind("openai1.0.0", "1.0.0", departs=True)
    folder = left_behind("nightly", "")
    main(["matrix", "merge", str(folder), "--json", "m.json"])
    told = json.loads(tmp_path.joinpath("m.json").read_text(encoding="utf-8"))
    jsonschema_rs.meta.validate(SCHEMA)
    jsonschema_rs.validate(SCHEMA, told)
    assert {one["id"] for one in told["rows"]} == {"group/one", "group/two", "letter-case"}
    assert not jsonschema_rs.is_valid(SCHEMA, told | {"verdict": "fine"})
    assert not jsonschema_rs.is_valid(SCHEMA, told | {"rows": [{"id": "a"}]})


def test_the_json_tells_the_sdk_of_each_environment_and_row(
    left_behind: Leave, left_by_node: Leave, tmp_path: Path
) -> None:
    left_behind("openai1.0.0", "1.0.0")
    folder = left_by_node("7.57.0")
    assert main(["matrix", "merge", str(folder), "--json", "m.json"]) == 0
    told = json.loads(tmp_path.joinpath("m.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(SCHEMA, told)
    assert told["environments"][1] == {
        "name": "node7.57.0",
        "label": "7.57.0",
        "sdk": "node",
        "openai": "7.57.0",
        "python": None,
        "runtime": "Node 20.20.2",
        "verdict": "conformant",
    }
    assert (
        told["environments"][0].items() >= {"python": "3.11.7", "runtime": "Python 3.11.7"}.items()
    )
    assert [row["sdk"] for row in told["rows"]] == ["python"] * 3 + ["node"] * 3
    assert told["judged_by"]["handler name"] == "my:factory, my-node"
    assert told["judged_by"]["handlers"] == {"python": "my:factory", "node": "my-node"}
    assert not jsonschema_rs.is_valid(SCHEMA, told | {"rows": [told["rows"][0] | {"sdk": "go"}]})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["nowhere.json"], "there is no file nowhere.json", id="no file"),
        pytest.param(["."], "there is no *.json file to merge", id="empty folder"),
        pytest.param([".", "--html", "."], "it is a folder", id="output"),
    ],
)
def test_a_wrong_command_line_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["matrix", "merge", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_list_is_still_printed_without_an_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "--label", "quick"]) == 0
    assert "openai==1.0.0" in capsys.readouterr().out
