from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from litellm_contracts._cli import main
from litellm_contracts._errors import UsageError
from litellm_contracts._matrix import LABELS, load_matrix
from litellm_contracts._matrix_sections import SECTIONS, jobs, write_sections

ROOT = Path(__file__).parents[2]
MATRIX = load_matrix()


@pytest.mark.parametrize("name", ["tox.ini", "docs/matrix.md"])
def test_what_is_written_from_the_list_is_as_the_list(name: str) -> None:
    text = ROOT.joinpath(name).read_text(encoding="utf-8")
    assert write_sections(text, MATRIX, name) == text


def test_every_section_is_somewhere() -> None:
    texts = [
        ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("tox.ini", "docs/matrix.md")
    ]
    assert set(re.findall(r">>> matrix: ([\w-]+)", "".join(texts))) == set(SECTIONS)


def test_no_release_of_tox_ini_is_outside_the_list() -> None:
    tox = configparser.RawConfigParser(strict=False)
    tox.read_string(ROOT.joinpath("tox.ini").read_text(encoding="utf-8"))
    named = re.findall(r"openai(?:\[\w+\])?==([\d.]+)", tox["testenv"]["deps"])
    assert sorted(named) == sorted(one.openai for one in MATRIX.of("python"))
    listed = re.findall(r"\d+\.\d+\.\d+", tox["tox"]["env_list"])
    assert sorted(listed) == sorted(named)


def test_the_readme_counts_the_list() -> None:
    releases = MATRIX.of("python")
    told = f"{len(releases)} environments from openai {releases[0].openai} to {releases[-1].openai}"
    assert told in ROOT.joinpath("README.md").read_text(encoding="utf-8")


def test_the_ci_sets_up_the_pythons_of_the_list() -> None:
    text = ROOT.joinpath(".github", "workflows", "ci.yml").read_text(encoding="utf-8")
    (setup,) = [
        step["with"]["python-version"]
        for step in yaml.safe_load(text)["jobs"]["ends"]["steps"]
        if "setup-python" in step.get("uses", "")
    ]
    assert setup.split() == [*MATRIX.pythons, *MATRIX.other_pythons]


@pytest.mark.parametrize("language", ["python", "node"])
def test_the_list_holds_the_ends_of_each_major_in_order(language: str) -> None:
    releases = MATRIX.of(language)  # type: ignore[arg-type]
    versions = [Version(one.openai) for one in releases]
    assert versions == sorted(versions)
    assert len({one.name for one in releases}) == len(releases)
    assert all(one.why for one in releases)
    assert {label for one in releases for label in one.labels} <= set(LABELS)
    assert [one.openai for one in releases if one.moves == "newest"] == [str(versions[-1])]
    for major in {version.major for version in versions}:
        assert Version(f"{major}.0.0") in versions
        last = max(version for version in versions if version.major == major)
        assert all(one.moves for one in releases if Version(one.openai) == last)


def test_a_job_names_what_is_installed() -> None:
    first = {"name": "openai1.0.0", "openai": "1.0.0", "python": "3.11"}
    assert jobs(MATRIX, "python")[0] == {**first, "pins": ["openai==1.0.0", "httpx<0.28"]}
    assert len(jobs(MATRIX, "python")) == len(MATRIX.of("python"))
    assert {"openai[httpx2]==2.54.0"} in [{*one["pins"]} for one in jobs(MATRIX, "python")]
    node = {"name": "node4.0.0", "openai": "4.0.0", "pins": ["openai@4.0.0"]}
    assert jobs(MATRIX, "node")[0] == node


def test_the_ends_run_on_other_pythons_too() -> None:
    found = jobs(MATRIX, "python", "ends")
    names = [one["name"] for one in found if one["openai"] == "1.0.0"]
    assert names == ["openai1.0.0", "py312-openai1.0.0", "py313-openai1.0.0"]
    assert [one["python"] for one in found if one["openai"] == "1.0.0"] == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize(
    ("version", "installed"),
    [
        pytest.param("1.0.0", ["openai==1.0.0", "httpx<0.28"], id="listed"),
        pytest.param("1.30.1", ["openai==1.30.1", "httpx<0.28"], id="between"),
        pytest.param("2.54.0", ["openai==2.54.0"], id="not its variant"),
        pytest.param("99.0.0", ["openai==99.0.0"], id="newer"),
        pytest.param("latest", ["openai"], id="latest"),
    ],
)
def test_any_release_has_its_pins(
    capsys: pytest.CaptureFixture[str], version: str, installed: list[str]
) -> None:
    assert main(["matrix", "pins", version]) == 0
    assert capsys.readouterr().out.splitlines() == installed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[tox]\n", "has no marked section", id="none"),
        pytest.param(
            "# >>> matrix: label\n# <<< matrix\n", "did you mean 'labels'?", id="unknown section"
        ),
        pytest.param("# >>> matrix: labels\n", "has no marked section", id="no end"),
    ],
)
def test_a_file_without_its_sections_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        write_sections(text, MATRIX, "tox.ini")


def test_only_what_is_marked_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tox.ini"
    before = "# mine\n[tox]\nlabels =\n    # >>> matrix: labels\n"
    after = "    # <<< matrix\nmine = 1\n"
    text = f"{before}    old = x\n{after}"
    path.write_text(text, encoding="utf-8")
    assert main(["matrix", "write", str(path)]) == 0
    written = path.read_text(encoding="utf-8")
    assert written.startswith(f"{before}    quick = ")
    assert written.endswith(f"}}\n{after}")
    assert "old = x" not in written
    assert main(["matrix", "write", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: written\n{path}: as it should be\n"


def test_the_list_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "--label", "quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(MATRIX.of("python", "quick"))
    assert lines[0].startswith("openai==1.0.0 httpx<0.28  lowest supported")
    assert main(["matrix", "--github", "--label", "quick"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"include": jobs(MATRIX, "python", "quick")}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--label", "quik"], "did you mean 'quick'?", id="label"),
        pytest.param(["pins", "0.28.1"], "the lowest is 1.0.0", id="too old"),
        pytest.param(["pins", "1.x"], "'1.x' is no version", id="no version"),
        pytest.param(["write", "no/tox.ini"], "cannot read no/tox.ini: No such file", id="file"),
        pytest.param(["update", "--file", "no.toml"], "cannot read no.toml: ", id="list"),
    ],
)
def test_a_wrong_command_line_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["matrix", *arguments]) == 2
    assert told in capsys.readouterr().err
