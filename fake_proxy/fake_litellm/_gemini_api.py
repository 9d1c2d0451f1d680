"""Gemini's `generateContent` routes, as LiteLLM 1.106.2 serves them from an OpenAI model.

Reasoning is left out. A stream's last chunk has a usage of zeros: its upstream was not asked for
any.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fake_litellm import _response
from fake_litellm._bodies import spaced_event
from fake_litellm._demand import Demand, chosen, fields, listed, tools
from fake_litellm._replies import NOTHING
from fake_litellm._stream import Ending, Event, error_events
from fake_litellm._turn import Api, arguments_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm._replies import Usage
    from fake_litellm._turn import Turn

# Google takes both spellings, and google-genai mixes them.
_SCHEMAS = ("parametersJsonSchema", "parameters_json_schema", "parameters")
_RESPONSE_SCHEMAS = (
    *("responseJsonSchema", "response_json_schema"),
    *("responseSchema", "response_schema"),
)


def _answer(turn: Turn) -> dict[str, Any]:
    text = [{"text": turn.text}] if turn.text else []
    return _chunk([*text, *_calls(turn)], "STOP") | _usage(turn.reply.usage)


def _events(turn: Turn) -> Iterator[Event]:
    """Yield the chunks; neither they nor the end look like OpenAI's, but a failure does."""
    texts = [{"text": piece} for piece in turn.pieces]
    for part in (*texts, *_calls(turn)):
        yield Event(spaced_event(_chunk([part], None)), piece=True)
    yield Event(spaced_event(_chunk([], "STOP") | _usage(NOTHING)))


def _calls(turn: Turn) -> list[dict[str, Any]]:
    return [
        {"functionCall": {"name": call.name, "args": arguments_of(call)}}
        for call in turn.reply.tool_calls
    ]


def _chunk(parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    content = {"parts": parts, "role": "model"}
    return {
        "candidates": [
            {"content": content, "finishReason": finish, "index": 0, "safetyRatings": []}
        ]
    }


def _usage(counts: Usage) -> dict[str, Any]:
    return {
        "usageMetadata": {
            "promptTokenCount": counts.prompt_tokens,
            "candidatesTokenCount": counts.completion_tokens,
            "totalTokenCount": counts.prompt_tokens + counts.completion_tokens,
        }
    }


def _demand(body: dict[str, Any]) -> Demand:
    declared = [
        function
        for tool in listed(body.get("tools"))
        for function in listed(fields(tool).get("functionDeclarations"))
    ]
    calling = fields(body, "toolConfig", "functionCallingConfig")
    allowed = listed(calling.get("allowedFunctionNames"))
    offered = tools(declared, *_SCHEMAS)
    forced = chosen(offered, *allowed[:1]) if calling.get("mode") == "ANY" else None
    config = fields(body, "generationConfig")
    schema = next((config[key] for key in _RESPONSE_SCHEMAS if key in config), None)
    return Demand(tool=forced, schema=schema)


stream_generate_content = Api(
    route="agenerate_content_stream",
    streamed=True,
    demand=_demand,
    answer=_answer,
    events=_events,
    ending=lambda turn: Ending(
        # No `[DONE]` on these routes, also not after an error.
        failure=lambda _: error_events(turn.litellm, "litellm.MidStreamFallbackError: ")[:1],
        done=(),
    ),
    query_key=True,
    left_out=_response.ALL_BUT_GROUP_LINES,
    left_out_streaming=_response.ALL_BUT_GROUP_LINES,
)
generate_content = replace(
    stream_generate_content,
    route="agenerate_content",
    streamed=False,
    present=("contents",),
)
