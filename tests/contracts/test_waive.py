from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._config import read_config
from litellm_contracts._errors import UsageError
from litellm_contracts._waive import new_entries, write_waivers

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "presence/first-turn", "recognition/id-not-in-body"
FOR_NOW: dict[str, Any] = {"reason": "for now", "issue": None, "until": None}


def test_what_fails_is_written_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('# ours\n[tool.other]\nkey = "kept"  # why\n', encoding="utf-8")
    until = dt.date(2099, 1, 31)
    write_waivers(new_entries([FIRST], reason="for now", issue="#12", until=until), path)
    written = path.read_text(encoding="utf-8")
    assert written.startswith('# ours\n[tool.other]\nkey = "kept"  # why\n')
    [waiver] = tomllib.loads(written)["tool"]["litellm-contracts"]["waivers"]
    assert waiver == {"id": FIRST, "reason": "for now", "issue": "#12", "until": until}


@pytest.mark.parametrize(
    ("before", "reasons"),
    [
        pytest.param("", ["for now", "for now"], id="no file"),
        pytest.param('[tool.litellm-contracts]\nprofile = "zoo"\n', ["for now"] * 2, id="a table"),
        pytest.param(
            "[tool.litellm-contracts]\n"
            'waivers = [{id = "absence/no-metadata", reason = "old"}]  # one\n',
            ["old", "for now", "for now"],
            id="inline",
        ),
        pytest.param(
            "[[tool.litellm-contracts.waivers]]\n"
            f'id = "{FIRST}"\nreason = "old"\nopenai = "<2"\n\n'
            "[[tool.litellm-contracts.waivers]]\n"
            f'id = "{FIRST}"\nreason = "new"\nopenai = ">=2,<3"\n\n'
            "[[tool.litellm-contracts.waivers]]\n"
            'id = "absence/no-metadata"\nreason = "old"\n',
            ["old", "for now", "for now"],
            id="in place of those with conditions",
        ),
    ],
)
def test_what_was_written_is_read_again(tmp_path: Path, before: str, reasons: list[str]) -> None:
    path = tmp_path / "pyproject.toml"
    if before:
        path.write_text(before, encoding="utf-8")
    write_waivers(new_entries([FIRST, SECOND], **FOR_NOW), path)
    assert [waiver.reason for waiver in read_config(tmp_path).waivers] == reasons


def test_a_file_to_which_nothing_can_be_added_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    before = 'tool = { litellm-contracts = { profile = "zoo" } }\n'
    path.write_text(before, encoding="utf-8")
    with pytest.raises(UsageError, match="as it is laid out"):
        write_waivers(new_entries([FIRST], **FOR_NOW), path)
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"reason": " "}, "a reason is required", id="blank"),
        pytest.param({"until": dt.date(2020, 1, 1)}, "it expired on 2020-01-01", id="over"),
    ],
)
def test_an_entry_that_would_be_refused_is_not_made(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        new_entries([FIRST], **{**FOR_NOW, **given})
