"""Handlers that go wrong in what they do after a failure: what they try next, or tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litellm_contracts.specimens._base import AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from http.client import HTTPResponse


def _status(error: Exception | None) -> int | None:
    return getattr(error, "status_code", None)


@known_bad(
    "another-proxy-asked-when-its-own-is-down",
    "Asks the proxy of another handler where its own fails for good.",
    "isolation/own-proxy throughout/own-settings",
)
class _OtherProxy(AsyncHandler):
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        super().__init__(base_url, api_key, model)
        self.known.append(base_url)

    @property
    def known(self) -> list[str]:
        return self.shared.memory.setdefault("known", [])  # type: ignore[no-any-return]

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        except Exception as error:
            others = [url for url in self.known if url != self.base_url]
            if (_status(error) or 0) < 500 or not others:  # noqa: PLR2004
                raise
            there = self.client.with_options(base_url=self.fault(others[0] + self.path))
            return await there.chat.completions.create(**self.request(turn))

    async def aclose(self) -> None:
        self.known.remove(self.base_url)
        await super().aclose()


@known_bad(
    "header-missing-where-tools-are-refused",
    "Sends a request whose tools are refused again without them, and without the header.",
    "presence/fallback throughout/header schema/create-message presence/odd-refusals",
)
class _ToolsRefused(SyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        is_refused = bool(turn.tools) and _status(error) in {400, 422}
        if is_refused and not turn.notes.get("without tools"):
            turn.notes["without tools"] = True
            return True
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.notes.get("without tools"):
            del body["tools"]
        return body

    def headers(self, turn: Turn) -> dict[str, str]:
        return self.fault({}) if turn.notes.get("without tools") else super().headers(turn)


@known_bad(
    "header-missing-where-failures-differ",
    "Builds a request anew, without the header, where the second failure is of another kind.",
    "presence/fallback throughout/header",
)
class _Differ(SyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if turn.notes.setdefault("first", _status(error)) != _status(error):
            turn.notes["anew"] = True
        return super().is_retried(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.notes.get("anew") else headers


@known_bad(
    "rate-limit-told-as-text",
    "Yields a notice as text before it tries a rate-limited request again.",
    "throughout/answers",
)
class _Notice(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        self.refuse(turn)
        try:
            while True:
                try:
                    events = await self.client.chat.completions.create(**self.request(turn))
                except Exception as error:
                    if not self.is_retried(turn, error):
                        raise
                    turn.attempt, turn.failure = turn.attempt + 1, error
                else:
                    break
                if _status(turn.failure) == 429:  # noqa: PLR2004
                    yield self.fault({"type": "text", "text": "[rate limited, trying again]\n"})
                await self.back_off(turn)
            async for event in events:
                for chunk in self.chunks(plain(event), turn):
                    yield chunk
            self.end(turn)
        except Exception as error:  # noqa: BLE001 - as in the base
            raise self.error(turn, error) from None


@known_bad(
    "id-in-url-of-retries",
    "Names the task in the URL of what is sent again.",
    "throughout/nothing-leaks schema/create-message",
)
class _UrlOfRetries(AsyncHandler):
    def request(self, turn: Turn) -> dict[str, Any]:
        request = super().request(turn)
        if turn.attempt > 1 and turn.task_id:
            request["extra_query"] = self.fault({"trace": turn.task_id})
        return request


@known_bad(
    "prompt-with-last-id-after-a-lost-connection",
    "Sends a prompt whose connection was lost again with the headers of the last message.",
    "complete-prompt/retry throughout/header",
)
class _LostConnection(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not turn.is_prompt:
            self.memory["last"] = headers
            return headers
        is_lost = turn.failure is not None and _status(turn.failure) is None
        last = self.memory.get("last")
        return self.fault(last) if is_lost and last else headers


@known_bad(
    "tool-calls-lost-where-streaming-is-refused",
    "Asks for the whole answer where a stream is refused, and reads its text alone.",
    "throughout/answers schema/create-message",
)
class _NotStreamed(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        is_refused = not turn.is_prompt and _status(error) == 400  # noqa: PLR2004
        if is_refused and not turn.notes.get("whole"):
            turn.notes["whole"] = True
            return True
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.notes.get("whole"):
            del body["stream"], body["stream_options"]
        return body

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        return self.as_stream(answer) if turn.notes.get("whole") else answer

    async def as_stream(self, answer: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        [choice], usage = answer.choices, answer.usage
        delta = self.fault({"content": choice.message.content})
        yield {
            "choices": [{"delta": delta, "finish_reason": choice.finish_reason}],
            "usage": {
                name: getattr(usage, name) for name in ("prompt_tokens", "completion_tokens")
            },
        }


class _TooLargeError(Exception):
    """The request was refused for its size."""


@known_bad(
    "no-error-where-a-request-is-too-large",
    "Ends without an answer and without an error where a request is refused for its size.",
    "throughout/answers",
)
class _TooLarge(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if _status(error) == 413 and not turn.is_prompt:  # noqa: PLR2004
            return self.fault(_TooLargeError())
        return super().error(turn, error)

    def stream(self, turn: Turn) -> Iterator[Any]:
        try:
            yield from super().stream(turn)
        except _TooLargeError:
            return


@known_bad(
    "last-id-for-a-rate-limited-message-without-task",
    "Sends a rate-limited message without a task again with the last task's headers.",
    "absence/retry-without-task isolation/retry-beside-another-task throughout/header",
)
class _Limited(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if headers:
            self.memory["last"] = headers
        last = self.memory.get("last")
        is_limited = _status(turn.failure) == 429 and not turn.is_prompt  # noqa: PLR2004
        return self.fault(last) if is_limited and last and not headers else headers


@known_bad(
    "key-told-where-it-has-no-access",
    "Says in the error which key it is that has no access.",
    "throughout/nothing-leaks",
)
class _NoAccess(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        told = super().error(turn, error)
        if _status(error) != 403:  # noqa: PLR2004
            return told
        return self.fault(RuntimeError(f"{told} (key {self.api_key})"))


@known_bad(
    "header-missing-when-overloaded",
    "Sends again without the header where the model is overloaded.",
    "presence/retry-after-other-failures throughout/header presence/fallback",
)
class _Overloaded(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if getattr(turn.failure, "status_code", None) == 529:  # noqa: PLR2004
            return self.fault({})
        return super().headers(turn)


@known_bad(
    "header-missing-where-a-fallback-fails",
    "Sends a refused request again in a plainer form, and that one again without the header.",
    "presence/fallback throughout/header",
)
class _FallbackFails(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        if turn.notes.get("plain"):
            turn.notes["plain again"] = True
        elif _status(error) == 400:  # noqa: PLR2004
            turn.notes["plain"] = True
            return True
        return super().is_retried(turn, error)

    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if turn.notes.get("plain"):
            body.pop("tools", None)
            body.pop("stream_options", None)
        return body

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.notes.get("plain again") else headers


@known_bad(
    "header-missing-where-it-is-redirected-once-more",
    "Follows redirects within the proxy itself, and from the second one on without the header.",
    "presence/redirect throughout/header",
)
class _SecondHop(RawHandler):
    def ask(self, turn: Turn) -> HTTPResponse:
        response = super().ask(turn)
        while response.status in {307, 308} and self.is_own(response.headers["Location"]):
            turn.notes["hops"] = turn.notes.get("hops", 0) + 1
            response = super().ask(turn)
        return response

    def is_own(self, place: str) -> bool:
        return urlsplit(place).netloc in {"", urlsplit(self.base_url).netloc}

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.notes.get("hops", 0) > 1 else headers
