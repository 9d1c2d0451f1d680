from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts import _options, _reuse
from litellm_contracts._cli import main
from litellm_contracts._config import read_config
from litellm_contracts._reuse import earlier, inputs_of_check, inputs_of_probes, installed_packages
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Check = Callable[..., tuple[int, str, str]]

RECORD = """thing.py,sha256=abc,10
thing-1.0.dist-info/direct_url.json,sha256=def,10
thing-1.0.dist-info/RECORD,,
"""
WHEEL = {"url": "file:///somewhere/thing-1.0-py3-none-any.whl", "archive_info": {}}
EDITABLE = {"url": "file:///somewhere", "dir_info": {"editable": True}}


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that notes a package as an installer does; it returns the folder."""

    def note(origin: dict[str, Any] | None, record: str = RECORD) -> Path:
        folder = tmp_path / "site-packages"
        place = folder / "thing-1.0.dist-info"
        place.mkdir(parents=True)
        place.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        place.joinpath("RECORD").write_text(record)
        if origin is not None:
            place.joinpath("direct_url.json").write_text(json.dumps(origin))
        return folder

    return note


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Take these packages for the installed ones: the project may be so in editable mode."""
    found = [("thing", "1.0", "")]
    monkeypatch.setattr(_reuse, "installed_packages", lambda _: found)
    return found


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return a function that runs two contracts of `check`: exit code, output and errors."""
    monkeypatch.setattr(_options, "all_contracts", lambda: all_contracts()[:2])

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", "--jobs", "1", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def digest(tmp_path: Path, *depends: Path, **flags: object) -> str:
    """Return the digest of a run of `check` with these flags."""
    return inputs_of_check(read_config(tmp_path, flags), depends).digest


def test_a_release_is_told_by_its_version(install: Callable[..., Path]) -> None:
    assert list(installed_packages([str(install(None))])) == [("thing", "1.0", "")]


def test_a_wheel_of_ones_own_is_told_by_its_files(install: Callable[..., Path]) -> None:
    assert list(installed_packages([str(install(WHEEL))])) == [
        ("thing", "1.0", "thing.py,sha256=abc,10")
    ]


@pytest.mark.parametrize(
    ("origin", "record", "told"),
    [
        pytest.param(EDITABLE, RECORD, "thing is installed in editable mode", id="editable"),
        pytest.param(WHEEL, "", "thing was installed without a record", id="no record"),
    ],
)
def test_what_may_change_unseen_has_no_digest(
    install: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    origin: dict[str, Any],
    record: str,
    told: str,
) -> None:
    monkeypatch.setattr(sys, "path", [str(install(origin, record))])
    inputs = inputs_of_probes([])
    assert inputs.digest == ""
    assert inputs.unknown.startswith(told)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    "flags",
    [
        pytest.param({"seed": 7}, id="seed"),
        pytest.param({"profile": "opencode"}, id="profile"),
        pytest.param({"requirements": "2026-11"}, id="requirements"),
        pytest.param({"litellm": "1.109.1"}, id="litellm"),
        pytest.param({"handler": "pytest:fail"}, id="another handler"),
    ],
)
def test_another_setting_is_another_digest(tmp_path: Path, flags: dict[str, object]) -> None:
    assert digest(tmp_path, **flags) not in {"", digest(tmp_path)}


@pytest.mark.usefixtures("packages")
def test_how_many_processes_judge_does_not_matter(tmp_path: Path) -> None:
    assert digest(tmp_path, jobs=1) == digest(tmp_path, jobs=2)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("name", ["OPENAI_CUSTOM_HEADERS", "https_proxy", "PYTHONPATH"])
def test_another_variable_is_another_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = digest(tmp_path)
    monkeypatch.setenv(name, "another")
    assert digest(tmp_path) != before


def test_another_package_is_another_digest(
    tmp_path: Path, packages: list[tuple[str, str, str]]
) -> None:
    before = digest(tmp_path)
    packages[0] = ("thing", "1.1", "")
    assert digest(tmp_path) != before


@pytest.mark.usefixtures("packages")
def test_waivers_count_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiver = 'id = "presence/first-turn"\nreason = "for now"\n'
    table = "[tool.litellm-contracts]\n[[tool.litellm-contracts.waivers]]\n"
    tmp_path.joinpath("pyproject.toml").write_text(table + waiver)
    before = digest(tmp_path)
    monkeypatch.setattr(_reuse, "today", lambda: "tomorrow")
    assert digest(tmp_path) != before


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    "flags",
    [
        pytest.param({"handler": "handler.py:Handler"}, id="a file"),
        pytest.param({"handler": "no_such_module:Handler"}, id="no package"),
        pytest.param({"handler": "json:loads"}, id="of no installed package"),
        pytest.param({"command": "node contracts.mjs"}, id="a program"),
    ],
)
def test_a_handler_of_unknown_files_has_no_digest(tmp_path: Path, flags: dict[str, object]) -> None:
    inputs = inputs_of_check(read_config(tmp_path, flags), [])
    assert inputs.digest == ""
    assert "name them with --depends PATH" in inputs.unknown


@pytest.mark.usefixtures("packages")
def test_what_another_interpreter_has_is_not_known(tmp_path: Path) -> None:
    flags = {"python": "python", "handler": "pytest:fail"}
    inputs = inputs_of_check(read_config(tmp_path, flags), [tmp_path])
    assert (inputs.digest, inputs.unknown) == (
        "",
        "which packages the other interpreter has is not known",
    )


@pytest.mark.usefixtures("packages")
def test_a_module_beside_it_goes_before_an_installed_one(tmp_path: Path) -> None:
    assert digest(tmp_path, handler="pytest:fail")
    tmp_path.joinpath("pytest.py").touch()
    inputs = inputs_of_check(read_config(tmp_path, {"handler": "pytest:fail"}), [])
    assert (inputs.digest, inputs.unknown[:24]) == ("", "the files of the handler")


@pytest.mark.usefixtures("packages")
def test_the_files_a_handler_depends_on_count(tmp_path: Path) -> None:
    folder = tmp_path / "handler"
    folder.joinpath("__pycache__").mkdir(parents=True)
    file = folder / "handler.mjs"
    file.write_text("one")
    before = digest(tmp_path, folder, command="node handler.mjs")
    folder.joinpath("__pycache__", "handler.pyc").write_text("written by a run")
    assert digest(tmp_path, folder, command="node handler.mjs") == before
    file.write_text("two")
    assert digest(tmp_path, folder, command="node handler.mjs") != before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="no file"),
        pytest.param('{"inputs": "abc"', id="cut off"),
        pytest.param("[]", id="no result"),
        pytest.param('{"inputs": "abd"}', id="other inputs"),
        pytest.param('{"verdict": "conformant"}', id="no inputs"),
    ],
)
def test_only_a_result_of_the_same_inputs_holds(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    assert earlier(path, "abc") is None


def test_without_a_digest_nothing_holds(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"inputs": ""}')
    assert earlier(path, "") is None


@pytest.mark.usefixtures("packages")
def test_a_second_run_reuses_a_conformant_result(check: Check, tmp_path: Path) -> None:
    assert "conformant: 2 pass in " in check("--reuse", "--json", "r.json")[1]
    written = tmp_path.joinpath("r.json").read_bytes()
    code, told, err = check("--reuse", "--json", "r.json")
    assert (code, err) == (0, "")
    assert told.startswith("conformant: 2 pass; nothing has changed since ")
    assert tmp_path.joinpath("r.json").read_bytes() == written


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--reuse", "--seed", "7"], id="another seed"),
        pytest.param(["--reuse", "--junitxml", "r.xml"], id="another report"),
        pytest.param(["--reuse", "--github"], id="annotations"),
        pytest.param([], id="not asked for"),
    ],
)
def test_a_second_run_judges_again(check: Check, arguments: list[str]) -> None:
    check("--reuse", "--json", "r.json")
    code, told, _ = check("--json", "r.json", *arguments)
    assert code == 0
    assert "conformant: 2 pass in " in told


@pytest.mark.usefixtures("packages")
def test_a_broken_result_is_never_reused(check: Check, handlers: Path) -> None:
    handler = handlers / "header_missing.py"
    arguments = (f"{handler}:Handler", "--reuse", "--depends", str(handler), "--json", "r.json")
    assert check(*arguments)[0] == 1
    code, told, _ = check(*arguments)
    assert (code, "FAIL presence/first-turn" in told) == (1, True)


@pytest.mark.usefixtures("packages")
def test_a_part_of_a_run_is_never_reused(check: Check) -> None:
    arguments = ("-k", "first-turn", "--reuse", "--json", "r.json")
    assert check(*arguments)[0] == 1
    code, told, _ = check(*arguments)
    assert (code, told.splitlines()[-1][:10]) == (1, "incomplete")


@pytest.mark.usefixtures("packages")
def test_why_a_result_is_not_reused_is_told(check: Check, handlers: Path) -> None:
    handler = f"{handlers / 'sdk_handler.py'}:Handler"
    _, _, err = check(handler, "--reuse", "--json", "r.json")
    assert "judged again: the files of the handler are not known; name them with" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["check", "--reuse"], "--reuse needs --json F", id="check without json"),
        pytest.param(["probe", "--reuse"], "--reuse needs --json F", id="probe without json"),
        pytest.param(["check", "--depends", "."], "it needs --reuse", id="depends alone"),
        pytest.param(
            ["check", "--reuse", "--json", "r.json", "--depends", "none"],
            "--depends none: there is no such file or folder", id="no such file",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_reused_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("packages")
def test_a_second_probe_reuses_what_is_as_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["probe", "header-value-bytes", "--reuse", "--json", "p.json"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("as known  header-value-bytes")
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("as known: 1 probe; nothing has changed since ")
    path = tmp_path / "p.json"
    path.write_text(path.read_text().replace('"departs": false', '"departs": true'))
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("as known  header-value-bytes")
