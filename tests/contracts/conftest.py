"""Hand-made observations, so that checks are tested without a server; and handler files."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import RecordedRequest, resolve_session
from litellm_contracts._checks import CHECKS
from litellm_contracts._doors import PythonDoor
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Call, Level, Report, Result, Status
from litellm_contracts._observation import Observation, Outcome, observe
from litellm_contracts._profile import ZOO
from litellm_contracts._scenario import Stage
from litellm_contracts._tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._finding import Finding
    from litellm_contracts._profile import Profile

HANDLERS = Path(__file__).parent / "handlers"
TABLE = """
schema_version = 1
[task_ids]
task = "task-0001"
long = { repeat = "ab", times = 4 }
[[contract]]
id = "group/name"
level = "must"
requirement = "A requirement in one sentence."
why = "What goes wrong in production."
fix = "The smallest change."
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, and forget what handlers add to the import path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture(autouse=True)
def whole_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no check find anything without saying where and why: reports show it all."""
    for name, check in CHECKS.items():
        monkeypatch.setitem(CHECKS, name, partial(_whole, check))


def _whole(
    check: Callable[[Observation, Profile], Iterator[Finding]],
    observation: Observation,
    profile: Profile,
) -> Iterator[Finding]:
    for finding in check(observation, profile):
        assert finding.message
        assert finding.cause
        assert finding.call or finding.request
        if finding.message.startswith("request "):
            assert finding.message.startswith(f"request {finding.request}")
        if finding.request:
            seen = observation.seen[finding.request - 1]
            owner = seen.call.name if seen.call and not seen.request.malformed else None
            assert finding.call == owner
        yield finding


@pytest.fixture(scope="session", autouse=True)
def rare_collections() -> Iterator[None]:
    """Look for garbage as seldom as `check` does.

    A stream that a handler has left may otherwise be collected in the server's thread while its
    own thread is about to end it, and that is what breaks the server's answer then.
    """
    threshold = gc.get_threshold()
    gc.set_threshold(100_000)
    yield
    gc.set_threshold(*threshold)


@pytest.fixture
def message() -> Callable[..., Call]:
    """Return a factory of `create_message` calls; the name is also the marker."""

    def make(name: str = "ask", task_id: object = "task-0001", **rest: Any) -> Call:  # noqa: ANN401
        content = f"Say hello. [{name}]"
        return Call(
            **{
                "name": name,
                "method": "create_message",
                "marker": f"[{name}]",
                "messages": ({"role": "user", "content": content},),
                "metadata": {"task_id": task_id},
                **rest,
            }
        )

    return make


@pytest.fixture
def prompt() -> Callable[..., Call]:
    """Return a factory of `complete_prompt` calls; the name is also the marker."""

    def make(name: str = "prompt", **rest: Any) -> Call:  # noqa: ANN401
        return Call(
            name=name, method="complete_prompt", marker=f"[{name}]", prompt=f"Hi [{name}]", **rest
        )

    return make


@pytest.fixture
def sent() -> Callable[..., RecordedRequest]:
    """Return a factory of recorded requests that hold a call's marker."""

    def make(
        text: str,
        *headers: tuple[str, str],
        path: str = "/v1/chat/completions",
        **body: Any,  # noqa: ANN401
    ) -> RecordedRequest:
        lines = [("Host", "127.0.0.1"), ("Authorization", "Bearer sk-secret"), *headers]
        content = {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": f"[{text}]"}],
            **body,
        }
        return RecordedRequest(
            method="POST",
            path=path,
            query="",
            headers=lines,
            body=json.dumps(content).encode(),
            json=content,
            received_at=0.0,
            status=200,
            session=resolve_session(lines, content, path=path),
        )

    return make


@pytest.fixture
def seen() -> Callable[..., Observation]:
    """Return a factory of observations: of calls that gave back nothing, and requests."""

    def make(calls: list[Call], *requests: RecordedRequest) -> Observation:
        return observe([Outcome(call=call) for call in calls], requests)

    return make


@pytest.fixture
def asked(
    message: Callable[..., Call],
    sent: Callable[..., RecordedRequest],
    seen: Callable[..., Observation],
) -> Callable[..., Observation]:
    """Return a factory: a call with the task id `task-0001`, and its one request.

    Before it an earlier call, whose task id is `task-0000`, was made and is not judged.
    """

    def make(
        headers: list[tuple[str, str]],
        body: dict[str, Any] | None = None,
        call: Call | None = None,
    ) -> Observation:
        earlier = message("earlier", "task-0000", judged=False)
        call = call or message("ask")
        return seen([earlier, call], sent(call.name, *headers, **(body or {})))

    return make


