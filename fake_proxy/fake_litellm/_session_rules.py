"""How LiteLLM finds a request's session: one row per rule, strongest first.

Every rule fills some of four slots, and a slot keeps the first value it is given:

- ``session``: ``litellm_session_id`` of the call
- ``trace``: ``litellm_trace_id`` of the call
- ``meta_session``: ``metadata.session_id``
- ``meta_trace``: ``metadata.trace_id``

A rule whose slots are already taken by another value does not apply. Which slot names the session
is the reader's business, see ``_session``. Facts: LiteLLM 1.106.2, measured on the wire; the
releases are read off the published packages.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple

Slot = Literal["session", "trace", "meta_session", "meta_trace"]

VALUE = re.compile(r"[a-zA-Z0-9_\-]{8,}")
VENDOR_NAME = re.compile(r"x-.+-session-id")
EXPLICIT_NAMES = ("x-litellm-trace-id", "x-litellm-session-id")
CODEX_NAMES = ("session-id", "session_id", "thread-id", "conversation_id")

_CODEX_AGENT = re.compile(r"codex[-_ /]", re.IGNORECASE)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.IGNORECASE)
_USER_ID_SESSION = re.compile(r"[a-zA-Z0-9_\-]+")

# On these paths LiteLLM works in `litellm_metadata`, and its router mints no trace id.
_LITELLM_METADATA_PATHS = (
    "/v1/messages",
    "assistant",
    "batches",
    "bedrock",
    "files",
    "responses",
    "thread",
)
# Answered without a look at the session, whatever `missing_session_id` says.
_EXEMPT_PATH = re.compile(
    r"/|/api/.*|.*/(count_tokens|input_tokens|token_counter)"
    r"|.*/(models|model/info|model_group/info|health)(/(?!.*:\w*[gG]enerateContent$)[^/]*)?"
)
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Request:
    """One request as the rules see it.

    ``lines`` are the header lines in wire order with lower-case names and without outer whitespace.
    """

    lines: tuple[tuple[str, str], ...]
    body: Mapping[str, object]
    path: str

    @cached_property
    def headers(self) -> dict[str, str]:
        """Each name once: in the place of its first line, with the value of its last."""
        return dict(self.lines)

    @cached_property
    def metadata(self) -> Mapping[str, object]:
        """The body's ``metadata`` as far as LiteLLM takes it for an object."""
        return self._object("metadata")

    @cached_property
    def litellm_metadata(self) -> Mapping[str, object]:
        """The body's ``litellm_metadata`` as far as LiteLLM takes it for an object."""
        return self._object("litellm_metadata")

    @property
    def owns_litellm_metadata(self) -> bool:
        """Whether ``litellm_metadata`` counts as the caller's on this path."""
        return any(part in self.path for part in _LITELLM_METADATA_PATHS)

    @property
    def needs_session(self) -> bool:
        """Whether ``missing_session_id`` applies to this path."""
        return not _EXEMPT_PATH.fullmatch(self.path)

    @property
    def is_codex(self) -> bool:
        """Whether the user agent is one of the Codex clients."""
        return bool(_CODEX_AGENT.match(self.headers.get("user-agent", "")))

    def _object(self, field: str) -> Mapping[str, object]:
        value = self.body.get(field)
        unread = field == "metadata" and "chat/completions" in self.path
        if isinstance(value, str) and not unread:
            value = _parsed(value)
        return value if isinstance(value, Mapping) else _NOTHING


class Found(NamedTuple):
    """What a rule found, and where; the value is of any JSON type."""

    source: str
    value: object


Find = Callable[[Request], Found | None]


@dataclass(frozen=True)
class Rule:
    """One way to name a session.

    ``since`` is the first release with the rule, ``until`` the first one without it.
    ``counts`` says what the rule is worth to ``missing_session_id``: a session satisfies every
    mode, a trace is reused by ``generate`` and satisfies none, nothing is overlooked.
    """

    name: str
    since: str
    where: Literal["header", "body"]
    fills: tuple[Slot, ...]
    counts: Literal["session", "trace", "nothing"]
    find: Find
    until: str | None = None


def request_of(headers: Iterable[tuple[str, str]], body: object, path: str) -> Request:
    """Build the rules' view of a request; odd input becomes an empty one, never an error."""
    lines = tuple((str(name).lower(), str(value).strip(" \t")) for name, value in headers)
    return Request(lines, body if isinstance(body, Mapping) else _NOTHING, path)


