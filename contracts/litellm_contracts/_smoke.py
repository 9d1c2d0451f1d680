"""`litellm-contracts smoke`: a door tried by itself, one step after the other.

No contract is judged: each step asks whether the program keeps its side of protocol 1.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fake_litellm import Failure, FakeLiteLLM, Gate, Reply, ToolCall
from litellm_contracts._errors import EXIT_CONFORMANT, EXIT_HANDLER, HandlerError
from litellm_contracts._model import METHODS, Call
from litellm_contracts._protocol import schema_errors
from litellm_contracts._threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litellm_contracts._command_door import CommandDoor, CommandHandler, CommandRecipe
    from litellm_contracts._model import Method
    from litellm_contracts._observation import Outcome

_SAID = 'Grüße, 世界 \u2028 \\n "fin" 🙂'
"""Text that shows a wrong encoding, or lines that are split at the wrong places."""
_REFUSED = "litellm.BadRequestError: refused on purpose"


class MissingError(Exception):
    """A step that failed, while the program lives on; says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a step works with."""

    door: CommandDoor
    fake: FakeLiteLLM
    handler: CommandHandler

    async def call(self, method: Method, answer: Any = None) -> Outcome:  # noqa: ANN401
        """Make one call, for which the fake has one answer."""
        self.fake.clear()
        if answer is not None:
            self.fake.script(answer)
        return await self.handler.call(_call(method))


async def answers(trial: Trial, method: Method) -> str:
    """Answer a call, with the text whole and chunks as the protocol describes them."""
    outcome = await trial.call(method, Reply(text=_SAID))
    if outcome.error is not None:
        raise MissingError(f"the handler failed: {outcome.error}")
    if not trial.fake.journal:
        raise MissingError("the handler sent no request to base_url")
    sent = json.dumps(trial.fake.journal[-1].json)
    if json.dumps(_SAID)[1:-1] not in sent:
        raise MissingError("what was passed in did not arrive in the request; is the input UTF-8?")
    for chunk in outcome.chunks:
        for error in schema_errors(chunk, "chunk"):
            raise MissingError(f"chunk {chunk!r}: {error}")
    if outcome.received_text != _SAID:
        raise MissingError(f"the proxy sent {_SAID!r}, the answer holds {outcome.received_text!r}")
    return ""


async def yields_tool_calls(trial: Trial, method: Method) -> str:
    """Yield tool calls in chunks of their own."""
    wanted = ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="call_one")
    outcome = await trial.call(method, Reply(text="", tool_calls=(wanted,)))
    kinds = {str(chunk.get("type")) for chunk in outcome.chunks if isinstance(chunk, dict)}
    if "tool_call_partial" not in kinds:
        raise MissingError(f"no chunk of the type tool_call_partial, only {sorted(kinds)}")
    return ""


async def reports_errors(trial: Trial, method: Method) -> str:
    """Answer with an error when the handler raises, and go on."""
    outcome = await trial.call(method, Failure(status=400, message=_REFUSED))
    if outcome.error is None:
        raise MissingError("the proxy refused the request, and the answer has no `error`")
    return outcome.error


async def answers_out_of_turn(trial: Trial, method: Method) -> str:
    """Answer a second call while the first one is still open."""
    limit = trial.door.recipe.call_limit
    gate = Gate(limit * 3)
    trial.fake.clear()
    trial.fake.script(Reply(hold=gate))
    first = asyncio.create_task(trial.handler.call(_call(method)))
    await asyncio.wait(
        {first, asyncio.ensure_future(in_thread(gate.wait_until_reached))},
        return_when=asyncio.FIRST_COMPLETED,
    )
    second = asyncio.create_task(trial.handler.call(_call(method)))
    done, _ = await asyncio.wait({second}, timeout=limit / 2)
    gate.open()
    await asyncio.gather(first, second)
    if not done:
        raise MissingError("calls are answered in turn; read on while a call is in flight")
    return ""


@dataclass(frozen=True)
class Step:
    """A step by name, the method it needs, and what to do."""

    name: str
    needs: Method
    act: Callable[[Trial, Method], Awaitable[str]]


STEPS = (
    Step("answers create_message", "create_message", answers),
    Step("answers complete_prompt", "complete_prompt", answers),
    Step("yields tool calls", "create_message", yields_tool_calls),
    Step("reports errors of create_message", "create_message", reports_errors),
    Step("reports errors of complete_prompt", "complete_prompt", reports_errors),
    Step("answers create_message out of turn", "create_message", answers_out_of_turn),
    Step("answers complete_prompt out of turn", "complete_prompt", answers_out_of_turn),
)
START, BUILD, STOP = "starts and answers `start`", "builds a handler", "exits at `stop`"


def run_smoke(recipe: CommandRecipe, limit: float, show: Callable[[str], None]) -> int:
    """Try the steps, show each, and return the exit code; a step gets `limit` seconds."""
    recipe = replace(recipe, call_limit=limit, start_limit=limit)
    show(f"smoke of `{recipe.title}`\n")
    tally = _Tally(show)
    try:
        with recipe.open() as door:
            tally.ok(START, _hello(door))
            asyncio.run(_try(door, tally))
            if not door.is_stuck:
                door.pause(close_input=False)
                tally.ok(STOP, "")
    except HandlerError as error:
        tally.missing(tally.next_step, str(error))
    return tally.close()


async def _try(door: CommandDoor, tally: _Tally) -> None:
    with FakeLiteLLM() as fake:
        key = f"sk-smoke-{secrets.token_hex(8)}"
        handler = await door.build(fake.base_url, key, "gpt-4o")
        tally.ok(BUILD, "")
        trial = Trial(door=door, fake=fake, handler=handler)
        for step in STEPS:
            if step.needs not in door.capabilities:
                tally.skip(step.name, f"declares no {step.needs}")
                continue
            try:
                tally.ok(step.name, (await step.act(trial, step.needs)).replace(key, "[redacted]"))
            except MissingError as missing:
                tally.missing(step.name, str(missing).replace(key, "[redacted]"))


class _Tally:
    """Shows steps, and knows which are left."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._left = [START, BUILD, *(step.name for step in STEPS), STOP]
        self._count = len(self._left)
        self._missing = 0

    @property
    def next_step(self) -> str:
        """The first step that was not tried."""
        return self._left[0]

    def ok(self, name: str, note: str) -> None:
        """Show a step that is as it should be."""
        self._line("ok", name, note)

    def skip(self, name: str, note: str) -> None:
        """Show a step that is not for this door."""
        self._line("n/a", name, note)

    def missing(self, name: str, note: str) -> None:
        """Show a step that failed."""
        self._missing += 1
        self._line("MISSING", name, note)

    def close(self) -> int:
        """Show the steps that are left and the sum, and return the exit code."""
        for name in list(self._left):
            self._line("not tried", name, "")
        if not self._missing:
            self._show("nothing is missing\n")
            return EXIT_CONFORMANT
        self._show(
            f"{self._missing} of {self._count} steps failed; `litellm-contracts door schema` "
            "prints the protocol, `litellm-contracts door node` a door that keeps it\n"
        )
        return EXIT_HANDLER

    def _line(self, word: str, name: str, note: str) -> None:
        self._left.remove(name)
        first, *rest = f"{name}: {note}".split("\n") if note else [name]
        self._show(f"  {word:<10}{first}\n")
        for line in rest:
            self._show(f"            {line}\n")


def _hello(door: CommandDoor) -> str:
    facts = door.describe()
    methods = [method for method in METHODS if method in door.capabilities]
    return ", ".join([*filter(None, (facts["sdk"], facts["language"])), *methods])


def _call(method: Method) -> Call:
    text = f"Say hello. {_SAID}"
    return Call(
        name="smoke",
        method=method,
        marker=_SAID,
        system_prompt="You are a careful assistant.",
        messages=({"role": "user", "content": text},),
        prompt=text,
        metadata={"task_id": "smoke-20261123"},
    )
