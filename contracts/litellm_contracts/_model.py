"""The words of the suite: contracts, calls, results and the report every output is written from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Literal

from litellm_contracts._errors import EXIT_BROKEN, EXIT_CONFORMANT, EXIT_SUITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fake_litellm._replies import Answer

Method = Literal["create_message", "complete_prompt"]
ANSWER = "Hello."
"""What a call is answered that no answer is scripted for."""
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
"""A picture of one pixel, in base64."""
_TRIED_AGAIN = {408, 409, 429}
_SERVERS = 500
METHODS: tuple[Method, ...] = ("create_message", "complete_prompt")


class Level(StrEnum):
    """How binding a contract is: a broken `must` breaks the verdict, a `should` warns."""

    MUST = "must"
    SHOULD = "should"


class Status(StrEnum):
    """What became of a contract."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    WARN = "warn"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"
    ERROR = "error"


class Verdict(StrEnum):
    """What became of the run."""

    CONFORMANT = "conformant"
    BROKEN = "broken"
    INCOMPLETE = "incomplete"
    ERROR = "error"


class _Omitted(Enum):  # an enum member stays the same object in another process
    OMITTED = "(not passed)"

    def __repr__(self) -> str:
        return self.value


OMITTED = _Omitted.OMITTED
"""Stands for a metadata argument that is not passed at all."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the handler, and how the fake answers it.

    Attributes:
        name: Unique within its contract; evidence refers to it.
        method: `create_message` or `complete_prompt`.
        marker: Part of the text that is sent; it tells which requests belong to the call.
        messages: Chat messages (`create_message`); the last one holds the marker.
        system_prompt: The system prompt (`create_message`).
        prompt: The prompt (`complete_prompt`); holds the marker.
        metadata: The metadata argument, or `OMITTED`.
        handler: Which handler of the contract makes the call; each name is one instance.
        model: The model name its handler is built with, where it is not the contract's.
        key: Name of the API key that the handler is built with; without one it is the run's.
        proxy: Name of the proxy that the handler is built for; without one it is the run's.
        picture: Name of the proxy where a picture lies that its last message points at; without
            one there is none.
        answers: The fake's answers to the requests of this call, in order; the default
            reply after them.
        during: Make the call while the stream of that other call is open; where that one is made
            `together` with a third, once the third is over.
        together: Make the call at the same time as that other call: neither is answered
            before both have arrived.
        held: Which of its answers is held back whole while others are made, from 1. With 0 it is
            the first, where alone in its stream, if it is a reply; a failure is given, so that the
            handler waits meanwhile to try again, and so is a redirect.
        between: Make the call between two chunks of that other call, in the same task or thread.
        judged: Whether the contract's checks look at this call.
        may_refuse: Whether the handler may refuse the call: its task id is hostile. Such a call
            is judged by the checks for hostile ids alone.
        never_read: Begin the call, and read nothing of its answer.
        abandon_after: Stop reading after so many chunks; 0 reads to the end.
        times: How often the same call is made, one after the other.
        cancel: Cancel the call once its request has arrived, before it is answered; where it is
            refused first, while the handler waits to try again.
        cancel_at_once: Cancel the call at the first thing that it awaits.
        cancel_after: Cancel the call after so many chunks, while the stream is open.
        in_place: Its messages and its metadata are the very objects that the call before was given,
            changed.
        closes: Close the handler after the call; a later call of that name is made by a new one.
        stays: Make later calls by the closed handler.
        let_go: Keep nothing of the handler but the stream; a later call of that name is made by a
            new one.
        down: Its proxy listens to nobody meanwhile.
        no_json: Which argument is none that JSON could hold: `messages` are a tuple; `metadata`
            holds what can neither be copied nor written.
        may_fail: Whether the call, and building its handler, may fail; what is sent is judged.
        reset_connections: So many new connections are reset before the request is read.
    """

    name: str
    method: Method
    marker: str
    messages: tuple[Mapping[str, Any], ...] = ()
    system_prompt: str = ""
    prompt: str = ""
    metadata: Any = OMITTED
    handler: str = "handler"
    model: str = ""
    key: str = ""
    proxy: str = ""
    picture: str = ""
    answers: tuple[Answer, ...] = ()
    during: str | None = None
    together: str | None = None
    between: str | None = None
    held: int = 0
    judged: bool = True
    may_refuse: bool = False
    reset_connections: int = 0
    never_read: bool = False
    abandon_after: int = 0
    cancel: bool = False
    cancel_at_once: bool = False
    cancel_after: int = 0
    in_place: bool = False
    closes: bool = False
    stays: bool = False
    let_go: bool = False
    down: bool = False
    no_json: Literal["", "messages", "metadata"] = ""
    may_fail: bool = False
    times: int = 1

    @property
    def partner(self) -> str | None:
        """The other call that this one is made beside."""
        return self.during or self.together or self.between

    @property
    def is_stopped(self) -> bool:
        """Whether its caller does not wait for the end of the answer."""
        is_cancelled = self.cancel or self.cancel_at_once or self.cancel_after
        return bool(self.never_read or self.abandon_after or is_cancelled)

    @property
    def needs_stream(self) -> bool:
        """Whether it takes a caller that reads the stream itself: stops, or calls in between."""
        return bool(self.is_stopped or self.between)

    @property
    def is_never_answered(self) -> bool:
        """Whether its handler may try again and again: nothing but passing failures awaits it."""
        return self.down or any(map(is_transient, self.answers[-1:]))

    @property
    def must_come_back(self) -> bool:
        """Whether it is answered, and waits for nobody else: no handler may leave it waiting."""
        may_wait = self.is_stopped or self.between or self.reset_connections
        may_fail = self.may_fail or self.may_refuse or self.down
        return not (may_wait or may_fail or any(map(is_fault, self.answers)))

    @property
    def task_id(self) -> Any:  # noqa: ANN401 - whatever the metadata holds
        """The task id in the metadata, or `None`."""
        return self.metadata.get("task_id") if isinstance(self.metadata, dict) else None