@lru_cache(maxsize=1024)
def is_session_name(name: str) -> bool:
    """Whether a lower-case header name can carry a session for any client."""
    return name in EXPLICIT_NAMES or name == "x-session-id" or bool(VENDOR_NAME.fullmatch(name))


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of a W3C ``traceparent``; the all-zero id is invalid by that standard."""
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    trace_id = match[1].lower() if match else ""
    return trace_id if trace_id.strip("0") else None


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _explicit(name: str) -> Find:
    def find(request: Request) -> Found | None:
        value = request.headers.get(name)
        return Found(name, value) if value else None

    return find


def _first_valid(request: Request, names: Iterable[str]) -> Found | None:
    for name in names:
        if VALUE.fullmatch(request.headers.get(name, "")):
            return Found(name, request.headers[name])
    return None


def _vendor(request: Request) -> Found | None:
    names = (name for name in request.headers if VENDOR_NAME.fullmatch(name))
    return _first_valid(request, (name for name in names if name not in EXPLICIT_NAMES))


def _codex(request: Request) -> Found | None:
    return _first_valid(request, CODEX_NAMES) if request.is_codex else None


def _bare(request: Request) -> Found | None:
    return _first_valid(request, ("x-session-id",))


def _user_id(request: Request) -> Found | None:
    user_id = request.metadata.get("user_id")
    if isinstance(user_id, Mapping):
        session = user_id.get("session_id")
    elif isinstance(user_id, str):
        session = user_id.rpartition("_session_")[2] if "_session_" in user_id else None
    else:
        session = None
    if isinstance(session, str) and _USER_ID_SESSION.fullmatch(session):
        return Found("metadata.user_id", session)
    return None


def _root(field: str) -> Find:
    # Also null and "": a field that is there keeps the weaker rules out of its slot.
    def find(request: Request) -> Found | None:
        return Found(field, request.body[field]) if field in request.body else None

    return find


def _inside(holder: Literal["metadata", "litellm_metadata"], field: str) -> Find:
    def find(request: Request) -> Found | None:
        values = getattr(request, holder)
        return Found(f"{holder}.{field}", values[field]) if field in values else None

    return find


def _as_text(find: Find) -> Find:
    # What LiteLLM takes for the caller's own id: a non-empty text, no number.
    def find_text(request: Request) -> Found | None:
        found = find(request)
        return found if found and found.value and isinstance(found.value, str) else None

    return find_text


def _where_owned(find: Find) -> Find:
    def find_owned(request: Request) -> Found | None:
        return find(request) if request.owns_litellm_metadata else None

    return find_owned


def _baggage(request: Request) -> Found | None:
    # Neither percent-decoded nor cut at `;`: LiteLLM stores the entry's raw text.
    for entry in request.headers.get("baggage", "").split(","):
        key, _, value = entry.partition("=")
        if key.strip() == "session.id" and value.strip():
            return Found("baggage", value.strip())
    return None


def _traceparent(request: Request) -> Found | None:
    trace_id = trace_id_of(request.headers.get("traceparent", ""))
    return Found("traceparent", trace_id) if trace_id else None


_trace_header, _session_header = map(_explicit, EXPLICIT_NAMES)
_root_session, _root_trace = map(_root, ("litellm_session_id", "litellm_trace_id"))
_any_session, _any_trace = _inside("metadata", "session_id"), _inside("metadata", "trace_id")
_meta_session, _meta_trace = map(_as_text, (_any_session, _any_trace))
_other_session = _inside("litellm_metadata", "session_id")
_other_trace = _inside("litellm_metadata", "trace_id")
_own_session = _where_owned(_as_text(_other_session))
_own_trace = _where_owned(_as_text(_other_trace))

_NONE: tuple[Slot, ...] = ()
_ID: tuple[Slot, ...] = ("session",)
_TRACE: tuple[Slot, ...] = ("trace",)
_META_ID: tuple[Slot, ...] = ("meta_session",)
_META_TR: tuple[Slot, ...] = ("meta_trace",)
_IDS = _ID + _META_ID
_TRACES = _TRACE + _META_TR
_ALL = _IDS + _TRACES

# The first two rows fill nothing: before 1.82.1 the explicit headers reached only the metadata that
# callbacks see, while spend logs read the two root fields.
# fmt: off
RULES: tuple[Rule, ...] = (
    #    name                          since      where     fills     counts     find
    Rule("x-litellm-trace-id",          "1.81.6",  "header", _NONE,    "nothing", _trace_header,
         until="1.82.1"),
    Rule("x-litellm-session-id",        "1.81.14", "header", _NONE,    "nothing", _session_header,
         until="1.82.1"),
    Rule("x-litellm-trace-id",          "1.82.1",  "header", _ALL,     "session", _trace_header),
    Rule("x-litellm-session-id",        "1.82.1",  "header", _ALL,     "session", _session_header),
    Rule("x-<vendor>-session-id",       "1.83.11", "header", _ALL,     "session", _vendor),
    Rule("codex headers",               "1.99.0",  "header", _ALL,     "session", _codex),
    Rule("x-session-id",                "1.101.0", "header", _ALL,     "session", _bare),
    Rule("metadata.user_id",            "1.94.0",  "body",   _IDS,     "session", _user_id),
    Rule("litellm_session_id",          "1.70.0",  "body",   _ID,      "session", _root_session),
    Rule("metadata.session_id",         "1.82.1",  "body",   _META_ID, "session", _meta_session),
    Rule("litellm_metadata.session_id", "1.82.1",  "body",   _META_ID, "session", _own_session),
    Rule("baggage",                     "1.98.0",  "header", _IDS,     "session", _baggage),
    Rule("metadata.session_id",         "1.82.1",  "body",   _META_ID, "nothing", _any_session),
    Rule("litellm_metadata.session_id", "1.82.1",  "body",   _META_ID, "nothing", _other_session),
    Rule("metadata.trace_id",           "1.82.1",  "body",   _META_TR, "trace",   _meta_trace),
    Rule("litellm_metadata.trace_id",   "1.82.1",  "body",   _META_TR, "trace",   _own_trace),
    Rule("litellm_trace_id",            "1.70.0",  "body",   _TRACE,   "trace",   _root_trace),
    Rule("traceparent",                 "1.98.0",  "header", _TRACES,  "trace",   _traceparent),
    Rule("metadata.trace_id",           "1.82.1",  "body",   _META_TR, "nothing", _any_trace),
    Rule("litellm_metadata.trace_id",   "1.82.1",  "body",   _META_TR, "nothing", _other_trace),
)
# fmt: on

# What a release must have for a setting to do anything.
SETTINGS_SINCE = {"missing_session_id": "1.101.0", "request_correlation_in_logs": "1.98.0"}
