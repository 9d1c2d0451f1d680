"""Reads the results of many environments; what is not whole or does not fit together is named."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

from packaging.version import InvalidVersion, Version

from litellm_contracts._errors import UsageError
from litellm_contracts._merge import SDKS, Environment, Merged, make_tables
from litellm_contracts._merge_sdk import Claim, label, named, told
from litellm_contracts._model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from litellm_contracts._matrix import Language

_T = TypeVar("_T")
_PROBES = ".probes"
_JUDGED_BY = {
    "suite": ("version", "profile", "header", "requirements", "digest", "seed", "examples"),
    "environment": ("litellm",),
}
"""What has to be the same in results that stand side by side."""
_HANDLER = "handler name"
"""What has to be the same in those of one SDK: a handler is written in one language."""
_PROBE_FIELDS = {"id", "fact", "openai", "expected", "seen", "reason", "link", "departs"}


@dataclass
class _Read:
    """What was read so far: documents and SDK by environment, and what is wrong."""

    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    probes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    sdks: dict[str, Language] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def merge(paths: Sequence[Path], *, expected: Iterable[str] = (), date: str) -> Merged:
    """Merge result files, `ENV.json` and `ENV.probes.json`; folders stand for the files in them.

    Nothing that is wrong is merged: it is left out, and named in the matrix's problems.

    Args:
        paths: The files.
        expected: Names of environments that must be among them.
        date: The day, as the matrix shall tell it.

    Raises:
        UsageError: where there is no file.
    """
    read = _Read()
    _read_files(read, _files(paths))
    wanted = set(expected)
    for name in read.names | wanted:
        read.sdks[name] = named(name).sdk or told(read.results.get(name)).sdk or "python"
    _drop_misnamed(read)
    demands, handlers = _drop_other_demands(read)
    _note_incomplete(read, wanted)
    environments = sorted((_environment(read, name) for name in read.names), key=_order)
    return Merged(
        date=date,
        tables=tuple(make_tables(environments, handlers)),
        problems=tuple(read.problems),
        demands=demands,
    )


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file {path}; expected what check --json wrote")
        some = sorted(path.glob("*.json")) if path.is_dir() else [path]
        found |= {one.resolve(): one for one in some}
    if not found:
        raise UsageError("there is no *.json file to merge; `check --json` writes them")
    return list(found.values())


def _read_files(read: _Read, paths: Sequence[Path]) -> None:
    by_environment: dict[tuple[str, bool], list[Path]] = defaultdict(list)
    for path in paths:
        by_environment[path.stem.removesuffix(_PROBES), path.stem.endswith(_PROBES)].append(path)
    for (name, is_probes), found in by_environment.items():
        read.names.add(name)
        if len(found) > 1:
            kind = "probes" if is_probes else "results"
            files = " and ".join(map(str, found))
            read.problems.append(f"{name}: {len(found)} {kind} ({files}); none of them is shown")
            continue
        try:
            document = _document(found[0], is_probes=is_probes)
        except ValueError as error:
            read.problems.append(f"{name}: {found[0]} {error}; it is not shown")
            continue
        (read.probes if is_probes else read.results)[name] = document


def _document(path: Path, *, is_probes: bool) -> Mapping[str, Any]:
    """Return a file's content.

    Raises:
        ValueError: where it is not whole, or of another kind; the sentence goes on after its name.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"is not whole JSON (line {error.lineno}: {error.msg})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read ({getattr(error, 'strerror', error)})") from None
    wrong = _wrong_probes(document) if is_probes else _wrong_result(document)
    if wrong:
        raise ValueError(
            f"is not what `{'probe' if is_probes else 'check'} --json` writes: {wrong}"
        )
    return document  # type: ignore[no-any-return]


def _wrong_result(document: object) -> str:
    import jsonschema_rs

    place = files("litellm_contracts").joinpath("reports", "result-1.schema.json")
    validator = jsonschema_rs.validator_for(json.loads(place.read_text(encoding="utf-8")))
    error = next(validator.iter_errors(document), None)
    if error is None:
        return ""
    where = "/".join(map(str, error.instance_path))
    return f"{where}: {error.message}"[:300] if where else error.message[:300]


