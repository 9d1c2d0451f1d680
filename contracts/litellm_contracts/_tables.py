"""Contract tables: TOML files, checked against `tables/table.schema.json`, read into contracts."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import TableError, UnknownContractError, closest
from litellm_contracts._model import Contract, Level
from litellm_contracts._table_calls import read_calls, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from litellm_contracts._model import Method

TABLES = files("litellm_contracts").joinpath("tables")

_GENERATED: dict[str, tuple[Method, ...]] = {
    "conversations": ("create_message",),
    "prompts": ("complete_prompt",),
}
"""The method that each generator calls."""


def load_tables(folder: Traversable = TABLES) -> tuple[Contract, ...]:
    """Read every table of a folder, in order of the file names.

    Raises:
        TableError: where a table is not TOML, does not follow the schema, refers to something
            that is not there, or repeats an id.
    """
    contracts: dict[str, Contract] = {}
    tables = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    for file in sorted(tables, key=lambda file: file.name):
        for contract in read_table(file.read_text(encoding="utf-8"), file.name):
            if contract.id in contracts:
                raise TableError(f"{file.name}: the id {contract.id!r} is used twice")
            contracts[contract.id] = contract
    return tuple(contracts.values())


@cache
def all_contracts() -> tuple[Contract, ...]:
    """Return every contract that ships, in the order of the report."""
    return load_tables()


def find_contract(contract_id: str) -> Contract:
    """Return the contract with this id.

    Raises:
        UnknownContractError: naming the closest id.
    """
    by_id = {contract.id: contract for contract in all_contracts()}
    try:
        return by_id[contract_id]
    except KeyError:
        hint = closest(contract_id, by_id) or "; `litellm-contracts list` names them all"
        raise UnknownContractError(f"no contract has the id {contract_id!r}{hint}") from None


def read_table(text: str, source: str) -> tuple[Contract, ...]:
    """Read one table; `source` names it in errors.

    Raises:
        TableError: as `load_tables`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{source} is not TOML: {error}") from None
    _validate(table, source)
    return _contracts(table, source)


def _validate(table: Mapping[str, Any], source: str) -> None:
    import jsonschema_rs

    schema = json.loads(TABLES.joinpath("table.schema.json").read_text(encoding="utf-8"))
    error = next(jsonschema_rs.validator_for(schema).iter_errors(table), None)
    if error is None:
        return
    path = [str(step) for step in error.instance_path]
    where = _entry_name(table, path)
    raise TableError(f"{source}, {where}: {error.message}{_key_hint(schema, error)}")


def _entry_name(table: Mapping[str, Any], path: list[str]) -> str:
    """Name the place of an error by the contract's id, which people can search for."""
    if path[:1] == ["contract"] and len(path) > 1:
        entry = table["contract"][int(path[1])]
        name = entry.get("id", f"number {int(path[1]) + 1}") if isinstance(entry, dict) else path[1]
        rest = ".".join(path[2:])
        return f"contract {name}" + (f", {rest}" if rest else "")
    return ".".join(path) or "top level"


def _key_hint(schema: Any, error: Any) -> str:  # noqa: ANN401
    unexpected = getattr(error.kind, "unexpected", None)
    if not unexpected:
        return ""
    for step in error.schema_path[:-1]:
        schema = schema[step]
        while isinstance(schema, dict) and "$ref" in schema:
            schema = _resolve(schema["$ref"])
    known = sorted(schema.get("properties", {})) if isinstance(schema, dict) else []
    return closest(unexpected[0], known) + (f" (known: {', '.join(known)})" if known else "")


def _resolve(reference: str) -> Any:  # noqa: ANN401
    schema = json.loads(TABLES.joinpath("table.schema.json").read_text(encoding="utf-8"))
    for step in reference.removeprefix("#/").split("/"):
        schema = schema[step]
    return schema


def _contracts(table: Mapping[str, Any], source: str) -> tuple[Contract, ...]:
    task_ids = {name: read_text(value) for name, value in table.get("task_ids", {}).items()}
    entries = {entry["id"]: entry for entry in table["contract"]}
    if len(entries) < len(table["contract"]):
        ids = [entry["id"] for entry in table["contract"]]
        twice = next(one for one in ids if ids.count(one) > 1)
        raise TableError(f"{source}: the id {twice!r} is used twice")
    return tuple(_contract(entry, entries, task_ids, source) for entry in entries.values())


def _contract(
    entry: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    task_ids: Mapping[str, Any],
    source: str,
) -> Contract:
    where = f"{source}, contract {entry['id']}"
    other = entry.get("calls_of", entry["id"])
    if other not in entries:
        raise TableError(
            f"{where}: calls_of {other!r} is no contract here{closest(other, entries)}"
        )
    calls = read_calls(entries[other], other, task_ids, where)
    judges = tuple(entry.get("judges", ()))
    names = [call.name for call in calls]
    for wrong in (name for name in judges if name not in names):
        raise TableError(f"{where}: judges no call {wrong!r}{closest(wrong, names)}")
    optional = {key: entry[key] for key in ("generator", "profile") if key in entry}
    if "model" in entries[other]:
        optional["model"] = entries[other]["model"]
    if "checks" in entry:
        optional["checks"] = tuple(entry["checks"])
    return Contract(
        id=entry["id"],
        level=Level(entry["level"]),
        requirement=entry["requirement"],
        why=entry["why"],
        fix=entry["fix"],
        calls=calls,
        exchange=other,
        judges=judges,
        methods=_GENERATED[entry["generator"]] if "generator" in entry else (),
        everywhere=entry.get("everywhere", False),
        **optional,
    )
