"""`litellm-contracts waive`: writes waivers for what fails now into pyproject.toml."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import UsageError
from litellm_contracts._tables import all_contracts
from litellm_contracts._waivers import read_waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def new_entries(
    ids: Iterable[str], *, reason: str, issue: str | None, until: dt.date | None
) -> list[dict[str, Any]]:
    """Return the waivers of these contracts, as a pyproject.toml holds them.

    Raises:
        UsageError: where the reason is blank or the date is over.
    """
    given = {"reason": reason, "issue": issue, "until": until}
    entry = {key: value for key, value in given.items() if value is not None}
    entries = [{"id": one, **entry} for one in ids]
    read_waivers(entries, _known(), dt.datetime.now(tz=dt.UTC).date(), "the new entry")
    return entries


def write_waivers(entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Add waivers to a pyproject.toml, each in place of others of its contract.

    Everything else in the file stays as it is.

    Raises:
        UsageError: where the file cannot be written, or is laid out so that nothing can be added.
    """
    import tomlkit
    from tomlkit.items import Array

    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    tools = document.setdefault("tool", tomlkit.table(is_super_table=True))
    table = tools.setdefault("litellm-contracts", tomlkit.table())
    waivers = table.setdefault("waivers", tomlkit.aot())
    written = {entry["id"] for entry in entries}
    for index in reversed([i for i, old in enumerate(waivers) if old.get("id") in written]):
        del waivers[index]
    for entry in entries:
        item = tomlkit.inline_table() if isinstance(waivers, Array) else tomlkit.table()
        item.update(entry)
        waivers.append(item)
    text = tomlkit.dumps(document)
    _demand(text, entries, path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _demand(text: str, entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Read what would be written, as the next run will."""
    try:
        found = tomllib.loads(text)["tool"]["litellm-contracts"]["waivers"]
    except (tomllib.TOMLDecodeError, KeyError):
        found = []
    if any(entry not in found for entry in entries):
        raise UsageError(
            f"cannot add waivers to {path} as it is laid out; write them as "
            "[[tool.litellm-contracts.waivers]]"
        )
    read_waivers(found, _known(), dt.datetime.now(tz=dt.UTC).date(), str(path))


def _known() -> list[str]:
    return [contract.id for contract in all_contracts()]
