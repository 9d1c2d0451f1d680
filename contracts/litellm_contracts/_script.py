"""Which answer the fakes give to which request, while the calls of a contract are made."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any

from fake_litellm import Failure, Gate, Redirect, Reply
from litellm_contracts._model import ANSWER, is_fault
from litellm_contracts._observation import owner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fake_litellm import FakeLiteLLM, RecordedRequest
    from fake_litellm._replies import Answer
    from litellm_contracts._model import Call

GATE_LIMIT = 2.0
"""Seconds after which a held answer goes out all the same: a handler may do its calls in turn."""
LONGEST_HOLD = 8.0
"""Seconds for which it is held at most, as long as the calls beside it come back."""
BACK_OFF = 0.02
"""Seconds after which a handler whose request was refused is taken to wait to try again."""
_DECISION = 0.2
"""Seconds in which a handler that is told to wait for long does something else, if it ever does."""
_LONG = 60
"""Seconds that are long to wait."""
_ELSEWHERE = "//"


class Script:
    """Picks the answer for each request by the call it belongs to.

    Args:
        calls: What will be made.
        fakes: The proxies by name, for redirects from one to another.
    """

    def __init__(self, calls: Sequence[Call], fakes: Mapping[str, FakeLiteLLM]) -> None:
        self._fakes = fakes
        self._begun: list[Call] = []
        self._answers = {call.name: deque(call.answers) for call in calls}
        self.gates: dict[str, Gate] = {}
        self._announced: dict[str, Gate] = {}

    def begin(self, group: Sequence[Call]) -> None:
        """Answer for these calls from now on, rather than for earlier ones of the same text."""
        self._begun = [*reversed(group), *self._begun]

    def hold(self, call: Call, *, in_stream: bool) -> Gate:
        """Hold the answer of a call back, or its stream after the first piece.

        A failure or a redirect is held only where the call says so: else the gate is reached while
        the handler waits to try again.
        """
        gate = self.gates[call.name] = Gate(GATE_LIMIT)
        answers = self._answers[call.name]
        if not answers:
            answers.append(Reply(text=ANSWER))
        place = max(call.held - 1, 0)
        held = answers[place]
        if isinstance(held, Reply) or (call.held and isinstance(held, Failure | Redirect)):
            part: dict[str, Any] = {"hold_in_stream" if in_stream else "hold": gate}
            answers[place] = dataclasses.replace(held, **part)
        else:
            self._announced[call.name] = gate
        return gate

    def answer(self, request: RecordedRequest) -> Answer | None:
        """Return the next answer of the call, or `None` for the default."""
        call = owner(request, self._begun)
        if call is None:
            return None
        if call.name in self._announced:
            self._announced.pop(call.name).reach()
        answers = self._answers[call.name]
        if not answers:
            return None
        # A call that is to fail fails however often it is tried.
        is_last_fault = len(answers) == 1 and is_fault(answers[0])
        answer = answers[0] if is_last_fault else answers.popleft()
        if isinstance(answer, Reply) and answer.ends != "done" and not _streams(request):
            return Failure(status=500)  # what breaks a stream off has no answer without one
        if isinstance(answer, Redirect) and answer.location.startswith(_ELSEWHERE):
            # Under another name, as some clients tell hosts apart without their ports.
            port = self._fakes[answer.location.removeprefix(_ELSEWHERE)].port
            location = f"http://localhost:{port}{request.path}"
            return dataclasses.replace(answer, location=location)
        return answer


def groups_of(calls: Sequence[Call]) -> list[list[Call]]:
    """Put each call that names another one into that one's group."""
    groups: list[list[Call]] = []
    for call in calls:
        for group in groups:
            if call.partner in {member.name for member in group}:
                group.append(call)
                break
        else:
            groups.append([call])
    return groups


def redirected_to(calls: Sequence[Call]) -> set[str]:
    """Return the names of the proxies that answers redirect to."""
    answers = [answer for call in calls for answer in call.answers]
    locations = {answer.location for answer in answers if isinstance(answer, Redirect)}
    return {one.removeprefix(_ELSEWHERE) for one in locations if one.startswith(_ELSEWHERE)}


def _streams(request: RecordedRequest) -> bool:
    asked = isinstance(request.json, dict) and request.json.get("stream") is True
    return asked or request.path.endswith("streamGenerateContent")


def waits_first(call: Call) -> bool:
    """Tell whether a call is refused first, so that its handler waits before it tries again."""
    return bool(call.answers) and isinstance(call.answers[0], Failure) and call.held != 1


def patience_of(call: Call) -> float:
    """Return how many seconds after a refusal a call has come to wait; 0 where there was none."""
    if not waits_first(call):
        return 0.0
    wanted = getattr(call.answers[0], "retry_after", None)
    return _DECISION if isinstance(wanted, int | float) and wanted > _LONG else BACK_OFF
