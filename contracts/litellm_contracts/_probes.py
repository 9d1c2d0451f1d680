"""Probes: facts about the installed openai SDK, seen on the wire and held against its history."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tomllib
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from fake_litellm import Cut, Failure, FakeLiteLLM, Redirect
from litellm_contracts._errors import EXIT_BROKEN, EXIT_CONFORMANT, HandlerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_HEADER = "X-Zoo-Session-ID"
_ASK: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello."}]}


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """One fact: what its history says for the installed SDK, and what was seen."""

    id: str
    fact: str
    openai: str
    expected: str
    seen: str
    reason: str
    link: str

    @property
    def departs(self) -> bool:
        """Whether the SDK departs from its known history."""
        return self.seen != self.expected


def run_probes() -> tuple[ProbeResult, ...]:
    """Run every probe of `probes/openai.toml` with the installed SDK.

    Raises:
        HandlerError: where no openai SDK of 1.0 or later is installed.
    """
    try:
        version = metadata.version("openai")
    except metadata.PackageNotFoundError:
        raise HandlerError(
            "probes need the openai SDK: pip install 'litellm-contracts[openai]'"
        ) from None
    results = []
    for entry in read_history():
        expected = [
            row["seen"]
            for row in entry["history"]
            if SpecifierSet(row["openai"]).contains(version, prereleases=True)
        ]
        if not expected:
            raise HandlerError(f"probes need openai 1.0 or later, installed is {version}")
        with FakeLiteLLM() as fake:
            seen = PROBES[entry["id"]](fake)
        facts = {name: entry[name] for name in ("id", "fact", "reason", "link")}
        results.append(ProbeResult(openai=version, expected=expected[0], seen=seen, **facts))
    return tuple(results)


def read_history() -> list[dict[str, Any]]:
    """Return the entries of `probes/openai.toml`."""
    text = files("litellm_contracts").joinpath("probes", "openai.toml").read_text("utf-8")
    return list(tomllib.loads(text)["probe"])


def write_probes(
    results: Sequence[ProbeResult], path: Path | None, write: Callable[[str], None]
) -> int:
    """Tell what was seen; exit code 1 where the SDK departs from its history."""
    for result in results:
        word = "DEPARTS" if result.departs else "as known"
        write(f"{word:<9} {result.id:<32} {result.seen}\n")
        if result.departs:
            write(
                f"          openai {result.openai}: expected {result.expected}. {result.reason}\n"
            )
    if path is not None:
        rows = [asdict(result) | {"departs": result.departs} for result in results]
        path.write_text(json.dumps({"schema_version": 1, "probes": rows}, indent=1) + "\n", "utf-8")
    return EXIT_BROKEN if any(result.departs for result in results) else EXIT_CONFORMANT


def _client(fake: FakeLiteLLM, **options: Any) -> Any:  # noqa: ANN401
    import openai

    return openai.OpenAI(base_url=f"{fake.base_url}/v1", api_key="sk-probe", **options)


def _header_letter_case(fake: FakeLiteLLM) -> str:
    with _client(fake) as client:
        client.chat.completions.create(**_ASK, extra_headers={_HEADER: "probe-session"})
    names = [name for name, _ in fake.journal[0].headers if name.lower() == _HEADER.lower()]
    return {_HEADER: "kept", _HEADER.lower(): "lower-case"}.get(names[0], names[0])


def _default_header_in_another_case(fake: FakeLiteLLM) -> str:
    with _client(fake, default_headers={_HEADER: "default-session"}) as client:
        other = {_HEADER.lower(): "request-session"}
        client.chat.completions.create(**_ASK, extra_headers=other)
    lines = len(fake.journal[0].header_values(_HEADER))
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def _async_retry_after_reset(fake: FakeLiteLLM) -> str:
    import openai

    async def ask() -> None:
        client = openai.AsyncOpenAI(
            base_url=f"{fake.base_url}/v1", api_key="sk-probe", max_retries=1
        )
        async with client:
            await client.chat.completions.create(**_ASK)

    fake.script(Cut())
    with contextlib.suppress(openai.APIConnectionError):  # the count of requests tells
        asyncio.run(ask())
    made = len(fake.journal)
    return f"{made} request" if made == 1 else f"{made} requests"


def _redirect_307(fake: FakeLiteLLM) -> str:
    import openai

    fake.script(Redirect(location="/chat/completions"))
    with _client(fake, max_retries=0) as client:
        try:
            client.chat.completions.create(**_ASK, extra_headers={_HEADER: "probe-session"})
        except openai.APIStatusError:
            return "error"
    kept = fake.journal[-1].header_values(_HEADER) == ["probe-session"]
    return f"followed {'with' if kept else 'without'} the session header"


def _retry_count_header(fake: FakeLiteLLM) -> str:
    fake.script(Failure(status=429, retry_after_ms=1))
    with _client(fake, max_retries=1) as client:
        client.chat.completions.create(**_ASK)
    counts: Iterable[list[str]] = (
        request.header_values("x-stainless-retry-count") for request in fake.journal
    )
    return ", ".join(values[0] if values else "none" for values in counts)


PROBES: dict[str, Callable[[FakeLiteLLM], str]] = {
    "header-letter-case": _header_letter_case,
    "default-header-in-another-case": _default_header_in_another_case,
    "async-retry-after-reset": _async_retry_after_reset,
    "redirect-307": _redirect_307,
    "retry-count-header": _retry_count_header,
}
