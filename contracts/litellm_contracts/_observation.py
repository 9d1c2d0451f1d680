"""What was seen: the calls made, what the handler returned, and the requests on the wire."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fake_litellm import Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call


_KEY_REFUSED = {401, 403}
_LOOPBACK = "127.0.0.1"
COUNTING_ROUTE = re.compile(r"[/:](token_counter|count_tokens|countTokens|input_tokens)$")
"""Paths on which a text is only measured; LiteLLM files nothing there."""


@dataclass(kw_only=True)
class Outcome:
    """What one call gave back.

    Attributes:
        call: The call.
        chunks: The chunks that arrived (`create_message`), also before an error.
        text: The text (`complete_prompt`).
        error: The error's type and message, or `None`.
        told: All that a log would show of the error: notes, and what it was raised from, too.
        hangs: Whether it had not come back when its time was over.
        given_up: Likewise, where it is never answered, so that it may try again for long.
        swallowed: Whether it was cancelled, and returned all the same.
        seconds: How long the call took.
        began: How many requests had been recorded when it began.
        api_key: The key that its handler was built with.
        model: The model that its handler was built with.
        proxy: Host and port of the proxy that its handler was built for, and the path below
            which it is served, if any.
        given: In which unusual way it was given its arguments, such as all by name, if it was.
        altered: Which of the arguments is not what it was: `messages` or `metadata`.
        failed_before: How many requests of its handler failed, in a row, before it.
        refused_before: What the proxy told its handler when it refused the key, in words and by its
            status, and no call has succeeded since.
    """

    call: Call
    chunks: list[Any] = field(default_factory=list)
    text: Any = None
    error: str | None = None
    told: str = ""
    hangs: bool = False
    given_up: bool = False
    swallowed: bool = False
    seconds: float = 0.0
    began: int = 0
    api_key: str = ""
    model: str = ""
    proxy: str = ""
    given: str = ""
    altered: str = ""
    failed_before: int = 0
    refused_before: tuple[str, ...] = ()

    def time_is_over(self, limit: float) -> None:
        """Note that it had not come back after so many seconds, which may be its good right."""
        self.error = f"no answer within {limit:g} s"
        self.given_up = self.call.is_never_answered
        self.hangs = not self.given_up

    @property
    def host(self) -> str:
        """Host and port of its handler's proxy."""
        return self.proxy.partition("/")[0]

    @property
    def received_text(self) -> str:
        """The text the caller saw: streamed pieces joined, or the completion."""
        if self.call.method == "complete_prompt":
            return self.text if isinstance(self.text, str) else ""
        return "".join(
            str(chunk.get("text", ""))
            for chunk in self.chunks
            if isinstance(chunk, Mapping) and chunk.get("type") == "text"
        )


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One recorded request: its number in the journal (from 1), and whose it is.

    Attributes:
        number: Position in the journal, counted from 1.
        request: The record.
        call: The call it belongs to; `None` where no call's marker is in it.
        begun: Where it belongs to no call, those that had begun when it came.
    """

    number: int
    request: RecordedRequest
    call: Call | None
    begun: tuple[Call, ...] = ()

    @property
    def host(self) -> str:
        """Host and port that it went to, by the name of its proxy; empty where it names none."""
        name, colon, port = ["", *self.request.header_values("Host")][-1].lower().partition(":")
        return f"{_LOOPBACK if name == 'localhost' else name}{colon}{port}"

    @property
    def is_stray(self) -> bool:
        """Whether it could be a call's request, had its text not been lost."""
        counts = COUNTING_ROUTE.search(self.request.path)
        return self.call is None and self.request.method == "POST" and not counts


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything a check may look at."""

    outcomes: tuple[Outcome, ...]
    seen: tuple[Seen, ...]
    api_key: str = ""
    knows_tools: bool = False
    """Whether an earlier request of the handler's offered tools."""
    logged: tuple[tuple[str, str], ...] = ()
    """The log messages that show the API key, each after the call under way, or one of those."""

    def about(self, names: Collection[str]) -> Observation:
        """Return what was seen of these calls, and of no call; all of it without names.

        Requests are numbered anew, as if the other calls had not been made.
        """
        if not names:
            return self
        kept = (one for one in self.seen if one.call is None or one.call.name in names)
        return Observation(
            outcomes=tuple(one for one in self.outcomes if one.call.name in names),
            seen=tuple(replace(one, number=number) for number, one in enumerate(kept, start=1)),
            api_key=self.api_key,
            logged=tuple(one for one in self.logged if one[0] in names),
        )

    def whole(self) -> Observation:
        """Return the same with every call judged, whatever its own contract is about."""
        outcomes = (replace(one, call=replace(one.call, judged=True)) for one in self.outcomes)
        return replace(self, outcomes=tuple(outcomes))

    def requests_of(self, call: Call) -> list[Seen]:
        """Return the requests of one call, in order."""
        return [seen for seen in self.seen if seen.call is not None and seen.call.name == call.name]

    def judged(self) -> list[Outcome]:
        """Return the outcomes of the calls that are judged as good calls."""
        return [
            outcome
            for outcome in self.outcomes
            if outcome.call.judged and not outcome.call.may_refuse
        ]


