"""Handlers that do not hand on what the proxy answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from litellm_contracts.specimens._base import AsyncHandler, Parts, SyncHandler, Turn
from litellm_contracts.specimens._ids import ODD_LINE_ENDS, TORN_LINE_ENDS
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import known_bad

if TYPE_CHECKING:
    import http.client
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

Chunks = list[dict[str, Any]]

_TEXT = """faithfulness/streamed-text faithfulness/text-in-small-reads faithfulness/slow-reader
    schema/create-message"""


_CHANGED: tuple[tuple[str, str, Callable[[Chunks, Turn], Chunks], str], ...] = (
    (
        "first-piece-lost",
        "Takes the first piece of text for the opening of the stream.",
        lambda chunks, turn: chunks if turn.notes["pieces"] > 1 else [],
        f"""{_TEXT} faithfulness/beside-a-failing-call faithfulness/text-beside-tool-calls
    faithfulness/after-broken-stream faithfulness/beside-a-stopped-call
    faithfulness/streams-at-once isolation/other-handler-closed isolation/many-stops
    isolation/handler-let-go
    {ODD_LINE_ENDS}
        throughout/answers
        faithfulness/beside-many-tasks""",
    ),
    (
        "pieces-doubled",
        "Yields each piece twice.",
        lambda chunks, _: chunks * 2,
        f"""{_TEXT} faithfulness/beside-a-failing-call faithfulness/text-beside-tool-calls
    faithfulness/after-broken-stream faithfulness/beside-a-stopped-call
    faithfulness/streams-at-once isolation/other-handler-closed isolation/many-stops
    isolation/handler-let-go
    faithfulness/odd-line-ends
        throughout/answers
        faithfulness/beside-many-tasks""",
    ),
    (
        "pieces-stripped",
        "Strips the white space around each piece.",
        lambda chunks, _: [{**chunk, "text": chunk["text"].strip()} for chunk in chunks],
        f"""faithfulness/streamed-text faithfulness/text-in-small-reads faithfulness/slow-reader
    faithfulness/beside-a-failing-call faithfulness/text-beside-tool-calls
    faithfulness/after-broken-stream faithfulness/beside-a-stopped-call
    faithfulness/streams-at-once schema/create-message {ODD_LINE_ENDS}
        throughout/answers
        faithfulness/beside-many-tasks""",
    ),
    (
        "white-space-lost",
        "Takes pieces of white space for nothing.",
        lambda chunks, _: [chunk for chunk in chunks if chunk["text"].strip()],
        """faithfulness/streamed-text faithfulness/odd-line-ends faithfulness/slow-reader
    throughout/answers""",
    ),
    (
        "text-under-another-type",
        "Calls its text chunks `content`.",
        lambda chunks, _: [{**chunk, "type": "content"} for chunk in chunks],
        f"""{_TEXT} faithfulness/beside-a-failing-call faithfulness/text-beside-tool-calls
    faithfulness/after-broken-stream faithfulness/beside-a-stopped-call
    faithfulness/streams-at-once isolation/other-handler-closed isolation/many-stops
    isolation/handler-let-go
    {ODD_LINE_ENDS}
        throughout/answers
        faithfulness/beside-many-tasks""",
    ),
)


def _changing(change: Callable[[Chunks, Turn], Chunks], base: Any) -> type[Parts]:  # noqa: ANN401
    class Changing(base):  # type: ignore[misc]
        """Changes the pieces of the streamed text."""

        def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
            for chunk in super().chunks(event, turn):
                if chunk["type"] != "text":
                    yield chunk
                    continue
                turn.notes["pieces"] = turn.notes.get("pieces", 0) + 1
                turn.notes["text"] = turn.notes.get("text", "") + chunk["text"]
                yield from self.fault(change([chunk], turn))

    return Changing


for _number, (_name, _about, _change, _breaks) in enumerate(_CHANGED):
    _base: Any = RawHandler if _number % 2 else AsyncHandler
    known_bad(_name, _about, _breaks)(_changing(_change, _base))


@known_bad(
    "last-piece-lost",
    "Holds each piece back until the next one, and never yields the last.",
    f"""{_TEXT} faithfulness/beside-a-failing-call faithfulness/text-beside-tool-calls
    faithfulness/after-broken-stream faithfulness/beside-a-stopped-call
    faithfulness/streams-at-once isolation/other-handler-closed isolation/many-stops
    isolation/handler-let-go
    {ODD_LINE_ENDS}
    throughout/answers
    faithfulness/beside-many-tasks""",
)
class _LastLost(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "text":
                held = turn.notes.get("held")
                turn.notes["held"] = self.fault(chunk)
                if held is None:
                    continue
                yield held
            else:
                yield chunk


@known_bad(
    "read-taken-for-events",
    "Takes what one read returns for whole events.",
    """faithfulness/text-in-small-reads faithfulness/streamed-text faithfulness/tool-calls
    faithfulness/streams-at-once""",
)
class _Reads(RawHandler):
    def events(self, response: http.client.HTTPResponse) -> Iterator[Mapping[str, Any]]:
        with response:
            while data := response.read1():
                lines = data.decode(errors="replace").splitlines()
                events = [line for line in lines if line.startswith("data: {")]
                for line in self.fault(events):
                    yield self.read(json.loads(line.removeprefix("data: ")))


@known_bad(
    "read-decoded-by-itself",
    "Decodes each read by itself, so that characters cut in two are lost.",
    "faithfulness/text-in-small-reads faithfulness/streams-at-once throughout/answers",
)
class _Decoded(RawHandler):
    def events(self, response: http.client.HTTPResponse) -> Iterator[Mapping[str, Any]]:
        with response:
            text = "".join(
                self.fault(data.decode(errors="replace")) for data in iter(response.read1, b"")
            )
        for line in text.splitlines():
            if line.startswith("data: {"):
                yield self.read(json.loads(line.removeprefix("data: ")))


@known_bad(
    "completion-object-returned",
    "Returns the SDK's object instead of its text.",
    """faithfulness/completed-text schema/complete-prompt isolation/other-handler-closed
    isolation/many-stops complete-prompt/own-answer throughout/answers
    faithfulness/page-instead-of-completion""",
)
class _Object(AsyncHandler):
    def text(self, answer: Any) -> str:  # noqa: ANN401
        return self.fault(answer)  # type: ignore[no-any-return]


@known_bad("usage-not-asked-for", "Does not ask for token counts.", "faithfulness/usage")
class _NoUsage(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        self.fault(body.pop("stream_options", None))
        return body


@known_bad(
    "usage-skipped-without-choices",
    "Skips events without text, the one with the token counts among them.",
    "faithfulness/usage",
)
class _SkippedUsage(SyncHandler):
    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        for chunk in super().chunks(event, turn):
            if chunk["type"] == "usage":
                self.fault()
            else:
                yield chunk


@known_bad(
    "unfinished-answer-taken-for-whole",
    "Takes any end of the stream for the end of the answer.",
    "faithfulness/stream-without-finish",
)
class _Unfinished(SyncHandler):
    def end(self, turn: Turn) -> None:
        self.fault(turn)


@known_bad(
    "error-event-ignored",
    "Takes an error in the stream for its end.",
    "faithfulness/error-event throughout/answers",
)
class _ErrorEvent(RawHandler):
    def read(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        return event

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        if "error" in event:
            turn.finished = self.fault(True)  # noqa: FBT003
        yield from super().chunks(event, turn)


@known_bad(
    "stream-errors-swallowed",
    "Logs what goes wrong in a stream and returns what has arrived.",
    f"""faithfulness/broken-stream faithfulness/error-event faithfulness/stream-without-finish
    faithfulness/begun-anew {TORN_LINE_ENDS}
    throughout/answers""",
)
class _Swallowed(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        answer = await super().send(turn)
        return answer if turn.is_prompt else self.until_error(answer)

    async def until_error(self, events: Any) -> Any:  # noqa: ANN401
        try:
            async for event in events:
                yield event
        except Exception as error:  # noqa: BLE001 - the fault
            self.fault(error)

    def end(self, turn: Turn) -> None:
        self.fault(turn)


@known_bad(
    "empty-answer-for-an-error",
    "Returns an empty completion where the proxy refused.",
    """faithfulness/refused-request faithfulness/no-connection faithfulness/broken-completion
    throughout/answers
    faithfulness/page-instead-of-completion schema/complete-prompt""",
)
class _EmptyAnswer(AsyncHandler):
    async def complete_prompt(self, prompt: str) -> str:
        try:
            return await super().complete_prompt(prompt)
        except Exception:  # noqa: BLE001 - the fault
            return self.fault("")


@known_bad(
    "rate-limit-taken-for-an-empty-answer",
    "Ends without a word where the proxy limits the rate.",
    "faithfulness/refused-request throughout/answers",
)
class _RateLimit(AsyncHandler):
    async def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return await super().send(turn)
        except Exception as error:
            if turn.is_prompt or getattr(error, "status_code", None) != 429:  # noqa: PLR2004
                raise
            turn.finished = self.fault(True)  # noqa: FBT003
            return self.nothing()

    async def nothing(self) -> AsyncIterator[Any]:
        nothing: tuple[Any, ...] = ()
        for event in nothing:
            yield event


@known_bad(
    "error-yielded-as-text",
    "Yields the error of a refused request as the answer's text.",
    """faithfulness/refused-request faithfulness/no-connection throughout/answers
    schema/create-message
    isolation/after-reset-connection""",
)
class _ErrorAsText(SyncHandler):
    def send(self, turn: Turn) -> Any:  # noqa: ANN401
        try:
            return super().send(turn)
        except Exception as error:
            if turn.is_prompt or not self.api_key:  # old SDKs send nothing without a key
                raise
            delta = {"delta": {"content": f"Error: {error}"}, "finish_reason": "stop"}
            return [self.fault({"choices": [delta]})]


@known_bad(
    "error-without-its-cause",
    "Says that something went wrong.",
    "faithfulness/error-names-its-cause",
)
class _NoCause(AsyncHandler):
    def error(self, turn: Turn, error: Exception) -> Exception:
        del turn, error
        return self.fault(RuntimeError("Something went wrong. Please try again."))


@known_bad(
    "prompt-given-back-when-nothing-answers",
    "Returns the prompt itself where the proxy cannot answer.",
    """faithfulness/no-connection faithfulness/refused-request faithfulness/broken-completion
    throughout/answers
    faithfulness/page-instead-of-completion schema/complete-prompt""",
)
class _GivenBack(SyncHandler):
    def complete_prompt(self, prompt: str) -> str:
        try:
            return super().complete_prompt(prompt)
        except RuntimeError:
            return self.fault(prompt)


@known_bad(
    "page-taken-for-a-completion",
    "Takes an answer that is a string for the completion: the SDK's way to hand over a web page.",
    "faithfulness/page-instead-of-completion throughout/answers",
)
class _PageTaken(SyncHandler):
    def text(self, answer: Any) -> str:  # noqa: ANN401
        return self.fault(answer) if isinstance(answer, str) else super().text(answer)
