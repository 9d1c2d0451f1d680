"""Handlers wrong in one corner: a kind of answer, id or model, or a request beside the call."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping


@known_bad(
    "id-kept-for-the-metadata-object",
    "Prepares the headers once for each metadata object, whatever is in it later.",
    "isolation/metadata-changed-in-place throughout/header",
)
class _ByIdentity(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.metadata is None:
            return headers
        # The metadata is kept as well: another object must not get its identity.
        known, _ = self.memory.setdefault(str(id(turn.metadata)), (headers, turn.metadata))
        return headers if known == headers else self.fault(known)


@known_bad(
    "id-kept-for-the-messages",
    "Prepares a request once for the same messages, its headers included.",
    "isolation/same-text-in-another-task throughout/header",
)
class _ByText(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.is_prompt:
            return headers
        key = json.dumps([self.model, turn.system_prompt, turn.messages])
        known = self.memory.setdefault(key, headers)
        return headers if known == headers else self.fault(known)


@known_bad(
    "header-missing-where-an-answer-goes-on",
    "Loses the header where the last message is the assistant's, to be gone on with.",
    "schema/create-message",
)
class _GoesOn(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        goes_on = not turn.is_prompt and turn.messages[-1]["role"] == "assistant"
        return self.fault({}) if headers and goes_on else headers


@known_bad(
    "header-missing-for-prefixed-models",
    "Loses the header in the branch for models that name their provider.",
    "schema/create-message recognition/nothing-else-filed-there throughout/header",
)
class _Prefixed(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        return self.fault({}) if headers and "/" in self.model else headers


@known_bad(
    "id-written-as-a-slug",
    "Writes runs of dashes and underscores in the task id as one dash, and none at its end.",
    "presence/every-kind-of-id schema/create-message throughout/header",
)
class _Slug(RawHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        value = headers.get(HEADER, "")
        slug = re.sub(r"[-_]{2,}", "-", value).rstrip("-_")
        return headers if slug == value else self.fault({HEADER: slug})


@known_bad(
    "retries-named-by-litellm-session-id",
    "Gives each request that is sent again an x-litellm-session-id of its own.",
    """recognition/filed-right-in-trouble schema/create-message
    throughout/filed-by-the-header""",
)
class _Correlated(AsyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        if turn.attempt == 1:
            return headers
        return headers | self.fault({"x-litellm-session-id": f"{id(turn)}-{turn.attempt}"})


@known_bad(
    "id-with-models-after-a-refusal",
    "Asks for the models, with the turn's headers, where a message is refused.",
    "recognition/id-not-in-side-requests throughout/nothing-leaks schema/create-message",
)
class _ModelsAfterRefusal(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        except Exception as error:
            if getattr(error, "status_code", None) == 400:  # noqa: PLR2004
                await self.client.models.list(extra_headers=self.fault(super().headers(turn)))
            raise


@known_bad(
    "key-in-errors-of-authentication",
    "Quotes the key that the proxy refused.",
    "recognition/key-only-in-its-header throughout/nothing-leaks",
)
class _KeyRefused(SyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        if getattr(error, "status_code", None) != 401:  # noqa: PLR2004
            return super().error(turn, error)
        return self.fault(RuntimeError(f"the key {self.api_key} was refused: {error}"))


@known_bad(
    "text-lost-beside-tool-calls",
    "Yields the tool calls alone where an answer has both.",
    "faithfulness/text-beside-tool-calls schema/create-message throughout/answers",
    is_slow=True,
)
class _TextLost(AsyncHandler):
    async def stream(self, turn: Turn) -> AsyncIterator[Any]:
        answer = super().stream(turn)
        chunks = [chunk async for chunk in answer]
        if any(chunk["type"] == "tool_call_partial" for chunk in chunks):
            chunks = self.fault([chunk for chunk in chunks if chunk["type"] != "text"])
        for chunk in chunks:
            yield chunk


@known_bad(
    "broken-tool-call-taken-for-whole",
    "Takes the end of a stream that called a tool for the end of the answer.",
    """faithfulness/broken-stream faithfulness/begun-anew faithfulness/stream-without-finish
    throughout/answers""",
)
class _BrokenCall(RawHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            turn.finished |= chunk["type"] == "tool_call_partial" and self.fault(True)  # noqa: FBT003
            yield chunk


@known_bad(
    "pieces-lost-beyond-a-hundred",
    "Has room for a hundred pieces of text, and drops those that come later.",
    "faithfulness/streamed-text faithfulness/slow-reader throughout/answers",
)
class _Room(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            turn.notes["pieces"] = turn.notes.get("pieces", 0) + 1
            if turn.notes["pieces"] <= 100 or chunk["type"] != "text":  # noqa: PLR2004
                yield chunk
            else:
                self.fault(chunk)


@known_bad(
    "header-missing-after-condensing",
    "Takes a call that shall not go on from the last answer for one that goes on from nothing.",
    "schema/create-message presence/unusual-conversation throughout/header",
)
class _Condensed(SyncHandler):
    def headers(self, turn: Turn) -> dict[str, str]:
        if (turn.metadata or {}).get("suppress_previous_response_id"):
            return self.fault({})
        return super().headers(turn)


@known_bad(
    "header-missing-when-pictures-are-refused",
    "Says that there was a picture where one is refused, in a request that is built apart.",
    "schema/create-message throughout/header presence/odd-refusals",
)
class _NoPictures(AsyncHandler):
    def is_retried(self, turn: Turn, error: Exception) -> bool:
        refused = getattr(error, "status_code", None) == 400 and "image_url" in turn.text  # noqa: PLR2004
        return (refused and turn.attempt == 1) or super().is_retried(turn, error)

    def headers(self, turn: Turn) -> dict[str, str]:
        headers = super().headers(turn)
        again = getattr(turn.failure, "status_code", None) == 400  # noqa: PLR2004
        return self.fault({}) if headers and again else headers


@known_bad(
    "tool-parameters-lost",
    "Takes whatever is called a title out of the tools: some models refuse titles in a schema.",
    "schema/create-message",
)
class _NoTitles(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if '"title"' in json.dumps(body.get("tools", [])):
            body["tools"] = self.fault(_without_titles(body["tools"]))
        return body


def _without_titles(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, dict):
        return {name: _without_titles(one) for name, one in value.items() if name != "title"}
    return [_without_titles(one) for one in value] if isinstance(value, list) else value


@known_bad(
    "header-missing-where-nothing-is-streamed",
    "Asks again without a stream where none came, in a request that is built apart.",
    "presence/fallback throughout/header",
)
class _NotStreamed(SyncHandler):
    def end(self, turn: Turn) -> None:
        if not turn.finished and not turn.notes.get("events"):
            self.fault(self.client.chat.completions.create(**self.request_again(turn)))
        super().end(turn)

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        turn.notes["events"] = True
        return super().chunks(event, turn)

    def request_again(self, turn: Turn) -> dict[str, Any]:
        body = self.body(turn)
        return {"model": body["model"], "messages": body["messages"]}
