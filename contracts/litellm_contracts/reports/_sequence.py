"""The exchange as a sequence: who sends what to whom, in order, from a result's evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Evidence = Mapping[str, Any]

Kind = Literal["call", "request", "answer", "return"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One arrow of the picture.

    Attributes:
        kind: A call of the handler, a request of it, the proxy's answer, what the caller gets.
        call: The call, or `None` for a request that belongs to none that is shown.
        request: The request; of a `call` and a `return` there is none.
    """

    kind: Kind
    call: Mapping[str, Any] | None
    request: Mapping[str, Any] | None = None


def sequence(evidence: Evidence) -> list[Step]:
    """Return the arrows in order; empty where there is no evidence of an exchange."""
    calls = evidence.get("calls", [])
    return list(_Picture(calls, evidence.get("requests", [])).steps())


@dataclass
class _Picture:
    """Draws call after call; what was made beside another call is drawn within it."""

    calls: Sequence[Mapping[str, Any]]
    requests: Sequence[Mapping[str, Any]]
    _drawn: set[int] = field(default_factory=set)

    def steps(self) -> Iterator[Step]:
        names = {call["name"] for call in self.calls}
        for call in self.calls:
            if self._partner(call) in names:
                continue
            beside = [one for one in self.calls if self._partner(one) == call["name"]]
            together = [call, *(one for one in beside if "together" in one)]
            during = [one for one in beside if "together" not in one]
            yield from self._group(together, during)
        yield from self._exchanges(self.calls, last=True)

    def _group(
        self, together: Sequence[Mapping[str, Any]], during: Sequence[Mapping[str, Any]]
    ) -> Iterator[Step]:
        yield from (Step(kind="call", call=call) for call in together)
        first = min((self._first(call) for call in during), default=None)
        yield from self._exchanges(together, before=first)
        for call in during:
            yield from self._group([call], [])
        yield from self._exchanges(together)
        yield from (Step(kind="return", call=call) for call in together)

    def _exchanges(
        self, calls: Sequence[Mapping[str, Any]], *, before: int | None = None, last: bool = False
    ) -> Iterator[Step]:
        """Draw the requests of these calls; each is answered before its call sends the next."""
        by_name = {call["name"]: call for call in calls}
        open_requests: dict[str | None, Step] = {}
        for request in self._due(set(by_name), before=before, last=last):
            self._drawn.add(request["number"])
            name = request["call"]
            if name in open_requests:
                yield open_requests.pop(name)
            call = by_name.get(name)
            yield Step(kind="request", call=call, request=request)
            open_requests[name] = Step(kind="answer", call=call, request=request)
        yield from open_requests.values()

    def _due(
        self, names: set[str], *, before: int | None, last: bool
    ) -> Iterator[Mapping[str, Any]]:
        """Return what these calls sent, and the handler's own requests that arrived earlier."""
        waiting = [one for one in self.requests if one["number"] not in self._drawn]
        if before is not None:
            waiting = [one for one in waiting if one["number"] < before]
        own = [one["number"] for one in waiting if one["call"] in names]
        end = max(own, default=0)
        for one in waiting:
            is_side_request = one["call"] is None and one["number"] < end
            if last or one["number"] in own or is_side_request:
                yield one

    def _first(self, call: Mapping[str, Any]) -> int:
        numbers = [one["number"] for one in self.requests if one["call"] == call["name"]]
        return min(numbers, default=len(self.requests) + 1)

    @staticmethod
    def _partner(call: Mapping[str, Any]) -> str | None:
        return call.get("during") or call.get("together") or call.get("between")
