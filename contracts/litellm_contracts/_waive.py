"""`litellm-contracts waive`: writes waivers for what fails now into pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_contracts._errors import UsageError
from litellm_contracts._model import Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from litellm_contracts._model import Report


def write_waivers(
    report: Report, path: Path, *, reason: str, issue: str | None, until: dt.date | None
) -> Sequence[str]:
    """Add a waiver for each broken contract; everything else in the file stays as it is.

    Returns:
        The ids that were added.

    Raises:
        UsageError: where the file cannot be written.
    """
    import tomlkit

    broken = [one.id for one in report.results if one.status in {Status.FAIL, Status.WARN}]
    if not broken:
        return []
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    document = tomlkit.parse(text)
    tools = document.setdefault("tool", tomlkit.table(is_super_table=True))
    table = tools.setdefault("litellm-contracts", tomlkit.table())
    waivers = table.setdefault("waivers", tomlkit.aot())
    for one in broken:
        entry = tomlkit.table()
        entry.update({"id": one, "reason": reason})
        if issue is not None:
            entry["issue"] = issue
        if until is not None:
            entry["until"] = until
        waivers.append(entry)
    try:
        path.write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    return broken
