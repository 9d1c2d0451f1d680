"""Real reports follow the published schema, and hold nothing that it does not describe."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from litellm_contracts import _options, _run
from litellm_contracts._cli import main
from litellm_contracts._tables import all_contracts, find_contract
from litellm_contracts.reports._json import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Report

PROGRAM = Path(__file__).parent / "doors" / "program.py"
SCHEMA = json.loads(
    files("litellm_contracts").joinpath("reports/result-1.schema.json").read_text(encoding="utf-8")
)


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401
    """Yield every schema of an object's fields, with its path."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield path, schema
        for key, part in schema.items():
            yield from objects(part, f"{path}/{key}")


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema, no longer open to fields of a later release."""
    copy = deepcopy(schema)
    for _, part in objects(copy):
        part["additionalProperties"] = False
    return copy


@pytest.fixture
def result(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that runs `check` and reads the JSON it wrote."""

    def run(*arguments: str) -> dict[str, Any]:
        path = tmp_path / "result.json"
        main(["check", "--jobs", "1", "--json", str(path), *arguments])
        return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    return run


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


@pytest.mark.parametrize(
    ("path", "part"), [pytest.param(*one, id=one[0]) for one in objects(SCHEMA)]
)
def test_every_field_is_described(path: str, part: dict[str, Any]) -> None:
    fields = part["properties"].items()
    assert [name for name, one in fields if not (one.get("description") or "$ref" in one)] == []
    assert path == "" or part["description"]
    assert "additionalProperties" not in part


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        pytest.param(["-k", "turn"], "incomplete", id="incomplete"),
        pytest.param(["header_missing.py:Handler", "-k", "task or stream"], "broken", id="broken"),
        pytest.param(
            ["header_missing.py:Handler", "-k", "schema", "--examples", "1"], "broken", id="drawn"
        ),
        pytest.param(["-k", "hostile", "--header", "X-My-Session-ID"], "broken", id="header"),
        pytest.param(
            ["--command", f"{sys.executable} {PROGRAM} right", "-k", "first-turn"],
            "broken",
            id="program",
        ),
    ],
)
def test_reports_follow_the_schema(
    result: Callable[..., dict[str, Any]],
    handlers: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    verdict: str,
) -> None:
    monkeypatch.chdir(handlers)
    told = result(*arguments)
    jsonschema_rs.validate(closed(SCHEMA), told)
    assert told["verdict"] == verdict


def test_a_whole_run_follows_the_schema(
    result: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = (*all_contracts()[:2], find_contract("always/complete-prompt"))
    monkeypatch.setattr(_options, "all_contracts", lambda: contracts)
    told = result()
    jsonschema_rs.validate(closed(SCHEMA), told)
    assert (told["verdict"], told["counts"]["not-applicable"]) == ("conformant", 1)


def test_a_fault_of_the_suite_follows_the_schema(
    result: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_run, "judge", None)
    told = result("-k", "first-turn")
    jsonschema_rs.validate(closed(SCHEMA), told)
    assert told["verdict"] == "error"


def test_waivers_follow_the_schema(
    result: Callable[..., dict[str, Any]], tmp_path: Path, handlers: Path
) -> None:
    waivers = "".join(
        f"[[tool.litellm-contracts.waivers]]\nid = '{one}'\nreason = 'later'\n"
        for one in ("presence/first-turn", "complete-prompt/omits-header")
    )
    tmp_path.joinpath("pyproject.toml").write_text(waivers, encoding="utf-8")
    told = result(f"{handlers / 'header_missing.py'}:Handler", "-k", "first-turn or omits-header")
    jsonschema_rs.validate(closed(SCHEMA), told)
    assert (told["counts"]["waived"], told["counts"]["fail"]) == (1, 1)


def test_a_reader_is_not_surprised_by_a_field_of_a_later_release(report: Report) -> None:
    jsonschema_rs.validate(SCHEMA, to_dict(report) | {"later": 1})


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"verdict": "ok"}, id="verdict"),
        pytest.param({"schema_version": 2}, id="version"),
        pytest.param({"counts": {"pass": 1}}, id="counts"),
        pytest.param({"contracts": [{"id": "a/b"}]}, id="contract"),
    ],
)
def test_what_is_no_result_is_refused(report: Report, damage: dict[str, Any]) -> None:
    assert not jsonschema_rs.is_valid(SCHEMA, to_dict(report) | damage)
