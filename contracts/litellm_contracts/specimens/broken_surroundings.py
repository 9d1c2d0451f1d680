"""Handlers that go by their surroundings: the environment, a path, another server, a stop."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import certificates, http_library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@known_bad(
    "key-of-the-environment",
    "Prefers a key in the environment to the one it is built with.",
    "isolation/own-key-and-model throughout/own-settings",
)
class _EnvironmentKey(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        key = os.environ.get("LITELLM_API_KEY")
        super().__init__(base_url, self.fault(key) if key else api_key, model)


@known_bad(
    "path-of-the-proxy-lost",
    "Takes the address of its proxy for a host alone.",
    "isolation/own-proxy throughout/own-settings",
)
class _NoPath(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        scheme, _, rest = base_url.partition("//")
        host, _, path = rest.partition("/")
        super().__init__(self.fault(f"{scheme}//{host}") if path else base_url, api_key, model)


@known_bad(
    "picture-fetched-with-the-key",
    "Fetches the pictures that messages point at with the proxy's own client.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _Fetching(SyncHandler):
    def prepare(self, turn: Turn) -> None:
        parts = turn.last if isinstance(turn.last, list) else []
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        for url in (url for url in urls if url.startswith("http")):
            with suppress(Exception):
                self.client.get(self.fault(url), cast_to=http_library().Response)


@known_bad(
    "client-renewed-in-use",
    "Takes a new client for every hundredth call, and closes the old one, whatever it does.",
    "faithfulness/beside-many-tasks",
)
class _RenewedInUse(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        self.memory["calls"] = self.memory.get("calls", 0) + 1
        if self.memory["calls"] % 100 == 0:
            left, self.client = self.client, self.new_client()
            await self.fault(left).close()
        return await super().send(turn)


@known_bad(
    "client-closed-in-use",
    "Keeps a client for each of the last sixteen tasks, and closes the oldest, whatever it does.",
    "faithfulness/beside-many-tasks",
)
class _ClosedInUse(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        clients = self.memory.setdefault("clients", {})
        if turn.task_id:
            client = clients.pop(turn.task_id, None) or self.new_client()
            clients[turn.task_id] = self.client = client
        if len(clients) > 16:  # noqa: PLR2004
            await self.fault(clients.pop(next(iter(clients)))).close()
        return await super().send(turn)

    async def aclose(self) -> None:
        for client in self.memory.get("clients", {}).values():
            await client.close()
        await super().aclose()


@known_bad(
    "cancellation-swallowed",
    "Ends a stream in good order where its caller cancels the call.",
    "throughout/answers presence/where-a-call-may-fail",
)
class _Swallowed(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        try:
            async for chunk in super().stream(turn):
                yield chunk
        except asyncio.CancelledError:
            self.fault()


@known_bad(
    "cancelled-prompt-answered",
    "Returns nothing where the caller cancels a prompt.",
    "throughout/answers",
)
class _AnsweredAnyway(AsyncHandler):
    async def complete_prompt(self, prompt: str) -> str:
        try:
            return await super().complete_prompt(prompt)
        except asyncio.CancelledError:
            return self.fault("")


@known_bad(
    "cancelled-prompt-asked-again",
    "Takes the cancellation of a prompt for a failure, and asks once more.",
    "throughout/answers",
)
class _AskedAgain(AsyncHandler):
    async def complete_prompt(self, prompt: str) -> str:
        try:
            return await super().complete_prompt(prompt)
        except asyncio.CancelledError:
            self.fault()
            # In a task of its own: what is asked in a cancelled one fails in anyio.
            return await asyncio.ensure_future(super().complete_prompt(prompt))


@known_bad(
    "http-proxy-for-every-host",
    "Hands the environment's HTTP proxy to its client, which does not look at NO_PROXY then.",
    "throughout/own-settings",
)
class _EveryHost(AsyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        proxy = os.environ.get("HTTP_PROXY")
        if proxy is None:
            return super().new_client(**options)
        verify = certificates(self.base_url)
        transport = http_library().AsyncClient(verify=verify, proxy=self.fault(proxy))
        return super().new_client(**options, http_client=transport)


@known_bad(
    "header-missing-for-a-token",
    "Takes a key that is a token for one of another gateway's, which groups nothing.",
    "isolation/two-handlers throughout/header",
)
class _Token(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and self.api_key.startswith("eyJ") else headers


@known_bad(
    "key-in-the-log",
    "Logs the headers of a request that failed.",
    """recognition/key-only-in-its-header faithfulness/no-connection schema/create-message
    schema/complete-prompt throughout/nothing-leaks""",
)
class _Logging(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        request = getattr(error, "request", None)
        if request is not None:
            logging.getLogger("provider").warning("failed: %s", dict(self.fault(request).headers))
        return super().error(turn, error)


@known_bad(
    "headers-of-the-same-list",
    "Keeps what it prepared for a list of messages, and sends it where it is given that list.",
    "isolation/metadata-changed-in-place throughout/header",
)
class _SameList(AsyncHandler):
    def create_message(self, system_prompt: str, messages: Any, *metadata: Any) -> Any:  # noqa: ANN401
        kept = self.memory.get("kept")
        if kept and kept[0] is messages:
            return self.stream(self.fault(kept[1]))
        turn = self.begin(system_prompt, messages, *(metadata or ({},)))
        self.memory["kept"] = (messages, turn)
        return self.stream(turn)


@known_bad(
    "session-of-the-window",
    "Sends the editor window's session with whatever belongs to no task.",
    """recognition/nothing-else-filed-there recognition/filed-right-in-trouble
    throughout/filed-by-the-header""",
)
class _Window(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return (
            headers if HEADER in headers else self.fault({"X-Editor-Session-ID": "window-20261128"})
        )


_OTHERS = "presence/other-surroundings throughout/header"
_OTHER_PROXY = "presence/unusual-proxy throughout/header"


@known_bad(
    "header-missing-behind-a-companys-proxy",
    "Puts the header on in its HTTP client, which is another one behind a company's proxy.",
    _OTHERS,
)
class _Company(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "HTTPS_PROXY" in os.environ else super().headers(turn)


@known_bad(
    "header-missing-where-tracking-is-declined",
    "Takes the session for telemetry.",
    _OTHERS,
)
class _Untracked(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_declined = os.environ.get("DO_NOT_TRACK") == "1"
        return self.fault({}) if is_declined else super().headers(turn)


@known_bad(
    "header-shortened-for-the-log",
    "Shortens the id that is logged in the very headers that are sent.",
    _OTHERS,
)
class _Shortened(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not logging.getLogger("litellm_contracts.specimens").isEnabledFor(logging.DEBUG):
            return headers
        return self.fault({name: f"{value[:8]}..." for name, value in headers.items()})


@known_bad(
    "header-missing-at-localhost",
    "Builds a client of its own for localhost, without what puts the header on.",
    _OTHER_PROXY,
)
class _Localhost(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_here = self.base_url.startswith("http://localhost")
        return self.fault({}) if is_here else super().headers(turn)


@known_bad(
    "header-missing-without-a-key",
    "Leaves Authorization out where there is no key, and the other headers with it.",
    _OTHER_PROXY,
)
class _Keyless(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.is_open = not api_key
        super().__init__(base_url, api_key or "unused", model)

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if self.is_open else super().headers(turn)


@known_bad(
    "header-missing-where-a-retried-prompt-came-first",
    "Keeps a more patient client once a prompt was refused, without what puts the header on.",
    "presence/after-call-without-task throughout/header",
)
class _PatientPrompt(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if turn.is_prompt and turn.failure is not None and not self.memory.get("met"):
            self.memory["patient"] = True
        self.memory["met"] = self.memory.get("met") or not turn.is_prompt
        is_late = "patient" in self.memory and not turn.is_prompt
        return self.fault({}) if is_late else super().headers(turn)


@known_bad(
    "header-kept-for-a-tools-result",
    "Takes a tool's result for a turn of the last task, where the call names none.",
    "absence/after-task-in-every-form throughout/header schema/create-message",
)
class _Result(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers:
            self.memory["last"] = headers
        is_result = not turn.is_prompt and turn.messages[-1]["role"] == "tool"
        if headers or not is_result:
            return headers
        return self.fault(self.memory.get("last", {}))
