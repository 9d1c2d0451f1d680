"""Contract tables: TOML files, checked against `tables/table.schema.json`, read into contracts."""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import TableError, closest
from litellm_contracts._model import OMITTED, Call, Contract, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from fake_litellm._replies import Answer

TABLES = files("litellm_contracts").joinpath("tables")

_TOOL_CALL_ID = "call_read_1"
_NO_TASK: dict[str, Any] = {
    "omitted": OMITTED,
    "none": None,
    "empty": {},
    "task-id-none": {"task_id": None},
    "task-id-empty": {"task_id": ""},
}


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
    task_ids = {name: _text(value) for name, value in table.get("task_ids", {}).items()}
    contracts = tuple(_contract(entry, task_ids, source) for entry in table["contract"])
    for contract in contracts:
        if [other.id for other in contracts].count(contract.id) > 1:
            raise TableError(f"{source}: the id {contract.id!r} is used twice")
    return contracts


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
            schema = _resolve(schema["$ref"], error)
    known = sorted(schema.get("properties", {})) if isinstance(schema, dict) else []
    return closest(unexpected[0], known) + (f" (known: {', '.join(known)})" if known else "")


def _resolve(reference: str, _error: Any) -> Any:  # noqa: ANN401
    schema = json.loads(TABLES.joinpath("table.schema.json").read_text(encoding="utf-8"))
    for step in reference.removeprefix("#/").split("/"):
        schema = schema[step]
    return schema


def _contract(entry: Mapping[str, Any], task_ids: Mapping[str, str], source: str) -> Contract:
    where = f"{source}, contract {entry['id']}"
    calls: list[Call] = []
    for number, call in enumerate(entry.get("calls", []), start=1):
        calls.append(_call(call, entry["id"], number, task_ids, where))
    _check_references(calls, where)
    optional = {key: entry[key] for key in ("model", "generator") if key in entry}
    if "checks" in entry:
        optional["checks"] = tuple(entry["checks"])
    return Contract(
        id=entry["id"],
        level=Level(entry["level"]),
        requirement=entry["requirement"],
        why=entry["why"],
        fix=entry["fix"],
        calls=tuple(calls),
        **optional,
    )


def _check_references(calls: Iterable[Call], where: str) -> None:
    known: list[str] = []
    for call in calls:
        if call.name in known:
            raise TableError(f"{where}: two calls are named {call.name!r}")
        for other in (call.during, call.together):
            if other is not None and other not in known:
                hint = closest(other, known)
                raise TableError(
                    f"{where}: {call.name!r} refers to no earlier call {other!r}{hint}"
                )
        known.append(call.name)


def _call(
    entry: Mapping[str, Any],
    contract_id: str,
    number: int,
    task_ids: Mapping[str, str],
    where: str,
) -> Call:
    name = entry.get("name", f"call-{number}")
    marker = make_marker(contract_id, name)
    same = {key: entry[key] for key in ("handler", "during", "together", "judged") if key in entry}
    answers = tuple(_answer(answer) for answer in entry.get("answers", []))
    text = f"{_text(entry.get('text', 'Say hello.'))} {marker}"
    if entry["do"] == "complete_prompt":
        return Call(
            name=name, method="complete_prompt", marker=marker, prompt=text, answers=answers, **same
        )
    return Call(
        name=name,
        method="create_message",
        marker=marker,
        messages=_messages(entry, text),
        system_prompt=entry.get("system_prompt", "You are a careful assistant."),
        metadata=_metadata(entry, task_ids, where),
        answers=answers,
        **same,
    )


def make_marker(contract_id: str, name: str) -> str:
    """Return the text that tells which requests belong to a call; the same in every run."""
    digest = hashlib.sha256(f"{contract_id} {name}".encode()).hexdigest()[:8]
    return f"[{name} {digest}]"


def _messages(entry: Mapping[str, Any], text: str) -> tuple[dict[str, Any], ...]:
    history = [{"role": role, "content": content} for role, content in entry.get("history", [])]
    if entry.get("as_tool_result"):
        function = {"name": "read_file", "arguments": '{"path": "a.txt"}'}
        call = {"id": _TOOL_CALL_ID, "type": "function", "function": function}
        asked = {"role": "assistant", "content": None, "tool_calls": [call]}
        return (*history, asked, {"role": "tool", "tool_call_id": _TOOL_CALL_ID, "content": text})
    if entry.get("as_parts"):
        first, _, rest = text.partition(" ")
        parts = [{"type": "text", "text": first}, {"type": "text", "text": rest}]
        return (*history, {"role": "user", "content": parts})
    return (*history, {"role": "user", "content": text})


def _metadata(entry: Mapping[str, Any], task_ids: Mapping[str, str], where: str) -> Any:  # noqa: ANN401
    if "task" not in entry:
        metadata = _NO_TASK[entry.get("metadata", "omitted")]
        extra = entry.get("extra_metadata")
        return {**(metadata or {}), **extra} if extra and metadata is not OMITTED else metadata
    task = entry["task"]
    if task not in task_ids:
        hint = closest(task, task_ids)
        raise TableError(f"{where}: no task id is called {task!r} in [task_ids]{hint}")
    return {"task_id": task_ids[task], **entry.get("extra_metadata", {})}


def _text(value: str | Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else str(value["repeat"]) * int(value["times"])


def _answer(entry: Mapping[str, Any]) -> Answer:
    from fake_litellm import Cut, Failure, Reply, ToolCall

    rest = dict(entry)
    if "failure" in rest:
        return Failure(status=rest.pop("failure"), **rest)
    if "cut" in rest:
        return Cut(at=rest["cut"])
    calls = tuple(ToolCall(**call) for call in rest.pop("tool_calls", []))
    return Reply(text=rest.pop("reply"), tool_calls=calls, **rest)
