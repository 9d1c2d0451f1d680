"""Handlers that are right in an unusual way: what they send, and over what."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import unusual
from litellm_contracts.specimens._sdk import client_options

if TYPE_CHECKING:
    from collections.abc import Callable

_CASES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("header-in-lower-case", str.lower),
    ("header-in-upper-case", str.upper),
)


def _cased(change: Callable[[str], str]) -> type[RawHandler]:
    class Cased(RawHandler):
        """Writes the header's name in another letter case, which HTTP allows."""

        def headers(self, turn: Turn) -> dict[str, str]:
            return {
                self.fault(change(name)): value for name, value in super().headers(turn).items()
            }

    return Cased


for _name, _change in _CASES:
    unusual(_name, f"Writes {_change(HEADER)}.")(_cased(_change))


@unusual("bare-socket", "Writes HTTP by itself, a connection per request.")
class _Bare(RawHandler):
    def head(self, turn: Turn, body: bytes) -> bytes:
        return self.fault(super().head(turn, body))


@unusual("white-space-around-the-value", "Pads the header's value, which HTTP takes off again.")
class _Padded(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return {name: self.fault(f" {value}\t") for name, value in super().headers(turn).items()}


@unusual("body-in-pieces", "Sends the body chunked, without a length.")
class _Chunked(RawHandler):
    def head(self, turn: Turn, body: bytes) -> bytes:
        head = super().head(turn, body)
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        return head.removesuffix(length) + self.fault(
            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
        )

    def tail(self) -> bytes:
        return b"\r\n0\r\n\r\n"


@unusual(
    "unrelated-headers",
    "Sends trace context, a request id and an organisation of its own besides.",
)
class _Unrelated(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault(
            {
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "tracestate": "acme=1",
                "x-request-id": "8d6f1c2e-request",
                "x-acme-installation": "0123456789abcdef",
                **super().headers(turn),
            }
        )


@unusual("header-among-default-headers-of-a-copy", "Copies the client for each call.")
class _Copy(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        request = self.request(turn)
        headers = self.fault(request.pop("extra_headers"))
        copy = self.client.with_options(default_headers=headers, max_retries=2)
        return copy.chat.completions.create(**request)


@unusual("new-client-per-call", "Builds a client for each call, with the header as a default.")
class _NewClient(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        request = self.request(turn)
        headers = self.fault(request.pop("extra_headers"))
        self.memory.setdefault("clients", []).append(self.client)
        client = self.new_client(default_headers=headers, max_retries=2)
        self.memory["clients"].append(client)
        return await client.chat.completions.create(**request)

    async def aclose(self) -> None:
        for client in self.memory.get("clients", []):
            await client.close()


@unusual("retries-of-the-sdk", "Leaves retries, transport and time limits to the SDK.")
class _Sdk(AsyncHandler):
    attempts = 1

    def new_client(self, **_: Any) -> Any:  # noqa: ANN401
        import openai

        options = client_options(self, None)
        return openai.AsyncOpenAI(base_url=self.fault(options["base_url"]), api_key=self.api_key)


@unusual("base-url-without-v1", "Calls the proxy without `/v1`.")
class _WithoutV1(AsyncHandler):
    path = ""

    def body(self, turn: Turn) -> dict[str, Any]:
        return self.fault(super().body(turn))


@unusual("models-asked-for-first", "Asks for the models when it is built and before each call.")
class _ModelsFirst(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.prepare(Turn("create_message"))

    def prepare(self, turn: Turn) -> None:
        del turn
        known = {model.id for model in self.client.models.list()}
        if self.model not in known:
            raise self.fault(LookupError(f"the proxy knows no model {self.model}"))
        self.fault()


@unusual("tokens-counted-first", "Has the proxy count the tokens of the messages before each turn.")
class _Counted(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        if turn.is_prompt:
            return
        counted = {"model": self.model, "messages": list(turn.messages)}
        url = f"{self.base_url}/utils/token_counter"
        # No count is no reason to fail: an older proxy has no such route.
        with contextlib.suppress(Exception):
            await self.client.post(self.fault(url), cast_to=object, body=counted)


@unusual("more-parameters", "Sends limits, a seed, a user and a thinking budget.")
class _Parameters(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        limit = "max_completion_tokens" if self.model.startswith("gpt-5") else "max_tokens"
        more = {limit: 4096, "seed": 7, "user": "installation-1", "thinking": {"type": "enabled"}}
        return self.fault(super().body(turn) | more)


@unusual("system-prompt-as-developer-message", "Calls the system prompt a developer's message.")
class _Developer(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        body["messages"] = [
            {**message, "role": self.fault("developer")} if message["role"] == "system" else message
            for message in body["messages"]
        ]
        return body


@unusual("no-system-message-for-empty-prompt", "Leaves an empty system prompt out.")
class _NoSystem(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if not turn.is_prompt and not turn.system_prompt:
            body["messages"] = self.fault(body["messages"][1:])
        return body


@unusual("tool-of-its-own", "Adds a tool where the history has calls of some and none is given.")
class _Placeholder(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if not turn.tools and any(message.get("tool_calls") for message in turn.messages):
            body["tools"] = self.fault([{"type": "function", "function": {"name": "_noop"}}])
        return body


@unusual("no-tools-after-a-refusal", "Asks once more, without tools, where a request is refused.")
class _WithoutTools(SyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if getattr(error, "status_code", None) == 400 and turn.tools:  # noqa: PLR2004
            turn.notes["without"] = self.fault(True)  # noqa: FBT003
            return turn.attempt == 1
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.notes.get("without"):
            del body["tools"]
        return body


@unusual("null-for-what-is-not-set", "Sends null for limits and temperature.")
class _Nulls(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        return super().body(turn) | self.fault({"temperature": None, "max_tokens": None})


@unusual(
    "system-prompt-in-two-parts", "Splits the system prompt, to mark its beginning for caching."
)
class _Split(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.system_prompt:
            halves = (turn.system_prompt[:9], turn.system_prompt[9:])
            parts = [{"type": "text", "text": half} for half in halves if half]
            body["messages"][0] = {"role": "system", "content": self.fault(parts)}
        return body


@unusual("scheme-in-lower-case", "Writes `bearer`, as HTTP allows.")
class _Bearer(RawHandler):
    def lines(self, turn: Turn) -> list[tuple[str, str]]:
        lines = dict(super().lines(turn))
        return [*(lines | {"Authorization": self.fault(f"bearer {self.api_key}")}).items()]
