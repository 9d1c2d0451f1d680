from __future__ import annotations

import json
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from litellm_contracts import _probes
from litellm_contracts._cli import main
from litellm_contracts._errors import HandlerError, UsageError
from litellm_contracts._matrix import load_matrix
from litellm_contracts._probes import PROBES, held_against, read_history, run_probes

if TYPE_CHECKING:
    from pathlib import Path

OLDEST = {"openai": "1.0.0", "openai-node": "4.0.0"}
"""The first release that each history speaks of."""
HISTORY = [
    pytest.param(entry, oldest, id=f"{name} {entry['id']}")
    for name, oldest in OLDEST.items()
    for entry in read_history(name)
]
EDGES = {
    edge
    for name in OLDEST
    for entry in read_history(name)
    for row in entry["history"]
    for edge in re.findall(r"[\d.]+", row["openai"])
}
RELEASES = sorted(
    {"1.0.0", "1.999.0", "2.0.0", "3.54.0", "99.0.0", *EDGES}
    | {f"{edge}.post1" for edge in EDGES}
    | {f"{Version(edge).major}.{max(Version(edge).minor - 1, 0)}.99" for edge in EDGES}
    | {release.openai for release in load_matrix().releases},
    key=Version,
)


def test_every_probe_has_a_history_and_every_history_a_probe() -> None:
    assert [entry["id"] for entry in read_history()] == list(PROBES)


@pytest.mark.parametrize(("entry", "oldest"), HISTORY)
def test_a_history_says_one_thing_of_each_release(entry: dict[str, Any], oldest: str) -> None:
    releases = [one for one in RELEASES if Version(one) >= Version(oldest)]
    counts = {
        release: sum(SpecifierSet(row["openai"]).contains(release) for row in entry["history"])
        for release in releases
    }
    assert counts == dict.fromkeys(releases, 1)


@pytest.mark.parametrize(("entry", "oldest"), HISTORY)
def test_a_history_is_told_in_order_and_with_its_source(entry: dict[str, Any], oldest: str) -> None:
    starts = [Version(re.findall(r">=([\d.]+)", row["openai"])[0]) for row in entry["history"]]
    assert starts == sorted(starts)
    assert starts[0] == Version(oldest)
    assert entry["link"].startswith("https://")
    assert entry["fact"].endswith(".")
    assert entry["reason"].endswith(".")


def test_the_ids_of_a_history_are_told_once() -> None:
    ids = [entry["id"] for entry in read_history("openai-node")]
    assert len(set(ids)) == len(ids) == 8


def test_the_installed_sdk_is_as_known() -> None:
    results = run_probes()
    assert [result.id for result in results] == list(PROBES)
    assert {result.openai for result in results} == {metadata.version("openai")}
    assert [(one.id, one.expected, one.seen) for one in results if one.departs] == []


@pytest.mark.parametrize(
    ("openai", "seen", "expected"),
    [
        pytest.param("4.104.0", "x-zoo-session-id: a", "x-zoo-session-id: a", id="as known"),
        pytest.param("5.23.2", "x-zoo-session-id: a", "X-Zoo-Session-ID: a", id="departs"),
    ],
)
def test_what_is_seen_is_held_against_a_release_s_history(
    openai: str, seen: str, expected: str
) -> None:
    [entry] = (one for one in read_history("openai-node") if one["id"] == "header-letter-case")
    [result] = held_against([entry], openai, {"header-letter-case": seen})
    assert (result.openai, result.seen, result.expected) == (openai, seen, expected)
    assert result.departs == (seen != expected)


@pytest.fixture
def only_one(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Leave one probe, which sees what the returned dictionary says."""
    seen = {"says": "2 lines"}
    entry = {
        "id": "lines",
        "fact": "Lines.",
        "link": "https://example.com",
        "reason": "Because.",
        "history": [{"openai": ">=1.0.0", "seen": "2 lines"}],
    }
    monkeypatch.setattr(_probes, "read_history", lambda: [entry])
    monkeypatch.setattr(_probes, "PROBES", {"lines": lambda _: seen["says"]})
    return seen


@pytest.mark.usefixtures("only_one")
def test_what_is_as_known_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--json", str(tmp_path / "seen.json")]) == 0
    assert capsys.readouterr().out.split() == ["as", "known", "lines", "2", "lines"]
    told = json.loads(tmp_path.joinpath("seen.json").read_text(encoding="utf-8"))
    assert told["schema_version"] == 1
    assert told["probes"][0].items() >= {"id": "lines", "seen": "2 lines", "departs": False}.items()


def test_a_departure_is_told_and_exits_with_1(
    only_one: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only_one["says"] = "3 lines"
    assert main(["probe", "--json", str(tmp_path / "seen.json")]) == 1
    told = capsys.readouterr().out
    assert told.startswith("DEPARTS")
    assert f"openai {metadata.version('openai')}: expected 2 lines. Because." in told
    [probe] = json.loads(tmp_path.joinpath("seen.json").read_text(encoding="utf-8"))["probes"]
    assert (probe["departs"], probe["seen"]) == (True, "3 lines")


@pytest.mark.parametrize("release", ["0.28.1", None])
def test_no_sdk_to_probe_is_told(monkeypatch: pytest.MonkeyPatch, release: str | None) -> None:
    def version(name: str) -> str:
        if release is None:
            raise metadata.PackageNotFoundError(name)
        return release

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(HandlerError, match=r"^probes need "):
        run_probes()


@pytest.mark.usefixtures("only_one")
def test_a_probe_is_chosen_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "lines"]) == 0
    assert main(["probe", "line"]) == 2
    assert "no probe is called 'line'; did you mean 'lines'?" in capsys.readouterr().err


def test_some_probes_are_run_in_the_order_of_the_history() -> None:
    results = run_probes(["header-letter-case", "custom-headers-variable", "header-value-empty"])
    told = [(result.id, result.seen) for result in results]
    assert told == [
        ("header-letter-case", "lower-case"),
        ("header-value-empty", "sent as ''"),
        ("custom-headers-variable", "sent"),
    ]
    with pytest.raises(UsageError, match="header-letter-case"):
        run_probes(["header-letter-cas"])


def test_a_probe_that_breaks_is_a_finding(only_one: dict[str, str]) -> None:
    only_one.clear()
    [result] = run_probes()
    assert result.departs
    assert result.seen == "the probe itself failed: KeyError: 'says'"
