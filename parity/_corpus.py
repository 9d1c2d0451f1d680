"""The corpus: which requests are replayed, as `corpus/*.toml` and `corpus/sessions.json` say."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from parity import API_KEY, HERE, SETUPS

CORPUS = HERE / "corpus"
CASE_HEADER = "x-parity-case"  # tells the callback's reports apart; no session rule reads it

USUAL_LINES = {
    "host": "Host: proxy",
    "authorization": f"Authorization: Bearer {API_KEY}",
    "content-type": "Content-Type: application/json",
    "user-agent": "User-Agent: parity/1",
}
_MESSAGES = [{"role": "user", "content": "Say hello."}]
_BASES: dict[str, dict[str, Any]] = {
    "chat/completions": {"model": "text", "messages": _MESSAGES},
    "v1/messages": {"model": "text", "max_tokens": 64, "messages": _MESSAGES},
    "responses": {"model": "text", "input": "Say hello."},
    "completions": {"model": "text", "prompt": "Say hello."},
    "embeddings": {"model": "embedding", "input": "Say hello."},
    "token_counter": {"model": "text", "messages": _MESSAGES},
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request.

    Attributes:
        id: `<file>/<name>`.
        setup: Which configuration of the proxy it is sent to, a key of `SETUPS`.
        request: The bytes.
        aspects: What of the answer is compared: `everything`; `first`, the same with only the first
            element of a long list `data`; `session`, only status and session.
    """

    id: str
    setup: str
    request: bytes
    aspects: str


def load() -> list[Case]:
    """Read the whole corpus, in order of file and line.

    Raises:
        ValueError: two requests have one id, or a setup is unknown.
    """
    cases = [case for path in sorted(CORPUS.glob("*.toml")) for case in _wire_cases(path.stem)]
    cases += _session_cases()
    seen: set[str] = set()
    for case in cases:
        if case.id in seen or case.setup not in SETUPS:
            raise ValueError(f"{case.id}: the id is used twice, or {case.setup!r} is no setup")
        seen.add(case.id)
    return cases


def base_body(path: str) -> dict[str, Any]:
    """Return the least body that a path answers with success; `{}` for a path without one."""
    return next((base for part, base in _BASES.items() if part in path), {})


def build(  # noqa: PLR0913 - the parts of a request
    case_id: str,
    line: str,
    headers: list[str],
    body: bytes | None,
    *,
    without: tuple[str, ...] = (),
    sized: bool = True,
) -> bytes:
    """Put a request together: the usual header lines, its own, then the case's id and length."""
    lines = [line if line.count(" ") > 1 else f"{line} HTTP/1.1"]
    lines += [text for name, text in USUAL_LINES.items() if name not in without]
    lines += [*headers, f"{CASE_HEADER}: {case_id}"]
    if body is not None and sized:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def _wire_cases(stem: str) -> list[Case]:
    if stem == "models":
        return []
    document = tomllib.loads((CORPUS / f"{stem}.toml").read_text("utf-8"))
    usual = document.get("usual", {})
    return [_wire_case(stem, usual | row) for row in document["exchange"]]


def _wire_case(stem: str, row: dict[str, Any]) -> Case:
    case_id = f"{stem}/{row['id']}"
    if "request" in row:
        request = row["request"].encode("latin-1")
    else:
        request = build(
            case_id,
            row["line"],
            [_expand(line) for line in row.get("headers", [])],
            _body_of(row),
            without=tuple(row.get("without", ())),
            sized=row.get("sized", True),
        )
    return Case(
        id=case_id,
        setup=row.get("setup", "default"),
        request=request,
        aspects=row.get("aspects", "everything"),
    )


def _body_of(row: dict[str, Any]) -> bytes | None:
    if "raw" in row:
        return str(row["raw"]).encode("latin-1")
    if "text" in row:
        return str(row["text"]).encode()
    method, path = row["line"].split(" ")[:2]
    if method not in {"POST", "PUT", "PATCH"}:
        return None
    value = base_body(path) | row.get("body", {})
    return json.dumps(value, ensure_ascii=False).encode()


def _session_cases() -> list[Case]:
    rows = json.loads((CORPUS / "sessions.json").read_bytes())
    return [_session_case(row) for row in rows]


def _session_case(row: dict[str, Any]) -> Case:
    case_id = f"sessions/{row['id']}"
    headers = [f"{name}: {_expand(value)}" for name, value in row["headers"]]
    own = {name.lower() for name, _ in row["headers"]}
    body = json.dumps(base_body(row["path"]) | row["body"]).encode()
    without = tuple(name for name in ("user-agent",) if name in own)
    request = build(case_id, f"POST {row['path']}", headers, body, without=without)
    return Case(id=case_id, setup=row["setup"], request=request, aspects="session")


def _expand(value: Any) -> str:  # noqa: ANN401
    """Return a header's text; `{"repeat": "x", "times": 70000}` stands for a long one."""
    return value["repeat"] * value["times"] if isinstance(value, dict) else str(value)