def _wrong_probes(document: object) -> str:
    probes = document.get("probes") if isinstance(document, dict) else None
    if not isinstance(probes, list) or not probes:
        return "it holds no probes"
    for probe in probes:
        missing = _PROBE_FIELDS - set(probe) if isinstance(probe, dict) else _PROBE_FIELDS
        if missing:
            return f"a probe lacks {', '.join(sorted(missing))}"
    return ""


def _drop_misnamed(read: _Read) -> None:
    """Leave out what was run with another SDK than its name or its other half says."""
    for name in sorted(read.names):
        claims = {
            "the result": told(read.results.get(name)),
            "the probes": Claim(openai=next((one["openai"] for one in _probes(read, name)), "")),
            "the name": named(name),
        }
        sdks = {one.sdk for one in claims.values() if one.sdk}
        versions = {one.openai for one in claims.values() if one.openai}
        if max(len(sdks), len(versions)) > 1:
            texts = {
                what: str(one) if len(sdks) > 1 else one.openai for what, one in claims.items()
            }
            said = ", ".join(f"{text} in {what}" for what, text in texts.items() if text)
            read.problems.append(f"{name}: not one openai, but {said}; it is not shown")
            read.results.pop(name, None)
            read.probes.pop(name, None)


def _probes(read: _Read, name: str) -> list[Mapping[str, Any]]:
    return list((read.probes.get(name) or {}).get("probes", []))


def _drop_other_demands(read: _Read) -> tuple[Mapping[str, Any], Mapping[Language, str]]:
    """Leave out what was judged by other demands than most.

    Returns:
        Those of most, and the handler of most with each SDK.
    """
    demands = {name: _demands(result) for name, result in read.results.items()}
    if not demands:
        return {}, {}
    usual = dict(_most(tuple(one.items()) for one in demands.values()))
    handlers = _handlers(read, [name for name, mine in demands.items() if mine == usual])
    for name, mine in sorted(demands.items()):
        handler = read.results[name]["handler"]["name"]
        mine[_HANDLER] = handler
        wanted = usual | {_HANDLER: handlers.get(read.sdks[name], handler)}
        others = [
            f"{what} {mine[what]} instead of {wanted[what]}"
            for what in mine
            if mine[what] != wanted[what]
        ]
        if others:
            said = ", ".join(others)
            read.problems.append(f"{name}: judged by other demands than most ({said}); not shown")
            del read.results[name]
    return usual, handlers


def _handlers(read: _Read, names: Sequence[str]) -> dict[Language, str]:
    """Return the handler that most of these environments have, for each SDK."""
    sdks = {read.sdks[name] for name in names}
    return {
        sdk: _most(read.results[one]["handler"]["name"] for one in names if read.sdks[one] == sdk)
        for sdk in SDKS
        if sdk in sdks
    }


def _most(values: Iterable[_T]) -> _T:
    [(most, _)] = Counter(values).most_common(1)
    return most


def _demands(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{part} {key}" if key == "version" else key: result[part][key]
        for part, keys in _JUDGED_BY.items()
        for key in keys
    }


def _note_incomplete(read: _Read, expected: set[str]) -> None:
    told_of = {problem.partition(":")[0] for problem in read.problems}
    for name in sorted(expected - read.names):
        read.problems.append(f"{name}: expected, but there is no result")
    probed = {read.sdks[name] for name in read.probes}
    for name in sorted(read.names - told_of):
        if name not in read.results:
            read.problems.append(f"{name}: there are probes, but no result of the contracts")
        elif read.sdks[name] in probed and name not in read.probes:
            read.problems.append(f"{name}: there is a result, but no probes as for the others")
        if (read.results.get(name) or {}).get("verdict") == Verdict.INCOMPLETE:
            not_run = read.results[name]["counts"]["not-run"]
            read.problems.append(f"{name}: the run is incomplete, contracts not run: {not_run}")
    read.names |= expected


def _environment(read: _Read, name: str) -> Environment:
    result, probes = read.results.get(name), _probes(read, name)
    facts = told(result)
    openai = facts.openai or next((one["openai"] for one in probes), named(name).openai)
    return Environment(
        name=name,
        label=label(name, openai),
        sdk=read.sdks[name],
        openai=openai,
        runtime=facts.runtime,
        result=result,
        probes={one["id"]: one for one in probes} or None,
    )


def _order(environment: Environment) -> tuple[bool, Version, Version, str]:
    return (
        not environment.openai,
        _version(environment.openai),
        _version(environment.runtime),
        environment.name,
    )


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
