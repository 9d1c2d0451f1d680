"""Handlers that go by what they learned: of an answer, of the proxy's address, of their own end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import certificates, client_options, http_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEAR = 2.0  # dollars
_NEWER = Version("1.107")
_FORBIDDEN = 403


class Listener(SyncHandler):
    """Keeps the header lines of the last answer."""

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        """Build a client that hears of each answer."""
        transport = http_library().Client(
            verify=certificates(self.base_url), event_hooks={"response": [self.hear]}
        )
        return super().new_client(**client_options(self, transport) | options)

    def hear(self, response: Any) -> None:  # noqa: ANN401
        """Take down what an answer says."""
        self.memory["said"] = response.headers

    def said(self, name: str) -> str:
        """Return a line of the last answer."""
        return str(self.memory.get("said", {}).get(name, ""))


@known_bad(
    "headers-kept-with-another-model",
    "Keeps the call, headers and all, to which another model answered than it asked.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Pinned(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if event.get("model") not in {None, "", self.model}:
            self.memory.setdefault("pinned", super().headers(turn))
        yield from super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        return (
            self.fault(self.memory["pinned"]) if "pinned" in self.memory else super().headers(turn)
        )


@known_bad(
    "header-missing-for-a-candidate",
    "Takes a proxy for too old to group conversations whose version it cannot read.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Candidate(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers, version = super().headers(turn), self.said("x-litellm-version")
        is_read = all(part.isdigit() for part in version.split(".")) or not version
        return headers if is_read else self.fault({})


@known_bad(
    "header-missing-for-a-later-release",
    "Files conversations by the body where the proxy is newer than the handler's author knew.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Newer(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        version = Version(self.said("x-litellm-version") or "0")
        return super().headers(turn) if version < _NEWER else self.fault({})


@known_bad(
    "header-missing-where-none-is-left",
    "Queues its calls where the rate limit leaves none, and sends them without their headers.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Queue(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_used_up = self.said("x-ratelimit-remaining-requests") == "0"
        return self.fault({}) if is_used_up else super().headers(turn)


@known_bad(
    "client-renewed-where-none-is-left",
    "Renews its client where the rate limit leaves none, and gives it the headers of that call.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Patient(Listener):
    def end(self, turn: Turn) -> None:
        super().end(turn)
        if self.said("x-ratelimit-remaining-requests") == "0":
            self.client = self.client.with_options(default_headers=self.fault(self.headers(turn)))


@known_bad(
    "headers-of-the-first-where-calls-wait",
    "Sends calls one by one where the rate limit leaves none: with the headers of the first.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Paced(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if self.said("x-ratelimit-remaining-requests") == "0":
            return self.fault(self.memory["headers"])
        self.memory["headers"] = headers
        return headers


@known_bad(
    "header-missing-past-the-cache",
    "Drops an answer from LiteLLM's cache, and asks past it in a request of its own.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _PastTheCache(Listener):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = super().send(turn)
        if not self.said("x-litellm-cache-key"):
            return answer
        answer.response.close()  # the stream of openai 1.0 has no `close`
        request = self.request(turn) | {"extra_headers": self.fault({})}
        return self.client.chat.completions.create(**request)


@known_bad(
    "header-missing-beyond-a-cost",
    "Sends what follows a dear answer to a cheaper model, without the header.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Cost(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        is_dear = float(self.said("x-litellm-response-cost") or 0) > _DEAR
        return self.fault({}) if is_dear else super().headers(turn)


@known_bad(
    "header-missing-until-a-date",
    "Asks again at once, without the header, where it cannot read for how long it is limited.",
    "presence/fallback throughout/header",
)
class _Date(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        answer = getattr(turn.failure, "response", None)
        asked = answer.headers.get("retry-after", "0") if answer is not None else "0"
        return super().headers(turn) if asked.isdigit() else self.fault({})


@known_bad(
    "session-of-an-answer",
    "Sends the session that the last answer named.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _Echo(Listener):
    def headers(self, turn: Turn) -> dict[str, str]:
        session = self.said("x-session-id")
        return self.fault({HEADER: session}) if session else super().headers(turn)


@known_bad(
    "session-made-up-where-one-is-wanted",
    "Makes a session up where the proxy refuses a call that has none.",
    "isolation/whatever-an-answer-says throughout/header",
)
class _MadeUp(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if "no session id" in str(error):
            self.memory["session"] = "session-20261128"
        return super().error(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers or "session" not in self.memory:
            return headers
        return self.fault({HEADER: self.memory["session"]})


@known_bad(
    "header-missing-for-an-address-with-a-slash",
    "Sends the header where a request's address begins with the proxy's: letter by letter.",
    "presence/unusual-proxy throughout/header",
)
class _Slash(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.given = base_url
        super().__init__(base_url.rstrip("/"), api_key, model)

    def headers(self, turn: Turn) -> dict[str, str]:
        is_ours = f"{self.base_url}/v1".startswith(f"{self.given}/")
        return super().headers(turn) if is_ours else self.fault({})


@known_bad(
    "header-missing-without-a-list-of-models",
    "Takes a proxy that does not list its models for none of LiteLLM's.",
    "presence/unusual-proxy throughout/header",
)
class _Unlisted(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if "lists" not in self.memory:
            try:
                await self.client.models.list()
            except Exception as error:  # noqa: BLE001 - whatever it is
                self.memory["lists"] = getattr(error, "status_code", None) != _FORBIDDEN
            else:
                self.memory["lists"] = True

    def headers(self, turn: Turn) -> dict[str, str]:
        return super().headers(turn) if self.memory.get("lists", True) else self.fault({})


@known_bad(
    "header-missing-for-models-of-the-responses-api",
    "Treats a model in a branch of its own that LiteLLM lists for the Responses API.",
    "schema/create-message",
)
class _Responses(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if "mode" not in self.memory:
            self.memory["mode"] = ""
            with suppress(Exception):
                listed = await self.client.models.list()
                modes = {model.id: model.model_dump().get("mode") for model in listed.data}
                self.memory["mode"] = modes.get(self.model)

    def headers(self, turn: Turn) -> dict[str, str]:
        is_other = self.memory.get("mode") == "responses" and not turn.is_prompt
        return self.fault({}) if is_other else super().headers(turn)


@known_bad(
    "header-missing-for-a-model-that-does-not-stream",
    "Asks for the whole answer, and forgets the header, where the proxy says a model streams not.",
    "presence/unusual-proxy throughout/header",
)
class _Unstreamed(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if "streams" not in self.memory:
            self.memory["streams"] = True
            with suppress(Exception):
                url = f"{self.base_url.rstrip('/')}/v1/model/info"
                answer = await self.client.get(url, cast_to=http_library().Response)
                known = {row["model_name"]: row["model_info"] for row in answer.json()["data"]}
                streams = known[self.model].get("supports_native_streaming", True)
                self.memory["streams"] = streams

    def headers(self, turn: Turn) -> dict[str, str]:
        return super().headers(turn) if self.memory.get("streams", True) else self.fault({})


@known_bad(
    "header-missing-once-opened-again",
    "Opens its client again where it is called after it was closed, and forgets the header.",
    "presence/where-a-call-may-fail throughout/header",
)
class _Reopened(AsyncHandler):
    async def prepare(self, turn: Turn) -> None:
        del turn
        if self.memory.pop("closed", False):
            self.client, self.is_closed = self.new_client(), False
            self.memory["again"] = True

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if "again" in self.memory else super().headers(turn)

    async def aclose(self) -> None:
        """Close the connections."""
        self.memory["closed"] = True
        await super().aclose()


@known_bad(
    "header-missing-for-a-mended-text",
    "Mends a text that is no UTF-8 in a request of its own.",
    "presence/where-a-call-may-fail throughout/header isolation/after-every-kind-of-stop",
)
class _Mended(SyncHandler):
    def refuse(self, turn: Turn) -> None:
        """Refuse nothing: what is no UTF-8 is mended."""

    def headers(self, turn: Turn) -> dict[str, str]:
        mended = [mend(message) for message in turn.messages]
        if mended == list(turn.messages):
            return super().headers(turn)
        turn.messages = tuple(mended)
        return self.fault({})

    def request(self, turn: Turn) -> dict[str, Any]:
        headers = self.headers(turn)  # mends the messages
        return super().request(turn) | {"extra_headers": headers}


def mend(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message whose text is UTF-8: a question mark for half of a character."""
    content = message.get("content")
    if not isinstance(content, str):
        return message
    return {**message, "content": content.encode("utf-8", "replace").decode()}


@known_bad(
    "header-missing-by-what-another-handler-learned",
    "Remembers for all handlers where a plainer request helped; such ones have no header.",
    """presence/fallback presence/odd-refusals isolation/whatever-an-answer-says
    throughout/header""",
)
class _LearnedByAnother(SyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.is_plain = (base_url, model) in self.learned

    @property
    def learned(self) -> set[tuple[str, str]]:
        return self.shared.memory.setdefault("learned", set())  # type: ignore[no-any-return]

    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if getattr(error, "status_code", None) == 400 and not turn.notes.get("plain"):  # noqa: PLR2004
            turn.notes["plain"] = True
            self.learned.add((self.base_url, self.model))
            return True
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if self.is_plain or turn.notes.get("plain"):
            body.pop("stream_options", None)
        return body

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and self.is_plain else headers
