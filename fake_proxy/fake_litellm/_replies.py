"""What the fake can be told to answer: replies, failures, cut connections, redirects."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fake_litellm._journal import RecordedRequest

if TYPE_CHECKING:
    from fake_litellm._stopping import Stopping

DEFAULT_TEXT = "Hello from the fake LiteLLM."

Ending: TypeAlias = Literal["done", "drop", "reset", "error-event", "malformed", "stall", "silent"]


class Gate:
    """Holds an answer back until a test opens it.

    Args:
        limit: After this many seconds the answer goes out all the same, so that a test which
            forgets the gate ends.
    """

    def __init__(self, limit: float = 5.0) -> None:
        self._limit = limit
        self._until = 0.0
        self._reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        """Let the answer go."""
        self._open.set()

    def wait_until_reached(self, seconds: float | None = None) -> bool:
        """Wait until the fake stands at the gate; false when `seconds` passed first."""
        return self._reached.wait(self._limit if seconds is None else seconds)

    def reach(self) -> None:
        """Let whoever waits for it know that the gate is reached."""
        self._reached.set()

    def pass_through(self, stopping: Stopping) -> None:
        """Stand at the gate until it is open or the server stops (called by the fake)."""
        self.reach()
        self.stay()
        while not self._open.is_set() and (left := self._until - time.monotonic()) > 0:
            stopping.wait_for(self._open, left)

    def stay(self) -> None:
        """Hold the answer for the limit from now on."""
        self._until = time.monotonic() + self._limit


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One tool call of the model.

    Attributes:
        name: The function's name.
        arguments: JSON text, as in the API.
        id: What its result refers to.
        pieces: The arguments as a stream delivers them; by default in two halves, so that a client
            must join them.
    """

    name: str
    arguments: str = "{}"
    id: str = "call_1"
    pieces: tuple[str, ...] | None = None

    def streamed_arguments(self) -> tuple[str, ...]:
        """Return the arguments as a stream delivers them."""
        if self.pieces is not None:
            return self.pieces
        middle = len(self.arguments) // 2
        return self.arguments[:middle], self.arguments[middle:]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Token counts, as LiteLLM reports them."""

    prompt_tokens: int = 10
    completion_tokens: int = 20
    cached_tokens: int = 0
    cache_creation_tokens: int = 0
    reasoning_tokens: int = 0


NOTHING = Usage(prompt_tokens=0, completion_tokens=0)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A model's answer, sent as JSON or as a stream as the request asks.

    Attributes:
        text: The whole text; where tools are called there is none by default, else it comes before.
        pieces: The text as the stream delivers it; by default word by word.
        reasoning: Text of a reasoning model, before the answer.
        reasoning_at_once: Stream the reasoning in one event with the first piece of the text, as
            LiteLLM does where it passes on both of Gemini in one (measured with 1.106.2).
        tool_calls: Tool calls; the finish reason is then `tool_calls`.
        tool_calls_at_once: Stream all tool calls whole, in one event with the last piece of the
            text, as LiteLLM does where it passes on those of Gemini (measured with 1.106.2); else
            one after the other, in parts.
        unstreamed: Answer with JSON although a stream is asked for, as a cache before LiteLLM may.
        usage: Token counts; streamed only when the request asks with `include_usage`.
        latency: Seconds before the answer begins.
        piece_delay: Seconds before each streamed piece.
        split_every: Cuts each event of a stream after so many bytes, as a gateway in between may;
            0 sends each event whole. The parts of a character come 0.05 seconds after each other,
            so that they are read one by one.
        hold: Keeps the whole answer back.
        hold_in_stream: Keeps a stream back after its first piece.
        ends: How a stream ends: `done` in order; `drop` without the last chunk; `reset` by TCP
            RST; `error-event` as LiteLLM reports a failure in mid-stream; `malformed` with an
            event that is not JSON; `stall` without another byte until the client leaves;
            `silent` in good order but without finish reason and `[DONE]`.
            A JSON answer is cut by `drop` and `reset`, the others leave it whole.
        ends_after: How many pieces arrive before an end other than `done`: pieces of text, a
            tool call's name, the pieces of its arguments, the finish reason.
        extra: Further fields on the chat completions API, such as only some providers have; which
            of them LiteLLM itself passes on is not measured. Those under `delta`, `choice` and
            `event` are in a stream's event before the text, or in the message, the choice and the
            body of a JSON answer; those under `first` are in an event of their own, without
            choices, before all others.
        finish: The finish reason on the chat completions API, where it is not the usual one.
        model: The model that answers, where LiteLLM fell back to another than was asked for.
        headers: Further header lines; one whose name the fake sends itself takes its place. Without
            a value, all lines are left out whose names match: a gateway may strip "x-litellm-*".
    """

    text: str = DEFAULT_TEXT
    pieces: tuple[str, ...] | None = None
    reasoning: str = ""
    reasoning_at_once: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    tool_calls_at_once: bool = False
    unstreamed: bool = False
    usage: Usage = field(default_factory=Usage)
    latency: float = 0.0
    piece_delay: float = 0.0
    split_every: int = 0
    hold: Gate | None = None
    hold_in_stream: Gate | None = None
    ends: Ending = "done"
    ends_after: int = 1
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    finish: str = ""
    model: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.tool_calls and self.text == DEFAULT_TEXT:
            object.__setattr__(self, "text", "")

    @property
    def finish_reason(self) -> str:
        """What is scripted, else `tool_calls` where the model calls tools, else `stop`."""
        return self.finish or ("tool_calls" if self.tool_calls else "stop")

    def streamed_pieces(self) -> tuple[str, ...]:
        """Return the text as the stream delivers it."""
        if self.pieces is not None:
            return self.pieces
        return tuple(re.findall(r"\s*\S+|\s+$", self.text))


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error answer in LiteLLM's envelope.

    Attributes:
        status: HTTP status, 400 or above.
        message: The error message; by default one in LiteLLM's wording.
        param: The parameter that the upstream blames; LiteLLM passes it on in chat completions
            alone, with 400, 422, 429 and 500.
        retry_after: Seconds, or a date as HTTP writes it, sent as a plain `retry-after`, as a
            gateway before LiteLLM would; LiteLLM itself only passes `llm_provider-retry-after`,
            which no SDK reads.
        retry_after_ms: Milliseconds, sent as `retry-after-ms` (read by openai 1.9.0 and later).
        latency: Seconds before the answer.
        hold: Keeps the answer back.
    """

    status: int
    message: str | None = None
    param: str | None = None
    retry_after: float | str | None = None
    retry_after_ms: int | None = None
    latency: float = 0.0
    hold: Gate | None = None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The connection is reset (TCP RST) instead of answered.

    Attributes:
        at: Before the first byte of the answer, within its headers, or right after them.
    """

    at: Literal["before-headers", "in-headers", "after-headers"] = "before-headers"


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """A redirect to `location`; `latency` and `hold` keep it back as they do a failure."""

    location: str
    status: int = 307
    latency: float = 0.0
    hold: Gate | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """A web page, as a gateway before LiteLLM answers who has to log in, or is refused."""

    html: str
    status: int = 200


Answer: TypeAlias = Reply | Failure | Cut | Redirect | Page
Answerer: TypeAlias = Callable[[RecordedRequest], Answer | None]