@pytest.fixture
def judge(
    message: Callable[..., Call], sent: Callable[..., RecordedRequest]
) -> Callable[..., list[Finding]]:
    """Return a function that judges what a call with scripted answers gave back."""

    def make(check: str, answers: list[Any], *, judged: bool = True, **given: Any) -> list[Finding]:  # noqa: ANN401
        call = message(answers=tuple(answers), judged=judged)
        observation = observe([Outcome(call=call, **given)], [sent("ask")])
        return list(CHECKS[check](observation, ZOO))

    return make


@pytest.fixture
def handlers() -> Path:
    """Return the folder of handler files."""
    return HANDLERS


@pytest.fixture
def report() -> Report:
    """Return a report with a result of every status; the failure has all that can be shown."""
    request = {
        "number": 2,
        "of": 3,
        "call": "ask",
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": [
            ["Host", "127.0.0.1"],
            ["Authorization", "[redacted]"],
            ["X-Zoo-Session-ID", "stale"],
        ],
        "marked": [2],
        "status": 200,
        "session_id": "stale",
        "source": "x-zoo-session-id",
        "filed": "under session 'stale' (from x-zoo-session-id)",
        "near_misses": ["x-other: is no session header"],
    }
    finding = {
        "message": "request 2: wrong\x1b[31m",
        "call": "ask",
        "request": 2,
        "cause": "the id is kept",
    }
    calls = [
        {
            "name": name,
            "method": "create_message",
            "handler": "handler",
            "error": None,
            "returned": "Hello.",
            "metadata": {"task_id": task_id},
        }
        for name, task_id in (("before", "stale"), ("ask", "task-0001"))
    ]
    evidence = {
        "calls": calls,
        "requests": [request],
        "findings": [finding, finding],
        "reproduce": "litellm-contracts check my:factory -k group/fail",
    }
    messages = {
        "fail": "request 2: wrong\x1b[31m",
        "warn": "could be better",
        "waived": "known",
        "not-applicable": "the handler declares that it has no complete_prompt",
        "not-run": "deselected",
        "error": "the suite itself failed: ValueError: \x00 \ud83d <&>",
    }
    results = [
        Result(
            id=f"group/{status.value}",
            level=Level.SHOULD if status is Status.WARN else Level.MUST,
            status=status,
            requirement=f"It must {status.value}.",
            message=messages.get(status.value, ""),
            seconds=0.25,
            evidence=evidence if status is Status.FAIL else {},
        )
        for status in Status
    ]
    return Report(
        results=tuple(results),
        suite={
            "name": "litellm-contracts",
            "version": "1.2.3",
            "profile": "zoo",
            "header": "X-Zoo-Session-ID",
            "seed": 2026,
            "examples": 10,
            "requirements": "all",
            "digest": "0123456789abcdef",
        },
        handler={
            "name": "my:factory",
            "door": "python",
            "language": "python",
            "capabilities": ["create_message"],
        },
        environment={
            "python": "3.11.7",
            "openai": "1.0.0",
            "litellm": "1.106.2",
            "platform": "Linux",
        },
        seconds=1.75,
    )


@pytest.fixture
def right(handlers: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Return the class of a right handler."""
    monkeypatch.setattr(sys, "path", [str(handlers), *sys.path])
    return load_factory("sdk_handler:Handler")


@pytest.fixture
def perform(right: Callable[..., Any]) -> Callable[..., Observation]:
    """Return a function that makes calls of a handler on a stage."""

    def make(*calls: Call, factory: Callable[..., Any] = right) -> Observation:
        async def main() -> Observation:
            async with Stage(PythonDoor(factory, "my:factory"), "1.106.2") as stage:
                return await stage.perform(calls, "gpt-4o")

        return asyncio.run(main())

    return make


@pytest.fixture
def callers() -> Callable[[Observation], list[str | None]]:
    """Return a function that tells whose each request is, in order of arrival."""
    return lambda observation: [seen.call.name if seen.call else None for seen in observation.seen]


@pytest.fixture
def read_calls() -> Callable[[str], tuple[Call, ...]]:
    """Return a reader of the calls of a table with one contract."""
    return lambda calls: read_table(f"{TABLE}{calls}", "x.toml")[0].calls
