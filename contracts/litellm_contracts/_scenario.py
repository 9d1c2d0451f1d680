"""Makes the calls of a contract against a fake proxy of its own, and returns what was seen."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import time
from base64 import b64decode
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import urlsplit

from litellm_contracts._door import CANCELLED
from litellm_contracts._errors import HandlerError
from litellm_contracts._model import PNG
from litellm_contracts._observation import Observation, Outcome, observe
from litellm_contracts._proxies import COMPANY, SECURE, address_of, new_proxy
from litellm_contracts._script import (
    BACK_OFF,
    LONGEST_HOLD,
    Script,
    groups_of,
    patience_of,
    redirected_to,
    waits_first,
)
from litellm_contracts._stand_ins import Counted, Unbuilt
from litellm_contracts._surroundings import Surroundings
from litellm_contracts._threads import in_thread

if TYPE_CHECKING:
    from collections.abc import (
        Awaitable,
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from fake_litellm import Gate
    from litellm_contracts._door import Door, Handler
    from litellm_contracts._model import Call

Build: TypeAlias = "Callable[[Call], Awaitable[Handler]]"
"""Builds the handler of a call, unless it is there."""
_PICTURE = "/picture.png"
_TOKEN, _NONE = "token", "none"  # names of kinds of keys
_ALIKE = 8  # so many characters at the end of all other keys are the same
MOST_HANGS, MOST_EXCUSED_HANGS = 3, 9
"""So many calls that do not come back are enough: the others are not made. More may be excused."""


class HangsError(Exception):
    """The handler did not come back from so many calls that the others are not made."""


class Stage:
    """A fake proxy with a key of its own, others where calls name them, and their handlers.

    All of them record in one journal, and answer by one script. The environment holds keys and
    addresses that are none of theirs: a handler uses those it was built with.

    Args:
        door: Builds the handlers.
        litellm: The LiteLLM release the fake behaves as.
    """

    def __init__(self, door: Door, litellm: str) -> None:
        self._door = door
        self.api_key = f"sk-contract-{secrets.token_hex(8)}"
        self._litellm = litellm
        self.fake = new_proxy("", litellm)
        self._fakes = {"": self.fake}
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._surroundings = Surroundings(self.api_key)
        self.came_back = 0
        self._hung: list[Outcome] = []

    async def __aenter__(self) -> Self:
        self._surroundings.set()
        self.fake.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._surroundings.reset()
        for handler in self._handlers.values():
            await handler.close()
        for fake in self._fakes.values():
            fake.stop()

    async def perform(self, calls: Sequence[Call], model: str) -> Observation:
        """Make the calls in order, those that belong together at the same time.

        Raises:
            HangsError: where several of them do not come back.
        """
        self.fake.journal.clear()
        self._surroundings.take_shown()
        pictures = {call.picture for call in calls} - {""}
        self._start_fakes({call.proxy for call in calls} | redirected_to(calls) | pictures)
        calls = [self._with_picture(call) if call.picture else call for call in calls]
        script = Script(calls, self._fakes)
        for fake in self._fakes.values():
            fake.answer_with(script.answer)
        outcomes: dict[str, Outcome] = {}
        logged: list[tuple[str, str]] = []
        for group in groups_of(calls):
            build = partial(self._handler, model=model)
            # What is called while a stream is open may be built then, too.
            handlers = {call.name: await build(call) for call in group if not call.during}
            # After the handlers are built: what they ask for then is none of the call.
            self.fake.reset_connections(sum(call.reset_connections for call in group))
            script.begin(group)
            began = len(self.fake.journal)
            with self._down({call.proxy for call in group if call.down}):
                made = await _perform_group(group, handlers, script, build)
            for outcome in made:
                outcome.began = began
                outcome.api_key = self._key_of(outcome.call)
                outcome.model = outcome.call.model or model
                place = urlsplit(self._fakes[outcome.call.proxy].base_url)
                outcome.proxy = f"{place.netloc}{place.path}"
            outcomes |= {outcome.call.name: outcome for outcome in made}
            self._give_up_on_hangs()
            logged += [(group[0].name, text) for text in self._surroundings.take_shown()]
            for call in group:
                built = (call.handler, call.model or model)
                if call.let_go:
                    del self._handlers[built]
                elif call.closes:
                    closing = self._handlers[built] if call.stays else self._handlers.pop(built)
                    if not call.during:  # else it is closed already
                        await closing.close()
        made = [outcomes[call.name] for call in calls]
        seen = observe(made, self.fake.journal, self.api_key)
        return dataclasses.replace(seen, logged=tuple(logged))

    def count(self, outcome: Outcome) -> None:
        """Count a call that came back, or did not."""
        if outcome.hangs:
            self._hung.append(outcome)
        else:
            self.came_back += 1

    def _give_up_on_hangs(self) -> None:
        unexcused = sum(outcome.call.must_come_back for outcome in self._hung)
        if unexcused >= MOST_HANGS or len(self._hung) >= MOST_EXCUSED_HANGS:
            last = self._hung[-1]
            raise HangsError(
                f"{len(self._hung)} calls did not come back, the last of them "
                f"{last.call.method} ({last.call.name}): {last.error}"
            )

    async def _handler(self, call: Call, model: str) -> Handler:
        model = call.model or model
        built = (call.handler, model)
        if built not in self._handlers:
            key, base_url = self._key_of(call), address_of(call.proxy, self._fakes[call.proxy])
            try:
                handler = await self._door.build(base_url, key, model)
                self._handlers[built] = Counted(handler, self.count)
            except HandlerError as error:
                if not call.may_fail:
                    raise
                self._handlers[built] = Unbuilt(str(error))
        return self._handlers[built]

    def _with_picture(self, call: Call) -> Call:
        """Put a picture on another server into the last message."""
        fake = self._fakes[call.picture]
        fake.expect_request(_PICTURE).respond_with_data(b64decode(PNG), content_type="image/png")
        # Under another name, as some clients tell hosts apart without their ports.
        picture = {
            "type": "image_url",
            "image_url": {"url": f"http://localhost:{fake.port}{_PICTURE}"},
        }
        *history, last = call.messages
        text = {"type": "text", "text": last["content"]}
        return dataclasses.replace(call, messages=(*history, {**last, "content": [text, picture]}))

    def _start_fakes(self, names: Iterable[str]) -> None:
        for name in sorted(set(names) - self._fakes.keys()):
            fake = self._fakes[name] = new_proxy(name, self._litellm)
            fake.journal = self.fake.journal
            fake.start()
            if name == SECURE:
                self._surroundings.trust_fakes()
            elif name == COMPANY:
                self._surroundings.be_in_a_company(fake.base_url)

    @contextmanager
    def _down(self, names: Iterable[str]) -> Iterator[None]:
        """Let these proxies listen to nobody meanwhile."""
        for name in names:
            self._fakes[name].stop()
        try:
            yield
        finally:
            for name in names:
                self._fakes[name].start()

    def _key_of(self, call: Call) -> str:
        if call.key == _NONE:
            return ""
        if call.key == _TOKEN:  # for LiteLLM's JWT authentication; nothing in it is signed
            return f"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.{self.api_key}"
        if not call.key:
            return self.api_key
        return f"{self.api_key}-{call.key}-{self.api_key[-_ALIKE:]}"  # masked, both look the same


async def _perform_group(
    group: list[Call], handlers: dict[str, Handler], script: Script, build: Build
) -> list[Outcome]:
    leader = group[0]
    handler = handlers[leader.name]
    if leader.cancel:
        return [await _cancelled(leader, handler, script) for _ in range(leader.times)][-1:]
    if leader.cancel_after or any(call.between for call in group):
        return await _in_between(group, handlers, script)
    if len(group) == 1:  # in the caller's own task, so that context variables carry over
        return [await handler.call(leader) for _ in range(leader.times)][-1:]
    together = [call for call in group if call is leader or call.together]
    during = [call for call in group if call.during]
    in_stream = len(together) == 1 and not leader.held
    gates = {call.name: script.hold(call, in_stream=in_stream) for call in together}
    tasks = {call.name: asyncio.create_task(handlers[call.name].call(call)) for call in together}
    for call in (one for one in together if not one.cancel):
        if not await _until_reached(gates[call.name], tasks[call.name]):
            break  # the handler makes its calls in turn: waiting for the others is of no use
    await _begin_to_wait(together, tasks)
    outcomes = await _beside(leader, during, gates.values(), build)
    if len(outcomes) < len(during):  # the others are made once the leader is over
        gates[leader.name].open()
        await asyncio.wait({tasks[leader.name]})
        later = (call for call in during if call.during != leader.name)
        outcomes += [await _meanwhile(call, build) for call in later]
    for gate in gates.values():
        gate.open()
    return outcomes + [await _outcome_of(call, tasks[call.name]) for call in together]


async def _beside(
    leader: Call, during: Iterable[Call], gates: Collection[Gate], build: Build
) -> list[Outcome]:
    """Make the calls while the answer of that one is held: as long as they come back, if slowly."""
    outcomes = []
    until = time.monotonic() + LONGEST_HOLD
    for call in (one for one in during if one.during == leader.name):
        outcomes.append(await _meanwhile(call, build))
        for gate in gates if time.monotonic() < until else ():
            gate.stay()
    return outcomes


async def _begin_to_wait(together: Sequence[Call], tasks: Mapping[str, asyncio.Task[Any]]) -> None:
    """Let who was refused, or has to queue, wait before others are made; cancel who is to be."""
    if any(call.cancel or waits_first(call) for call in together):
        await asyncio.sleep(max(BACK_OFF, *map(patience_of, together)))
    for call in together:
        if call.cancel:
            tasks[call.name].cancel()


async def _meanwhile(call: Call, build: Build) -> Outcome:
    handler = await build(call)
    outcome = await handler.call(call)
    if call.closes:
        await handler.close()
    return outcome


async def _outcome_of(call: Call, task: asyncio.Task[Outcome]) -> Outcome:
    try:
        outcome = await task
    except asyncio.CancelledError:
        return Outcome(call=call, error=CANCELLED)
    outcome.swallowed = outcome.swallowed or (call.cancel and outcome.error is None)
    return outcome


async def _in_between(
    group: list[Call], handlers: dict[str, Handler], script: Script
) -> list[Outcome]:
    """Make a call in this very task, and the others between two of its chunks."""
    leader, *others = group
    outcomes: list[Outcome] = []

    async def make_others() -> None:
        outcomes.extend([await handlers[call.name].call(call) for call in others])

    gate = script.hold(leader, in_stream=True) if leader.cancel_after else None
    outcome = await handlers[leader.name].call(leader, make_others if others else None)
    if gate is not None:
        gate.open()
    if others and not outcomes:  # there was no chunk
        await make_others()
    return [outcome, *outcomes]


async def _cancelled(call: Call, handler: Handler, script: Script) -> Outcome:
    """Make a call in this very task, and cancel it once the fake holds its answer or refused it."""
    refused = waits_first(call)
    gate = script.hold(call, in_stream=refused)
    reached = asyncio.ensure_future(in_thread(gate.wait_until_reached))
    try:
        async with asyncio.timeout(None) as scope:
            now = asyncio.get_running_loop().time
            reached.add_done_callback(lambda _: scope.reschedule(now() + patience_of(call)))
            outcome = await handler.call(call)
            outcome.swallowed = scope.expired() and outcome.error is None
            return outcome
    except TimeoutError:
        return Outcome(call=call, error=CANCELLED)
    finally:
        reached.cancel()
        gate.open()


async def _until_reached(gate: Gate, task: asyncio.Task[Outcome]) -> bool:
    """Wait until the fake stands at the gate, or the call has ended without getting there.

    Returns:
        False where neither happened in time.
    """
    reached = asyncio.ensure_future(in_thread(gate.wait_until_reached))
    await asyncio.wait({reached, task}, return_when=asyncio.FIRST_COMPLETED)
    return task.done() or await reached
