"""A program that speaks the protocol: started, asked, listened to, and ended.

It belongs to no event loop, as each contract has its own: threads read and write, and whoever
asks gets a future. Nothing it does can block the suite or grow without bound.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from fake_litellm import AUTHORITY
from litellm_contracts._errors import HandlerError
from litellm_contracts._evidence import REDACTED
from litellm_contracts._protocol import BreachError, check_answer, read_answer, shown, to_line
from litellm_contracts._surroundings import DECOYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STOP_LIMIT = 5.0
"""Seconds that a program has to exit after `stop`; the protocol says so."""
LINE_LIMIT = 32 * 2**20
"""Bytes of one answer."""
STDERR_LIMIT = 64 * 2**20
"""Bytes that a program may write to its standard error in a run."""
STDERR_LINES = 20
"""Its last lines are kept, this many..."""
STDERR_WIDTH = 300
"""... and this many bytes of each."""

_PIECE = 65536
_GRACE = 2.0
"""Seconds that the threads have to notice that the program has gone."""

Answer = dict[str, Any]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the program: no proxy may come between it and the fake.

    Node trusts fakes that are served by https, and whom it trusts by itself; for others there is no
    variable that adds to those.
    """
    kept = {name: value for name, value in given.items() if not name.upper().endswith("_PROXY")}
    return {**DECOYS, "NODE_EXTRA_CA_CERTS": AUTHORITY, **kept}


