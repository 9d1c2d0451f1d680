"""Probes: facts about the installed openai SDK, seen on the wire and held against its history."""

from __future__ import annotations

import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from fake_litellm import FakeLiteLLM
from litellm_contracts import _probes_answers, _probes_headers
from litellm_contracts._errors import (
    EXIT_BROKEN,
    EXIT_CONFORMANT,
    HandlerError,
    UsageError,
    closest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """One fact: what its history says for the installed SDK, and what was seen."""

    id: str
    fact: str
    openai: str
    expected: str
    seen: str
    reason: str
    link: str

    @property
    def departs(self) -> bool:
        """Whether the SDK departs from its known history."""
        return self.seen != self.expected


def run_probes(ids: Sequence[str] = ()) -> tuple[ProbeResult, ...]:
    """Run the probes of `probes/openai.toml`, or some of them, with the installed SDK.

    Raises:
        HandlerError: where no openai SDK of 1.0 or later is installed.
        UsageError: where no probe has such an id.
    """
    entries = _chosen(read_history(), ids)
    version = _installed()
    for entry in entries:
        _expected(entry, version)  # a release without a history is told before anything is run
    alone = [entry for entry in entries if entry["id"] in _ALONE]
    others = [entry for entry in entries if entry["id"] not in _ALONE]
    seen = {entry["id"]: _look(entry["id"]) for entry in alone}
    # Nearly all of their time is pauses before retries.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        names = [entry["id"] for entry in others]
        seen |= zip(names, pool.map(_look, names), strict=True)
    return held_against(entries, version, seen)


def held_against(
    entries: Sequence[dict[str, Any]], version: str, seen: Mapping[str, str]
) -> tuple[ProbeResult, ...]:
    """Return what was seen of a release, by probe, beside what its history says.

    Raises:
        HandlerError: where the history does not reach back to the release.
    """
    return tuple(
        ProbeResult(
            openai=version,
            expected=_expected(entry, version),
            seen=seen[entry["id"]],
            **{name: entry[name] for name in ("id", "fact", "reason", "link")},
        )
        for entry in entries
    )


def _chosen(entries: list[dict[str, Any]], ids: Sequence[str]) -> list[dict[str, Any]]:
    known = [entry["id"] for entry in entries]
    for wrong in (one for one in ids if one not in known):
        raise UsageError(f"no probe is called {wrong!r}{closest(wrong, known)}")
    return [entry for entry in entries if not ids or entry["id"] in ids]


def _installed() -> str:
    try:
        return metadata.version("openai")
    except metadata.PackageNotFoundError:
        raise HandlerError(
            "probes need the openai SDK: pip install 'litellm-contracts[openai]'"
        ) from None


def _expected(entry: dict[str, Any], version: str) -> str:
    for row in entry["history"]:
        if SpecifierSet(row["openai"]).contains(version, prereleases=True):
            return str(row["seen"])
    raise HandlerError(f"probes need openai 1.0 or later, installed is {version}")


def _look(probe: str) -> str:
    with FakeLiteLLM() as fake:
        try:
            return PROBES[probe](fake)
        except Exception as error:  # noqa: BLE001 - an SDK that breaks a probe is a finding too
            return f"the probe itself failed: {type(error).__name__}: {error}"


def read_history(name: str = "openai") -> list[dict[str, Any]]:
    """Return the entries of `probes/openai.toml`, or of `openai-node`, that of the npm package."""
    text = files("litellm_contracts").joinpath("probes", f"{name}.toml").read_text("utf-8")
    return list(tomllib.loads(text)["probe"])


def write_probes(
    results: Sequence[ProbeResult],
    path: Path | None,
    write: Callable[[str], None],
    inputs: str = "",
) -> int:
    """Tell what was seen; exit code 1 where the SDK departs from its history.

    `inputs` is a digest of what the results depend on, where they may be reused.
    """
    for result in results:
        word = "DEPARTS" if result.departs else "as known"
        write(f"{word:<9} {result.id:<32} {result.seen}\n")
        if result.departs:
            write(
                f"          openai {result.openai}: expected {result.expected}. {result.reason}\n"
            )
    if path is not None:
        rows = [asdict(result) | {"departs": result.departs} for result in results]
        document = {"schema_version": 1, "inputs": inputs, "probes": rows}
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return EXIT_BROKEN if any(result.departs for result in results) else EXIT_CONFORMANT


PROBES: dict[str, Callable[[FakeLiteLLM], str]] = {
    "header-letter-case": _probes_headers.letter_case,
    "default-header-in-another-case": _probes_headers.default_in_another_case,
    "omit-over-default": _probes_headers.omit,
    "omit-in-another-case": _probes_headers.omit_in_another_case,
    "not-given": _probes_headers.not_given,
    "header-value-none": _probes_headers.none,
    "header-value-integer": _probes_headers.integer,
    "header-value-bytes": _probes_headers.as_bytes,
    "header-value-empty": _probes_headers.empty,
    "header-value-non-ascii": _probes_headers.non_ascii,
    "header-value-line-break": _probes_headers.line_break,
    "header-value-outer-space": _probes_headers.outer_space,
    "custom-headers-variable": _probes_headers.custom_headers_variable,
    "retries": _probes_answers.retries,
    "retried-statuses": _probes_answers.retried_statuses,
    "retried-lines": _probes_answers.retried_lines,
    "retry-count-header": _probes_answers.retry_count,
    "retry-after-reset": _probes_answers.retry_after_reset,
    "redirect-307": _probes_answers.redirect,
    "redirect-302": _probes_answers.redirect_302,
    "redirect-to-another-origin": _probes_answers.redirect_elsewhere,
    "timeout": _probes_answers.timeout,
    "stream-dropped": _probes_answers.stream_dropped,
    "stream-stalled": _probes_answers.stream_stalled,
    "stream-error-event": _probes_answers.stream_error_event,
    "raw-response": _probes_answers.raw_response,
    "streaming-response": _probes_answers.streaming_response,
}
_ALONE = {"custom-headers-variable"}
"""Probes that change what every client of the process sends."""
_AT_ONCE = 8