def observe(
    outcomes: Sequence[Outcome], journal: Iterable[RecordedRequest], api_key: str = ""
) -> Observation:
    """Attribute each recorded request to the call whose marker it holds.

    Calls may share a text: then it is the latest of those that had begun, and of those that are
    made at the same time the one whose task id it carries, or that has made the fewest.
    """
    requests = list(enumerate(journal, start=1))
    begun = {
        number: tuple(one.call for one in reversed(outcomes) if one.began < number)
        for number, _ in requests
    }
    owners = {number: owners_of(request, begun[number]) for number, request in requests}
    made = Counter(calls[0].name for calls in owners.values() if len(calls) == 1)
    seen = []
    for number, request in requests:
        call = min(owners[number], key=lambda one: made[one.name], default=None)
        if call is not None and len(owners[number]) > 1:
            made[call.name] += 1
        strays = {} if call else {"begun": begun[number]}
        seen.append(Seen(number=number, request=request, call=call, **strays))
    _count_failures(outcomes, Counter(one.call.name for one in seen if one.call))
    return Observation(outcomes=tuple(outcomes), seen=tuple(seen), api_key=api_key)


def _count_failures(outcomes: Iterable[Outcome], sent: Mapping[str, int]) -> None:
    """Tell each outcome of the requests of its handler that failed right before it."""
    in_a_row: Counter[str] = Counter()
    refused: dict[str, tuple[str, ...]] = {}
    for outcome in outcomes:
        handler = outcome.call.handler
        outcome.failed_before = in_a_row[handler]
        outcome.refused_before = refused.get(handler, ())
        if outcome.error is None:
            in_a_row[handler], refused[handler] = 0, ()
            continue
        refused[handler] = _refusal(outcome.call) or outcome.refused_before
        if outcome.call.times == 1:  # else it is the last of them that failed, not all
            in_a_row[handler] += sent[outcome.call.name]


def _refusal(call: Call) -> tuple[str, ...]:
    """Return what tells that the proxy refuses the key: its own words, and the status."""
    for answer in call.answers:
        if isinstance(answer, Failure) and answer.status in _KEY_REFUSED:
            words = (answer.message or "").rpartition(": ")[2]  # without what LiteLLM calls them
            return (*filter(None, [words]), str(answer.status))
    return ()


def owner(request: RecordedRequest, calls: Iterable[Call]) -> Call | None:
    """Return the call a request belongs to, the first where several may be it."""
    return next(iter(owners_of(request, calls)), None)


def owners_of(request: RecordedRequest, calls: Iterable[Call]) -> Sequence[Call]:
    """Return the call a request belongs to: the one whose marker comes last in its text.

    A conversation's history repeats earlier markers, so the newest message decides; a body that
    is not chat-shaped is searched as a whole. Counting the tokens of a call's text is not the call.
    Calls of the same text at the same time are told apart by their task ids in its headers; all are
    returned where there is none.
    """
    if COUNTING_ROUTE.search(request.path):
        return ()
    calls = list(calls)
    for text in _newest_first(request):
        found = [(text.rfind(call.marker), call) for call in calls if call.marker in text]
        if found:
            first = max(found, key=lambda pair: pair[0])[1]
            values = [value for _, value in request.headers]  # an id may be of any type
            twins = [one for one in calls if _go_together(first, one)]
            named = [one for one in twins if one.task_id in values]
            return named[:1] or twins
    return ()


def _go_together(call: Call, other: Call) -> bool:
    """Tell whether two calls with the same text are made at the same time."""
    return other.marker == call.marker and (other.together or other.name) == (
        call.together or call.name
    )


def _newest_first(request: RecordedRequest) -> Iterable[str]:
    body = request.json
    with suppress(ValueError, RecursionError):  # LiteLLM takes half of a character for no JSON
        body = json.loads(request.body) if body is None and request.body else body
    if isinstance(body, dict):
        for key in ("messages", "input", "contents"):
            if isinstance(body.get(key), list):
                yield from (json.dumps(item, ensure_ascii=False) for item in reversed(body[key]))
    yield request.body.decode(errors="replace")
