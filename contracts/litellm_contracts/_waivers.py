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

    def applies(self) -> bool:
        """Whether the installed SDK and the running Python are those of the waiver."""
        if self.python is not None and not self.python.contains(platform.python_version()):
            return False
        if self.openai is None:
            return True
        try:
            return self.openai.contains(metadata.version("openai"), prereleases=True)
        except metadata.PackageNotFoundError:
            return False


def read_waivers(
    entries: object, known: Collection[str], today: dt.date, where: str
) -> tuple[Waiver, ...]:
    """Read the entries of a configuration; `where` names it in errors.

    Raises:
        UsageError: where an entry has an unknown key or id, lacks a reason, is expired, or names
            an id twice.
    """
    if not isinstance(entries, list):
        raise UsageError(f"{where}: waivers must be an array of tables, not {entries!r}")
    waivers = tuple(_read(entry, known, today, where) for entry in entries)
    for waiver in waivers:
        alike = [other for other in waivers if other.id == waiver.id]
        if len({(other.openai, other.python) for other in alike}) < len(alike):
            raise UsageError(f"{where}: {waiver.id!r} is waived twice; keep one entry")
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


def apply_waivers(results: Sequence[Result], waivers: Sequence[Waiver]) -> tuple[Result, ...]:
    """Waive what is waived; a waiver of a contract that is kept is stale, and fails it."""
    in_force = {waiver.id: waiver for waiver in waivers if waiver.applies()}
    return tuple(_apply(result, in_force.get(result.id)) for result in results)


def _apply(result: Result, waiver: Waiver | None) -> Result:
    if waiver is None:
        return result
    if result.status in _BROKEN:
        until = f", until {waiver.until}" if waiver.until else ""
        issue = f", {waiver.issue}" if waiver.issue else ""
        message = f"waived: {waiver.reason}{issue}{until} ({result.message})"
        return replace(result, status=Status.WAIVED, message=message)
    if result.status in _KEPT:
        message = f"the waiver is stale: the contract is kept; remove it ({waiver.reason})"
        return replace(result, status=Status.FAIL, message=message, evidence={})
    return result