class DoorProcess:
    """One running program.

    Args:
        command: The program and its arguments.
        name: What errors call it.
        folder: Where it is started; `None` is the current folder.

    Attributes:
        failure: What the program did wrong; from then on it is dead and answers nothing.
        told: Whether somebody has been given the failure.

    Raises:
        HandlerError: where it cannot be started.
    """

    def __init__(self, command: Sequence[str], name: str, folder: str | None = None) -> None:
        self._name = name
        self.failure: HandlerError | None = None
        self.told = False
        self.keys: set[str] = set()
        self._lock = threading.RLock()
        self._waiting: dict[tuple[str, str], tuple[str, Future[Answer]]] = {}
        self._answered: set[tuple[str, str]] = set()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_lines: deque[bytes] = deque(maxlen=STDERR_LINES)
        self._failing = False
        self._stopping = False
        self._process = self._start(command, folder)
        self._threads = [
            threading.Thread(target=work, daemon=True, name=f"{name} {what}")
            for what, work in (("in", self._write), ("err", self._drain), ("out", self._read))
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, request: Answer, kind: str) -> Future[Answer]:
        """Send a request; the future holds its answer, checked as `kind` of the schema.

        Whoever no longer wants the answer cancels the future. The future fails with a
        `HandlerError` where the program exits or breaks the protocol first.
        """
        future: Future[Answer] = Future()
        key = _key(request)
        with self._lock:
            if self.failure is not None:
                self.told = True
                future.set_exception(self.failure)
                return future
            self._waiting[key] = (kind, future)
        self._outbox.put(to_line(request))
        return future

    def fail(self, what: str) -> None:
        """End the program for this fault, and give it to whoever waits; the first one counts."""
        with self._lock:
            if self._failing:
                return
            self._failing = True
            self._kill()
        self._join(self._threads[1])  # its last words
        with self._lock:
            self.failure = failure = self.error(what)
            waiting, self._waiting = self._waiting, {}
            self.told = bool(waiting)
        for _, future in waiting.values():
            _settle(future, failure)

    def end(self, what: str) -> HandlerError:
        """End the program for this fault, and return the error to raise."""
        self.fail(what)
        self.told = True
        return self.failure or self.error(what)

    def error(self, what: str) -> HandlerError:
        """Return an error of this program, with its last lines on standard error."""
        lines = [line.decode(errors="replace") for line in list(self._last_lines)]
        text = "\n".join([f"the door {self._name} {what}", *self._tail(lines)])
        for key in self.keys:
            text = text.replace(key, REDACTED)
        return HandlerError(text)

    def stop(self, *, close_input: bool = True) -> HandlerError | None:
        """Let the program exit, and return its failure: the first one, or that it stays."""
        with self._lock:
            self._stopping = True
        self._outbox.put(to_line({"op": "stop"}))
        if close_input:
            self._outbox.put(None)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.fail(
                f"did not exit within {STOP_LIMIT:g} s of `stop` (nor at the end of its input); "
                "end it with process.exit() or the like"
            )
        self.kill()
        return self.failure

    def kill(self) -> None:
        """End the program at once, with whatever it has started."""
        with self._lock:
            self._stopping = True
        self._kill()
        self._outbox.put(None)
        self._process.wait()
        for thread in self._threads:
            self._join(thread)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError, ValueError):
                    pipe.close()

    def _start(self, command: Sequence[str], folder: str | None) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - the user's own command
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment(os.environ),
                bufsize=0,
                start_new_session=True,  # so that it can be ended with its children (npx, a shell)
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise HandlerError(
                f"the door {self._name} cannot be started: {command[0]!r}: {reason}; expected a "
                "program on PATH, or a path to one"
            ) from None

    def _kill(self) -> None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _join(self, thread: threading.Thread) -> None:
        if thread is not threading.current_thread():
            thread.join(_GRACE)

    def _write(self) -> None:
        """Write requests in a thread of its own: a program that does not read blocks it."""
        pipe = _pipe(self._process.stdin)
        with suppress(OSError, ValueError):  # it has gone: the reader tells why
            while (line := self._outbox.get()) is not None:
                while line:
                    line = line[pipe.write(line) :]
            pipe.close()

    def _drain(self) -> None:
        """Keep the last lines of standard error, whatever their length and number."""
        pipe, rest, total = _pipe(self._process.stderr), b"", 0
        with suppress(OSError, ValueError):
            while piece := pipe.read(_PIECE):
                total += len(piece)
                *lines, rest = (rest + piece).split(b"\n")
                rest = rest[:STDERR_WIDTH]
                self._last_lines.extend(line[:STDERR_WIDTH] for line in lines if line.strip())
                if total > STDERR_LIMIT and not self._failing:
                    self.fail(f"floods its standard error: {total >> 20} MiB and more")
        if rest.strip():
            self._last_lines.append(rest)

    def _read(self) -> None:
        pipe, kept = _pipe(self._process.stdout), bytearray()
        with suppress(OSError, ValueError):
            while piece := pipe.read(_PIECE):
                kept += piece
                if b"\n" in piece:
                    *lines, rest = bytes(kept).split(b"\n")
                    kept = bytearray(rest)
                    for line in lines:
                        self._hear(line)
                elif len(kept) > LINE_LIMIT:
                    self.fail(f"printed a line without end: {shown(bytes(kept[:1000]))}")
        if kept and not self._stopping:
            self._hear(bytes(kept))
        self._gone()

    def _gone(self) -> None:
        """Tell that the output has ended, which before `stop` it must not."""
        if self._stopping or self._failing:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        code = self._process.poll()
        if code is None:
            how = "closed its standard output"
        elif code < 0:
            how = f"was ended by signal {-code}"
        else:
            how = f"exited with code {code}"
        self.fail(f"{how} {self._when()}")

    def _when(self) -> str:
        with self._lock:
            calls = [name for kind, name in self._waiting if kind == "id"]
            if ("start", "") in self._waiting:
                return "before it answered `start`"
        return f"with {len(calls)} calls in flight" if calls else "before `stop`"

    def _hear(self, line: bytes) -> None:
        if not line.strip() or self._failing:
            return
        try:
            self._take(read_answer(line), line)
        except BreachError as breach:
            self.fail(str(breach))

    def _take(self, answer: Answer, line: bytes) -> None:
        if not {"id", "handler", "protocol"} & answer.keys():
            raise BreachError(f"gave an answer to nothing (no `id`, no `handler`): {shown(line)}")
        key = _key(answer)
        with self._lock:
            kind, future = self._waiting.get(key, ("", None))
            if future is None:
                twice = key in self._answered
                what = "answered twice" if twice else "answered what nobody asked"
                raise BreachError(f"{what}: {shown(line)}")
            check_answer(answer, kind)
            del self._waiting[key]
            self._answered.add(key)
        _settle(future, answer)

    @staticmethod
    def _tail(lines: Sequence[str]) -> list[str]:
        if not lines:
            return ["  (nothing on its standard error)"]
        return ["  its last lines on standard error:", *(f"    {line.rstrip()}" for line in lines)]


def _key(message: Answer) -> tuple[str, str]:
    """Return what matches an answer to its request."""
    for name in ("id", "handler"):
        if name in message:
            return name, str(message[name])
    return "start", ""


def _settle(future: Future[Answer], value: Answer | HandlerError) -> None:
    with suppress(InvalidStateError):  # given up: its call took too long
        if isinstance(value, HandlerError):
            future.set_exception(value)
        else:
            future.set_result(value)


def _pipe(pipe: Any) -> BinaryIO:  # noqa: ANN401
    return pipe  # type: ignore[no-any-return]