def is_transient(answer: Answer) -> bool:
    """Tell whether an answer is a failure that may pass, so that a handler may try again."""
    status = getattr(answer, "status", 0)
    is_failure = hasattr(answer, "retry_after") and (status in _TRIED_AGAIN or status >= _SERVERS)
    return is_failure or hasattr(answer, "at")


def is_fault(answer: Answer) -> bool:
    """Tell whether an answer is none: a handler may fail, or try again."""
    return getattr(answer, "ends", "fault") != "done" or getattr(answer, "unstreamed", False)


def is_redirected(call: Call) -> bool:
    """Tell whether the proxy sends a request of the call to another place."""
    return any(hasattr(answer, "location") for answer in call.answers)


def says_nothing(answer: Answer) -> bool:
    """Tell whether an answer is empty: a handler may take it, or ask again."""
    return not (getattr(answer, "text", "fault") or getattr(answer, "tool_calls", ()))


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A requirement, the calls that show whether it is kept, and what to check.

    Attributes:
        id: `group/name`, unique and stable.
        level: How binding it is.
        requirement: The requirement in one plain sentence.
        why: What goes wrong in production when it is broken.
        fix: The smallest change that mends a handler.
        calls: The calls to make, in order; empty where `generator` makes them.
        exchange: Name of the exchange: contracts with the same one make the same calls, and a run
            makes them once.
        judges: Names of the calls that the contract is about; empty for all.
        checks: Names of the checks that judge the calls.
        model: The model name the handler is built with.
        generator: Name of the generator of calls, or `None` for a table contract.
        everywhere: Whether it makes no calls, and judges those of all table contracts instead.
        methods: The methods a generator calls.
        profile: What the profile must say for the contract to apply.
    """

    id: str
    level: Level
    requirement: str
    why: str
    fix: str
    calls: tuple[Call, ...] = ()
    exchange: str = ""
    judges: tuple[str, ...] = ()
    checks: tuple[str, ...] = ("header",)
    model: str = "gpt-4o"
    generator: str | None = None
    everywhere: bool = False
    methods: tuple[Method, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def own_calls(self) -> tuple[Call, ...]:
        """The calls that the contract is about."""
        return tuple(one for one in self.calls if not self.judges or one.name in self.judges)

    @property
    def all_checks(self) -> tuple[str, ...]:
        """The checks, after `reached`, which always applies.

        Whether each call of another contract was sent is that contract's own affair.
        """
        return self.checks if self.everywhere else ("reached", *self.checks)

    def unmet(self, profile: object) -> str:
        """Say what the profile does not fulfil for the contract to apply, or nothing."""
        for name, wanted in self.profile.items():
            given = getattr(profile, name)
            if given != wanted:
                return f"the profile says {name} = {given}, the contract is for {wanted}"
        return ""

    def needed_methods(self) -> set[Method]:
        """Return the handler methods without which the contract does not apply."""
        return {call.method for call in self.calls} | set(self.methods)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one contract; `evidence` is plain data, keys already redacted."""

    id: str
    level: Level
    status: Status
    requirement: str
    message: str = ""
    seconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run: the model from which console, JSON and JUnit are written.

    `inputs` is a digest of everything the run depends on, where it may be reused; else empty.
    """

    results: tuple[Result, ...]
    suite: Mapping[str, Any]
    handler: Mapping[str, Any]
    environment: Mapping[str, Any]
    seconds: float = 0.0
    inputs: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many contracts have each status; every status is listed."""
        counted = Counter(result.status for result in self.results)
        return {status.value: counted[status] for status in Status}

    @property
    def verdict(self) -> Verdict:
        """`conformant` only when something was judged and nothing is open."""
        statuses = {result.status for result in self.results}
        if Status.ERROR in statuses:
            return Verdict.ERROR
        if Status.FAIL in statuses:
            return Verdict.BROKEN
        if Status.NOT_RUN in statuses or not statuses & {Status.PASS, Status.WARN, Status.WAIVED}:
            return Verdict.INCOMPLETE
        return Verdict.CONFORMANT

    @property
    def exit_code(self) -> int:
        """The documented exit code; the same whatever the output format."""
        match self.verdict:
            case Verdict.CONFORMANT:
                return EXIT_CONFORMANT
            case Verdict.ERROR:
                return EXIT_SUITE
            case _:
                return EXIT_BROKEN
