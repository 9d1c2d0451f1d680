"""The command door: a handler in any language, behind a program that speaks protocol 1.

One program serves every contract of a process, as starting it is what takes the time. It is
started again when it has died, or when a call has hung in it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shlex
import threading
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from litellm_contracts._door import CALL_LIMIT, PATIENCE
from litellm_contracts._door_process import DoorProcess
from litellm_contracts._errors import HandlerError, UsageError
from litellm_contracts._model import METHODS
from litellm_contracts._observation import Outcome
from litellm_contracts._protocol import call_request, start_request

if TYPE_CHECKING:
    from collections.abc import Collection
    from concurrent.futures import Future

    from litellm_contracts._door import Meanwhile
    from litellm_contracts._model import Call, Method

START_LIMIT = 30.0
"""Seconds to answer `start`, and to build a handler: SDKs take their time to be imported."""
RUN_LIMIT = 900.0
"""Seconds after which no further handler is built: a door that hangs in every call ends, too."""

_ANSWERS: dict[Method, str] = {"create_message": "message", "complete_prompt": "completion"}


@dataclass(frozen=True, kw_only=True)
class CommandRecipe:
    """How a command door is opened.

    Attributes:
        command: The program and its arguments.
        shown: The words by which `check` opens it.
        declared: The methods the project's configuration allows it.
        door: What the report calls this kind of door.
        name: What the report calls the handler; `None` leaves that to the program.
        folder: Where the program is started; `None` is the current folder.
        call_limit: Seconds a call may take.
        start_limit: Seconds that starting, and building a handler, may take.
        run_limit: Seconds the whole run may take.
    """

    command: tuple[str, ...]
    shown: tuple[str, ...]
    declared: frozenset[str] = frozenset(METHODS)
    door: str = "command"
    name: str | None = None
    folder: str | None = None
    call_limit: float = CALL_LIMIT
    start_limit: float = START_LIMIT
    run_limit: float = RUN_LIMIT

    @property
    def title(self) -> str:
        """What people call this door: the command, or the interpreter and the handler."""
        return " ".join(self.shown[1:])

    def open(self) -> CommandDoor:
        """Start the program and let it say what it is.

        Raises:
            HandlerError: where it cannot be started, or does not answer as it must.
        """
        return CommandDoor(self)

    def words(self) -> list[str]:
        """Return the words by which `litellm-contracts check` opens this door.

        None are needed where the configuration of a folder above names it, and none would do.
        """
        return list(self.shown) if self.folder is None else []


def command_recipe(text: str, declared: Collection[str] = METHODS) -> CommandRecipe:
    """Return the recipe for `--command`, whose text is split as a shell would; none is started.

    Raises:
        UsageError: where there is no command in it.
    """
    try:
        command = tuple(shlex.split(text, posix=os.name != "nt"))
    except ValueError as error:
        raise UsageError(f"cannot read --command {text!r}: {error}") from None
    if not command:
        raise UsageError("--command is empty; expected a program, such as 'node contracts.mjs'")
    return CommandRecipe(
        command=command, shown=("--command", text), declared=frozenset(declared) & {*METHODS}
    )


def python_recipe(python: str, handler: str, declared: Collection[str] = METHODS) -> CommandRecipe:
    """Return the recipe for `--python`: a handler inside another interpreter.

    Its one file is run by path and imports nothing but the standard library, so that nothing of
    the suite's own environment is seen there.
    """
    program = str(files("litellm_contracts").joinpath("_python_door_program.py"))
    return CommandRecipe(
        command=(python, program, handler, ",".join(sorted(declared))),
        shown=("--python", python, handler),
        declared=frozenset(declared),
        door="interpreter",
        name=handler,
    )


class CommandDoor:
    """Builds handlers inside a program.

    Raises:
        HandlerError: where the program cannot be started, or does not answer as it must.
    """

    def __init__(self, recipe: CommandRecipe) -> None:
        self._recipe = recipe
        self._name = f"`{recipe.title}`"
        self._numbers = itertools.count(1)
        self._until = time.monotonic() + recipe.run_limit
        self._lock = threading.RLock()
        self._programs: list[_Program] = []
        self._has_answered = False
        self._hello = self._start().hello

    @property
    def capabilities(self) -> frozenset[str]:
        """The methods that the program says the handler has, and the project allows."""
        return self._recipe.declared & {*self._hello["capabilities"]}

    @property
    def in_process(self) -> bool:
        """False: protocol 1 hands over a call's chunks when it has ended."""
        return False

    @property
    def recipe(self) -> CommandRecipe:
        """How this door was opened."""
        return self._recipe

    def describe(self) -> dict[str, Any]:
        """Return the report's facts about the handler, as the program told them."""
        shown = self._recipe.shown
        return {
            "name": self._recipe.name or self._hello.get("name") or shown[-1],
            "door": self._recipe.door,
            "language": self._hello.get("language"),
            "sdk": self._hello.get("sdk"),
            "capabilities": sorted(self.capabilities),
        }

    async def build(self, base_url: str, api_key: str, model: str) -> CommandHandler:
        """Build one handler inside the program.

        Raises:
            HandlerError: where the program says that it cannot, does not answer, or is at fault.
        """
        program = self._running()
        process = program.process
        process.keys |= {api_key} - {""}
        handler_id = f"h{next(self._numbers)}"
        request = {
            "op": "handler",
            "handler": handler_id,
            "base_url": base_url,
            "api_key": api_key,
            "model": model,
        }
        limit = self._recipe.start_limit
        try:
            answer = await _within(limit, process.ask(request, "built"))
        except TimeoutError:
            raise process.end(f"did not answer `handler` within {limit:g} s") from None
        if "error" in answer:
            raise process.error(f"could not build a handler: {answer['error']}")
        program.users += 1
        return CommandHandler(self, program, handler_id)

    async def make(self, call: Call, program: _Program, handler_id: str) -> Outcome:
        """Make a call of a handler that was built.

        Raises:
            HandlerError: where the program is at fault, or has never answered any call.
        """
        outcome, limit = Outcome(call=call), self._recipe.call_limit
        limit = min(limit, PATIENCE) if call.is_never_answered else limit
        request = call_request(call, f"c{next(self._numbers)}", handler_id)
        started = time.perf_counter()
        try:
            answer = await _within(limit, program.process.ask(request, _ANSWERS[call.method]))
        except TimeoutError:
            if not (self._has_answered or call.is_never_answered):
                raise program.process.end(
                    f"answered no call within {limit:g} s; each needs a line with its `id`, also "
                    "when the handler raises"
                ) from None
            program.is_stuck = True
            outcome.time_is_over(limit)
        else:
            self._has_answered = True
            outcome.chunks = answer.get("chunks", [])
            outcome.text = answer.get("text")
            outcome.error = answer.get("error")
        outcome.seconds = time.perf_counter() - started
        return outcome

    def release(self, program: _Program) -> None:
        """Let go of a handler; a program in which a call has hung ends with the last one."""
        program.users -= 1
        if program.is_stuck and program.users == 0:
            program.process.kill()

    @property
    def is_stuck(self) -> bool:
        """Whether a call has hung in the program, which then cannot be expected to listen."""
        return any(program.is_stuck for program in self._programs)

    def pause(self, *, close_input: bool = True) -> None:
        """Let the program exit, which also happens when its input ends; it may start again.

        Raises:
            HandlerError: where it broke the protocol and nobody was told, or does not exit.
        """
        with self._lock:
            programs, self._programs = self._programs, []
        failures = [program.end(close_input=close_input) for program in programs]
        for failure in failures:
            if failure is not None:
                raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.pause()
        for program in self._programs:
            program.process.kill()

    def _running(self) -> _Program:
        """Return a program that can build a handler, started again where it must be."""
        if time.monotonic() > self._until:
            raise HandlerError(
                f"the door {self._name} was stopped after {self._recipe.run_limit:g} s; a run "
                "takes seconds, so look for what took long"
            )
        with self._lock:
            current = self._programs[-1] if self._programs else None
            if current is not None and current.process.failure is not None:
                self._programs.remove(current)
                if failure := current.end():
                    raise failure
                current = None
            if current is None or current.is_stuck:
                current = self._start()
            return current

    def _start(self) -> _Program:
        process = DoorProcess(self._recipe.command, self._name, self._recipe.folder)
        limit = self._recipe.start_limit
        try:
            hello = process.ask(start_request(), "started").result(limit)
        except TimeoutError:
            error = process.end(f"did not answer `start` within {limit:g} s")
            process.kill()
            raise error from None
        except BaseException:
            process.kill()
            raise
        program = _Program(process=process, hello=hello)
        self._programs.append(program)
        return program


class CommandHandler:
    """One handler inside a program."""

    def __init__(self, door: CommandDoor, program: _Program, handler_id: str) -> None:
        self._door = door
        self._program = program
        self._id = handler_id

    async def call(self, call: Call, _meanwhile: Meanwhile | None = None) -> Outcome:
        """Make one call; what goes wrong in the handler is its outcome's error.

        A program hands over whole answers: there is nothing between their chunks.

        Raises:
            HandlerError: where the program is at fault.
        """
        return await self._door.make(call, self._program, self._id)

    async def close(self) -> None:
        """Let go of the handler; the protocol has no word for it."""
        self._door.release(self._program)


@dataclass(kw_only=True)
class _Program:
    """A running program, what it said of itself, and how many handlers are in use in it."""

    process: DoorProcess
    hello: dict[str, Any]
    users: int = 0
    is_stuck: bool = False

    def end(self, *, close_input: bool = True) -> HandlerError | None:
        """End it, politely where it still listens, and return a failure nobody was told."""
        if self.is_stuck:
            self.process.kill()
        else:
            self.process.stop(close_input=close_input)
        return None if self.process.told else self.process.failure


async def _within(limit: float, answer: Future[dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.wait_for(asyncio.wrap_future(answer), limit)
