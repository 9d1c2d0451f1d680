from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._config import read_config
from litellm_contracts._model import Level, Report, Result, Status
from litellm_contracts._waive import write_waivers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def report() -> Report:
    """Return a report in which the first of three contracts is broken, the second warned."""
    ids = ["presence/first-turn", "recognition/id-not-in-body", "absence/no-metadata"]
    statuses = [Status.FAIL, Status.WARN, Status.PASS]
    results = tuple(
        Result(id=one, level=Level.MUST, status=status, requirement="It holds.")
        for one, status in zip(ids, statuses, strict=True)
    )
    return Report(results=results, suite={}, handler={}, environment={})


def test_what_fails_is_written_and_the_rest_of_the_file_stays(
    tmp_path: Path, report: Report
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('# ours\n[tool.other]\nkey = "kept"  # why\n', encoding="utf-8")
    until = dt.date(2099, 1, 31)
    added = write_waivers(report, path, reason="for now", issue="#12", until=until)
    written = path.read_text(encoding="utf-8")
    assert list(added) == ["presence/first-turn", "recognition/id-not-in-body"]
    assert written.startswith('# ours\n[tool.other]\nkey = "kept"  # why\n')
    waivers = tomllib.loads(written)["tool"]["litellm-contracts"]["waivers"]
    assert waivers[0] == {
        "id": "presence/first-turn",
        "reason": "for now",
        "issue": "#12",
        "until": until,
    }


def test_what_was_written_is_read_again(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.litellm-contracts]\nprofile = "zoo"\n', encoding="utf-8")
    write_waivers(report, path, reason="for now", issue=None, until=None)
    config = read_config(tmp_path)
    assert config.profile == "zoo"
    assert [waiver.reason for waiver in config.waivers] == ["for now", "for now"]


def test_nothing_is_written_when_nothing_fails(tmp_path: Path) -> None:
    report = Report(results=(), suite={}, handler={}, environment={})
    path = tmp_path / "pyproject.toml"
    assert write_waivers(report, path, reason="for now", issue=None, until=None) == []
    assert not path.exists()
