"""One turn of a conversation, answered the same way whatever API it was asked through.

An `Api` says what its requests must hold and how its answers look; everything else, from the
checks to the faults of a script, is here once.
"""

from __future__ import annotations

import fnmatch
import json
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Response

from fake_litellm import _exchange, _response
from fake_litellm._errors import ApiError, upstream_failure
from fake_litellm._replies import Cut, Failure, Page, Redirect, Reply
from fake_litellm._stream import cut_in_headers, cut_in_stream, cut_json, stream
from fake_litellm._wire import CutConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.version import Version

    from fake_litellm._demand import Demand
    from fake_litellm._exchange import Exchange
    from fake_litellm._replies import Answer, ToolCall
    from fake_litellm._stream import Ending, Event

Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What an API renders.

    Attributes:
        reply: The model's answer.
        model: The model's name as the answer shows it.
        body: The request's body.
        litellm: The release to behave as.
        id: A fresh uuid, for the ids of the answer.
        created: Seconds since the epoch.
    """

    reply: Reply
    model: str
    body: Body
    litellm: Version
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.reply.text

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text as a stream delivers it."""
        return self.reply.streamed_pieces() if self.text else ()

    @property
    def wants_usage(self) -> bool:
        """Whether the request asks for usage in the stream, as OpenAI's completions do."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True


class ErrorLines(NamedTuple):
    """Names of the `x-litellm-*` lines behind the call id of an error answer, by its cause.

    `timeout` is the value of the one of that name.
    """

    checked: str = "version response-cost key-spend"
    unknown_model: str = "version response-cost key-spend"
    upstream: str = "version response-cost key-spend timeout"
    timeout: str = "6000.0"


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API.

    Attributes:
        route: Its name in LiteLLM's messages.
        answer: Builds the JSON answer.
        events: Builds the stream; `None` where the API has none.
        ending: Tells how the stream ends.
        filled: Parameters that must be there and not null.
        present: Parameters that must be there.
        check: Refuses a body that fails only behind the router, given the model's name.
        demand: Reads what the answer must hold.
        streamed: Whether it streams; `None` where `stream` in the body says so.
        query_key: Whether the key may be in the query.
        tells_param: Whether it passes on which parameter an upstream blames.
        left_out: The usual lines of a JSON answer that this API does not send.
        left_out_streaming: Likewise for a stream.
        error_lines: The lines of an error answer.
        envelope: Builds the body of an error answer.
    """

    route: str
    answer: Callable[[Turn], Body]
    events: Callable[[Turn], Iterable[Event]] | None = None
    ending: Callable[[Turn], Ending] | None = None
    filled: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    check: Callable[[Body, str], None] | None = None
    demand: Callable[[Body], Demand] | None = None
    streamed: bool | None = None
    query_key: bool = False
    tells_param: bool = False
    left_out: frozenset[str] = _response.NO_LINES
    left_out_streaming: frozenset[str] = _response.NO_LINES
    error_lines: ErrorLines = field(default_factory=ErrorLines)
    envelope: Callable[[ApiError], Body] = ApiError.body

    def __call__(self, exchange: Exchange, model: str | None = None) -> Response:
        """Answer a request; `model` is the one in the path, which goes before the body's."""
        body = _exchange.object_body(exchange, query_key=self.query_key)
        try:
            return self._respond(exchange, model, body)
        except ApiError as error:
            return self._refuse(error, exchange, model or str(body.get("model")))

    def _respond(self, exchange: Exchange, model: str | None, body: Body) -> Response:
        _exchange.require_text_model(body)
        _exchange.require_session(exchange)
        _exchange.require_params(self.route, body, self.filled, self.present)
        asked = body.get("model")
        name = _exchange.require_known_model(exchange, self.route, model or asked)
        if self.check:
            self.check(body, name)
        scripted = exchange.next_answer(exchange.recorded)
        if scripted is None:
            demand = self.demand(body) if self.demand else None
            scripted = demand.met_by(exchange.default) if demand else exchange.default
        if not isinstance(scripted, Reply):
            return self._fault(exchange, scripted, name)
        shown = scripted.model or asked or name
        turn = Turn(reply=scripted, model=shown, body=body, litellm=exchange.litellm)
        response = self._reply(exchange, turn, scripted.model or name)
        if scripted.model:
            response.headers["x-litellm-attempted-fallbacks"] = "1"
        for pattern, value in scripted.headers:
            if not value:
                for name in fnmatch.filter(response.headers.keys(), pattern):
                    del response.headers[name]
        response.headers.update({name: value for name, value in scripted.headers if value})
        return response

    def _reply(self, exchange: Exchange, turn: Turn, name: str) -> Response:
        _wait(exchange, turn.reply)
        streamed = turn.body.get("stream") is True if self.streamed is None else self.streamed
        if streamed and self.events and self.ending and not turn.reply.unstreamed:
            ending = self.ending(turn)
            events = stream(turn.reply, self.events(turn), ending, exchange.stopping)
            return self._stream(exchange, events, name)
        response = _response.completion_response(
            self.answer(turn), exchange.request, name, exchange.settings.litellm, self.left_out
        )
        return cut_json(response, turn.reply)

    def _fault(self, exchange: Exchange, scripted: Answer, model: str) -> Response:
        match scripted:
            case Failure():
                _wait(exchange, scripted)
                failure = scripted if self.tells_param else replace(scripted, param=None)
                raise upstream_failure(failure, model, exchange.litellm, _retry_lines(scripted))
            case Redirect(location=location, status=status):
                _wait(exchange, scripted)
                return _response.redirect_response(location, exchange.request, status)
            case Page(html=html, status=status):
                return Response(html, status, content_type="text/html; charset=utf-8")
            case Cut(at="before-headers"):
                raise CutConnection(reset=True)
            case Cut(at="in-headers"):
                raise cut_in_headers()
            case _:
                return self._stream(exchange, cut_in_stream(), model)

    def _stream(self, exchange: Exchange, events: Iterable[bytes], model: str) -> Response:
        return _response.stream_response(
            events,
            exchange.request,
            model,
            exchange.settings.litellm,
            self.left_out_streaming,
        )

    def _refuse(self, error: ApiError, exchange: Exchange, model: str) -> Response:
        checked, unknown_model, upstream, timeout = self.error_lines
        names = upstream if error.routed else unknown_model if error.repeated else checked
        lines = _response.error_lines(names, model, exchange.settings.litellm, timeout)
        return _response.error_response(error, exchange.request, self.envelope(error), lines)


def arguments_of(call: ToolCall) -> object:
    """Return a tool call's arguments as an object, for APIs that do not send them as text."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return {}


def _wait(exchange: Exchange, scripted: Reply | Failure | Redirect) -> None:
    exchange.stopping.sleep(scripted.latency)
    if scripted.hold is not None:
        scripted.hold.pass_through(exchange.stopping)


def _retry_lines(failure: Failure) -> tuple[tuple[str, str], ...]:
    lines = []
    if isinstance(failure.retry_after, str):
        lines.append(("retry-after", failure.retry_after))
    elif failure.retry_after is not None:
        lines.append(("retry-after", f"{failure.retry_after:g}"))
    if failure.retry_after_ms is not None:
        lines.append(("retry-after-ms", str(failure.retry_after_ms)))
    return tuple(lines)
