"""Random requests for the session rules: seeded, so that a case can be drawn again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parity._corpus import base_body

if TYPE_CHECKING:
    from random import Random

PATHS = (
    "/v1/chat/completions",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/responses",
)
_UUID = "11111111-2222-4333-8444-555555555555"
_GOOD: tuple[str, ...] = ("abcdefgh", "task-0001", _UUID, "undefined", "--------", "A_b-c_d-9")
_BAD: tuple[str, ...] = (
    "",
    " ",
    "short",
    "1234567",
    "task:12345",
    "a b c d e f",
    "aaaa1111, bbbb2222",
    "null",
)
_BAD += (
    "\u00e9-\u00e9-\u00e9-\u00e9-\u00e9",
    "task.12345678",
    '"abcdefgh"',
    "abcdefgh;",
    "t\u00e4sk-0001",
)
_NAMES: tuple[str, ...] = (
    "X-Zoo-Session-ID",
    "x-claude-code-session-id",
    "X-Session-Id",
    "x-litellm-session-id",
)
_NAMES += ("x-litellm-trace-id", "session_id", "session-id", "thread-id", "conversation_id")
_NAMES += (
    "x-zoo-sessionid",
    "x--session-id",
    "x-zoo-session_id",
    "zoo-session-id",
    "x-a.b-session-id",
)
_NAMES += ("x-parent-session-id", "x-litellm-zoo-session-id", "X-ZOO-SESSION-ID", "xx-a-session-id")
_AGENTS: tuple[str, ...] = (
    "codex_cli_rs/0.5",
    "Codex/1",
    "codex-tui",
    "codex 1",
    "codexfoo/1",
    "probe codex/1",
)
_AGENTS += ("openai/1", "")
_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_PARENT = f"00-{_TRACE}-00f067aa0ba902b7-01"
_PARENTS: tuple[str, ...] = (
    _PARENT,
    _PARENT.upper(),
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    "garbage",
)
_PARENTS += (f"{_PARENT}x", f"  {_PARENT} ", f"00-{_TRACE}-00f067aa0ba902b7")
_BAGGAGE: tuple[str, ...] = (
    "session.id=bag-sess",
    "a=b, session.id = bag sess ;x=1",
    "session.id=",
    "sid=1",
)
_BAGGAGE += ("session.id=md-sess", "session.id=first,session.id=second", "SESSION.ID=bag-sess")
_ODD: tuple[Any, ...] = ("", None, 12345, 0, 1.5, True, False, ["a"], {"a": 1}, _TRACE, "md:sess x")
_USER_IDS: tuple[Any, ...] = ("user_x_session_ab-12", "user_x_session_", "u_session_a b", "plain")
_USER_IDS += ("a_session_b_session_c", '{"session_id":"js"}', None, 5, {"session_id": "json-sess"})
_USER_IDS += ({"session_id": "bad:1"}, {"session_id": ""}, {"session_id": 7}, {})


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One request and the proxy's two settings."""

    path: str
    headers: list[list[str]] = field(default_factory=list)
    body: dict[str, Any]
    missing_session_id: str | None
    correlated: bool

    @property
    def whole_body(self) -> dict[str, Any]:
        """The body with what its path demands."""
        return base_body(self.path) | self.body

    @property
    def as_bytes(self) -> bytes:
        """Everything the client said, to tell its ids from minted ones."""
        return json.dumps([self.headers, self.body]).encode()


def draw(random: Random) -> Draw:
    """Draw one request."""
    return Draw(
        path=random.choice(PATHS),
        headers=_headers(random),
        body=_body(random),
        missing_session_id=random.choice((None, None, "generate", "reject", "omit")),
        correlated=random.random() < 0.3,  # noqa: PLR2004
    )


def _headers(random: Random) -> list[list[str]]:
    lines = []
    if _chance(random, 0.4):
        lines.append(["user-agent", random.choice(_AGENTS)])
    for _ in range(random.choice((0, 0, 1, 1, 2, 3, 4))):
        values = _GOOD if _chance(random, 0.55) else _BAD
        lines.append([random.choice(_NAMES), random.choice(values)])
    if _chance(random, 0.25):
        lines.append(["traceparent", random.choice(_PARENTS)])
    if _chance(random, 0.25):
        lines.append(["baggage", random.choice(_BAGGAGE)])
    random.shuffle(lines)
    return lines


def _body(random: Random) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name in ("litellm_session_id", "litellm_trace_id"):
        if _chance(random, 0.25):
            body[name] = _id(random, f"body-{name[8:]}")
    if _chance(random, 0.45):
        body["metadata"] = _holder(random, "md")
    if _chance(random, 0.25):
        body["litellm_metadata"] = _holder(random, "lmd")
    if _chance(random, 0.1):
        body["session_id"] = "top-level"
    return body


def _holder(random: Random, tag: str) -> Any:  # noqa: ANN401
    if _chance(random, 0.1):
        return random.choice((None, {}, "text", json.dumps(_fields(random, f"{tag}str"))))
    return _fields(random, tag)


def _fields(random: Random, tag: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("session", "trace"):
        if _chance(random, 0.45):
            fields[f"{name}_id"] = _id(random, f"{tag}-{name}")
    if _chance(random, 0.2):
        fields["user_id"] = random.choice(_USER_IDS)
    if _chance(random, 0.1):
        fields["litellm_session_id"] = f"{tag}-litellm"
    return fields


def _id(random: Random, usual: str) -> Any:  # noqa: ANN401
    return usual if _chance(random, 0.55) else random.choice(_ODD)


def _chance(random: Random, share: float) -> bool:
    return random.random() < share
