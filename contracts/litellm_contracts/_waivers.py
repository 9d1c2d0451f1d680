"""Waivers: contracts a project knows it breaks, each with a reason, for as long as it does.

```toml
[[tool.litellm-contracts.waivers]]
id = "isolation/two-handlers"
reason = "the client pool is shared until the rewrite"
issue = "https://example.org/issues/12"   # optional
until = 2027-01-31                        # optional
openai = "<3.19.1"                        # optional: only with these SDKs
python = ">=3.13"                         # optional: only on these Pythons
```
"""

from __future__ import annotations

import datetime as dt
import platform
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from litellm_contracts._errors import UsageError, closest
from litellm_contracts._model import Result, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_BROKEN = {Status.FAIL, Status.WARN}
_KEPT = {Status.PASS}


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One entry; see the module's docstring."""

    id: str
    reason: str
    issue: str | None = None
    until: dt.date | None = None
    openai: SpecifierSet | None = None
    python: SpecifierSet | None = None

    def applies(self, versions: Mapping[str, str | None]) -> bool:
        """Whether the handler's SDK and language are those of the waiver."""
        asked = {"openai": self.openai, "python": self.python}
        return all(
            wanted is None or wanted.contains(versions.get(name) or "", prereleases=True)
            for name, wanted in asked.items()
        )


def versions_of(handler: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the versions of what a handler runs on, `openai` and `python` among them.

    Args:
        handler: The report's facts about the handler: in its own environment it tells them itself.
    """
    if handler["door"] == "python":
        openai = None
        with suppress(metadata.PackageNotFoundError):
            openai = metadata.version("openai")
        return {"openai": openai, "python": platform.python_version()}
    told = [str(handler.get(fact) or "") for fact in ("sdk", "language")]
    return {name: version for name, _, version in (one.partition(" ") for one in told)}


def read_waivers(
    entries: object, known: Collection[str], today: dt.date, where: str
) -> tuple[Waiver, ...]:
    """Read the entries of a configuration; `where` names it in errors.

    Raises:
        UsageError: where an entry has an unknown key or id, lacks a reason, is expired, or names
            an id twice with the same condition, or once without any.
    """
    if not isinstance(entries, list):
        raise UsageError(f"{where}: waivers must be an array of tables, not {entries!r}")
    waivers = tuple(_read(entry, known, today, where) for entry in entries)
    for waiver in waivers:
        alike = [other for other in waivers if other.id == waiver.id]
        conditions = {(other.openai, other.python) for other in alike}
        if len(conditions) < len(alike) or (len(alike) > 1 and (None, None) in conditions):
            raise UsageError(
                f"{where}: {waiver.id!r} is waived twice; keep one entry, or give each a condition "
                "of its own (openai, python)"
            )
    return waivers


def _read(entry: object, known: Collection[str], today: dt.date, where: str) -> Waiver:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise UsageError(f"{where}: a waiver needs an id and a reason, not {entry!r}")
    place = f"{where}, waiver of {entry['id']!r}"
    keys = [field.name for field in fields(Waiver)]
    for key in entry:
        if key not in keys:
            raise UsageError(f"{place}: unknown key {key!r}{closest(key, keys)}")
    if entry["id"] not in known:
        raise UsageError(f"{place}: no contract has this id{closest(entry['id'], known)}")
    if not isinstance(entry.get("reason"), str) or not entry["reason"].strip():
        raise UsageError(f"{place}: a reason is required, as a text")
    if not isinstance(entry.get("issue", ""), str):
        raise UsageError(
            f"{place}: issue must be a text such as an address, not {entry['issue']!r}"
        )
    until = entry.get("until")
    if until is not None and type(until) is not dt.date:
        raise UsageError(f"{place}: until must be a date such as 2027-01-31, not {until!r}")
    if until is not None and until < today:
        raise UsageError(
            f"{place}: it expired on {until}; mend the handler, or decide anew until when"
        )
    return Waiver(**{**entry, **_conditions(entry, place)})


def _conditions(entry: Mapping[str, Any], place: str) -> dict[str, SpecifierSet]:
    conditions = {}
    for key in ("openai", "python"):
        if key in entry:
            try:
                conditions[key] = SpecifierSet(entry[key])
            except (InvalidSpecifier, TypeError, AttributeError):
                raise UsageError(
                    f"{place}: {key} must be a version range such as '<3.19.1', not {entry[key]!r}"
                ) from None
    return conditions


def in_force(waivers: Sequence[Waiver], handler: Mapping[str, Any]) -> dict[str, Waiver]:
    """Return by contract the waivers whose conditions hold, the first one of several.

    Args:
        waivers: Those of the project.
        handler: The report's facts about the handler.
    """
    versions = versions_of(handler) if waivers else {}
    return {waiver.id: waiver for waiver in reversed(waivers) if waiver.applies(versions)}


def apply_waivers(
    results: Sequence[Result], waivers: Sequence[Waiver], handler: Mapping[str, Any]
) -> tuple[Result, ...]:
    """Waive what is waived; a waiver of a contract that is kept is stale, and fails it."""
    waived = in_force(waivers, handler)
    return tuple(_apply(result, waived.get(result.id)) for result in results)


def _apply(result: Result, waiver: Waiver | None) -> Result:
    if waiver is None:
        return result
    if result.status in _BROKEN:
        until = f", until {waiver.until}" if waiver.until else ""
        issue = f", {waiver.issue}" if waiver.issue else ""
        message = f"{waiver.reason}{issue}{until} ({result.message})"
        return replace(result, status=Status.WAIVED, message=message)
    if result.status in _KEPT:
        message = f"the waiver is stale: the contract is kept; remove it ({waiver.reason})"
        return replace(result, status=Status.FAIL, message=message, evidence={})
    return result
