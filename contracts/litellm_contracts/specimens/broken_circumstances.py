"""Handlers that go by the circumstances of a call: how it is made, what it follows or quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from litellm_contracts.specimens._base import HEADER, AsyncHandler, Turn
from litellm_contracts.specimens._ids import DUE
from litellm_contracts.specimens._registry import known_bad
from litellm_contracts.specimens._sdk import certificates, http_library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

_PLACED = """-presence/first-turn -presence/long-id -presence/empty-system-prompt
    -presence/unicode-text -presence/retry-after-429 -presence/retry-after-429-without-hint
    -presence/retry-after-429-long -presence/retry-after-503 -presence/retry-after-reset
    -complete-prompt/during-stream -isolation/after-reset-connection
    -recognition/nothing-else-filed-there"""
"""Contracts whose turns are all passed their metadata by its place: every second call names it."""

_SHORTEST_QUOTE = 20  # characters: "Done." is quoted by chance


@known_bad(
    "header-missing-where-metadata-is-named",
    "Finds the task by the place of the metadata, and not where it is passed by its name.",
    f"""{DUE} throughout/header {_PLACED}
    isolation/after-reset-connection recognition/nothing-else-filed-there
    -isolation/handler-let-go""",
)
class _Named(AsyncHandler):
    def create_message(self, *given: Any, **named: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        placed = dict(zip(("system_prompt", "messages", "metadata"), given, strict=False))
        turn = self.begin(**{"metadata": None} | placed | named)
        turn.notes["is placed"] = "metadata" in placed
        return self.stream(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return headers if not headers or turn.notes["is placed"] else self.fault({})


@known_bad(
    "header-missing-where-a-later-turn-is-sent-again",
    "Sends a conversation that goes on again by a path of its own, without the header.",
    "schema/create-message throughout/header presence/odd-refusals",
)
class _LaterTurn(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        is_later = turn.attempt > 1 and len(turn.messages) > 1
        return self.fault({}) if headers and is_later else headers


@known_bad(
    "header-missing-where-tools-are-sent-again",
    "Sends a turn with tools again by a path of its own, without the header.",
    "schema/create-message presence/fallback throughout/header presence/odd-refusals",
)
class _ToolsAgain(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and turn.tools and turn.attempt > 1 else headers


@known_bad(
    "parent-filed-under-its-child",
    "Takes a task that names a parent for its delegate: the parent then goes on under its id.",
    "isolation/task-of-a-parent throughout/header",
)
class _Delegate(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        if parent := (turn.metadata or {}).get("parent_task_id"):
            self.memory[parent] = turn.task_id
        delegate = self.memory.get(turn.task_id)
        return self.fault({HEADER: delegate}) if delegate else headers


class _Moving(AsyncHandler):
    """Keeps another client once a request was redirected with a certain status."""

    status: ClassVar[int]

    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        transport = http_library().AsyncClient(
            verify=certificates(self.base_url), follow_redirects=True
        )
        return super().new_client(**{"http_client": transport} | options)

    def kept(self, _turn: Turn) -> dict[str, Any]:
        """Return what the other client keeps besides the place."""
        return {}

    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        stream = await super().send(turn)
        response = getattr(stream, "response", None)
        if response and any(one.status_code == self.status for one in response.history):
            place = str(response.url).partition("/chat/completions")[0]
            self.client = self.client.with_options(base_url=self.fault(place), **self.kept(turn))
        return stream


@known_bad(
    "id-kept-for-the-place-it-moved-to",
    "Keeps a client for the place a request has moved to for good, with that request's headers.",
    "isolation/after-every-kind-of-answer throughout/header",
)
class _Moved(_Moving):
    status = 308

    def kept(self, turn: Turn) -> dict[str, Any]:
        return {"default_headers": self.headers(turn)}


@known_bad(
    "place-it-moved-to-for-now-kept",
    "Keeps the place that one request was sent on to for now, and goes there from then on.",
    "recognition/key-stays-with-its-proxy throughout/own-settings",
)
class _MovedForNow(_Moving):
    status = 307


@known_bad(
    "another-session-for-another-mode",
    "Names a session of LiteLLM beside the header where a task's mode has changed.",
    "throughout/filed-by-the-header",
)
class _Mode(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        mode = (turn.metadata or {}).get("mode")
        if not headers or not mode or self.memory.setdefault(turn.task_id, mode) == mode:
            return headers
        return headers | {"x-litellm-session-id": self.fault(f"{turn.task_id}-{mode}")}


@known_bad(
    "id-with-a-prompt-that-quotes-the-answer",
    "Sends a prompt that quotes the last answer with the headers of that answer's task.",
    "complete-prompt/after-create-message throughout/header",
)
class _Quoted(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        said = ""
        async for chunk in super().stream(turn):
            said += chunk.get("text", "")
            yield chunk
        self.memory["last"] = said, super().headers(turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        said, owner = self.memory.get("last", ("", {}))
        is_quoted = turn.is_prompt and len(said) >= _SHORTEST_QUOTE and said in turn.last
        return self.fault(owner) if owner and is_quoted else super().headers(turn)


@known_bad(
    "id-with-other-dashes-taken-for-the-same",
    "Keeps prepared headers by the id without its dashes, and takes them for a like id.",
    "isolation/alternating-tasks throughout/header",
)
class _Dashes(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if not headers:
            return headers
        kept: dict[str, str] = self.memory.setdefault(self.known(turn.task_id), headers)
        return headers if kept == headers else self.fault(kept)

    def known(self, task_id: str) -> str:
        """Return what headers are kept by."""
        return task_id.replace("-", "")


@known_bad(
    "id-with-underscores-taken-for-the-same",
    "Keeps prepared headers by the id with dashes for underscores, as files are named.",
    "isolation/alternating-tasks throughout/header",
)
class _Underscores(_Dashes):
    def known(self, task_id: str) -> str:
        return task_id.replace("_", "-")


@known_bad(
    "header-of-the-newest-call-along-a-redirect",
    "Puts the header on again where it is redirected, and takes that of the newest call.",
    "isolation/retry-beside-another-task throughout/header",
)
class _NewestAlong(AsyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        transport = http_library().AsyncClient(
            verify=certificates(self.base_url),
            follow_redirects=True,
            event_hooks={"response": [self.put_on_again]},
        )
        return super().new_client(**{"http_client": transport} | options)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = self.memory["newest"] = super().headers(turn)
        return headers

    async def put_on_again(self, response: Any) -> None:  # noqa: ANN401 - of the SDK's HTTP library
        newest = self.memory.get("newest", {})
        headers = response.request.headers
        if response.has_redirect_location and headers.get(HEADER) != newest.get(HEADER):
            headers.pop(HEADER, None)
            headers.update(self.fault(newest))


@known_bad(
    "cut-answers-id-in-the-next-call",
    "Takes a call without a task for one that goes on with an answer cut for its length.",
    "isolation/after-every-kind-of-answer throughout/header",
)
class _GoneOn(AsyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if any(one.get("finish_reason") == "length" for one in event.get("choices") or []):
            self.memory["cut"] = super().headers(turn)
        return super().chunks(event, turn)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers, cut = super().headers(turn), self.memory.pop("cut", {})
        return self.fault(cut) if cut and not headers else headers
