"""Handlers that are right in an unusual way: what they make of tools, prompts and routes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litellm_contracts.specimens._base import HEADER, AsyncHandler, SyncHandler, Turn
from litellm_contracts.specimens._raw import RawHandler
from litellm_contracts.specimens._registry import unusual
from litellm_contracts.specimens._sdk import certificates, client_options, http_library
from litellm_contracts.specimens._task_ids import is_sendable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@unusual(
    "tools-told-in-the-prompt",
    "Describes tools in the system prompt, tells their calls and results as text, and sends none.",
)
class _Told(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        messages = _as_text(body["messages"])
        if tools := body.pop("tools", None):
            listed = "\n".join(json.dumps(tool["function"]) for tool in tools)
            told = f"\n\n# Tools\nTo use one, write <name>arguments as JSON</name>.\n{listed}"
            messages[0]["content"].append({"type": "text", "text": self.fault(told)})
        return body | {"messages": messages}

    def chunks(self, event: Mapping[str, Any], turn: Turn) -> Iterator[Any]:
        """Yield no tool calls: none was offered, so none comes."""
        for chunk in super().chunks(event, turn):
            if chunk["type"] != "tool_call_partial":
                yield chunk


def _as_text(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages without tool calls and tools' results, one for each change of role."""
    made: list[dict[str, Any]] = []
    for message in messages:
        role, content = message["role"], message.get("content") or []
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else [*content]
        if role == "tool":
            told = f"[result of {message['tool_call_id']}]\n"
            role, parts = "user", [{"type": "text", "text": told}, *parts]
        for call in message.get("tool_calls") or []:
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            parts.append({"type": "text", "text": f"<{name}>{arguments}</{name}>"})
        parts = parts or [{"type": "text", "text": "(nothing)"}]
        if made and made[-1]["role"] == role:
            made[-1]["content"].extend(parts)
        else:
            made.append({"role": role, "content": parts})
    return made


_OF_A_REQUEST = (
    *("stream", "stream_options", "temperature", "top_p", "max_tokens", "stop", "user"),
    *("tools", "tool_choice", "parallel_tool_calls", "response_format"),
)
_OF_A_MESSAGE = ("content", "name", "tool_calls", "tool_call_id", "function_call")


@unusual(
    "null-for-every-field-that-is-not-set",
    "Writes whole records: null for tools, choices and calls where there are none.",
)
class _Records(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        messages = [dict.fromkeys(_OF_A_MESSAGE) | message for message in body["messages"]]
        return dict.fromkeys(_OF_A_REQUEST) | body | {"messages": self.fault(messages)}


@unusual(
    "free-form-tool-for-gpt-5",
    "Offers GPT-5 models a free-form tool, which has no function, beside the tools given.",
)
class _FreeForm(SyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if "tools" in body and self.model.startswith("gpt-5"):
            about = {"name": "apply_patch", "description": "Apply a patch, written as it is."}
            body["tools"] = [*body["tools"], self.fault({"type": "custom", "custom": about})]
        return body


@unusual(
    "system-prompt-in-two-messages",
    "Sends the system prompt's beginning as a message of its own, marked for caching.",
)
class _TwoMessages(AsyncHandler):
    def body(self, turn: Turn) -> dict[str, Any]:
        body = super().body(turn)
        if not turn.is_prompt and (cut := turn.system_prompt.rfind(" ") + 1):
            stable, rest = turn.system_prompt[:cut], turn.system_prompt[cut:]
            marked = {"type": "text", "text": stable, "cache_control": {"type": "ephemeral"}}
            body["messages"][:1] = [
                {"role": "system", "content": self.fault([marked])},
                {"role": "system", "content": rest},
            ]
        return body


@unusual("azures-route", "Calls LiteLLM by Azure's route, with the key in Azure's header.")
class _Azure(AsyncHandler):
    def new_client(self, **_: Any) -> Any:  # noqa: ANN401
        import openai

        options = client_options(
            self, http_library().AsyncClient(verify=certificates(self.base_url))
        )
        del options["base_url"]
        return openai.AsyncAzureOpenAI(
            azure_endpoint=self.fault(self.base_url), api_version="2024-10-21", **options
        )


@unusual(
    "upper-case-names-over-http-1-0",
    "Speaks HTTP/1.0, and writes the names of all headers in upper case.",
)
class _Old(RawHandler):
    def head(self, turn: Turn, body: bytes) -> bytes:
        first, *lines = super().head(turn, body).split(b"\r\n")
        named = (line.partition(b":") for line in lines)
        told = [b"".join((name.upper(), *rest)) for name, *rest in named]
        return b"\r\n".join([self.fault(first.replace(b"HTTP/1.1", b"HTTP/1.0")), *told])


@unusual(
    "every-character-escaped",
    "Escapes all characters of the body's texts, half ones too, which LiteLLM takes for no JSON.",
)
class _Escaped(RawHandler):
    def refuse(self, turn: Turn) -> None:
        if turn.task_id and not is_sendable(turn.task_id):
            super().refuse(turn)

    def encoded(self, turn: Turn) -> bytes:
        return self.fault(_escaped(self.body(turn))).encode()


def _escaped(value: Any) -> str:  # noqa: ANN401
    """Write JSON with each character of each text as its code."""
    match value:
        case str():
            units = value.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
            text = "".join(f"\\u{unit}" for unit in units)
            return f'"{text}"'
        case dict():
            pairs = (f"{_escaped(str(name))}:{_escaped(one)}" for name, one in value.items())
            return f"{{{','.join(pairs)}}}"
        case list() | tuple():
            return f"[{','.join(map(_escaped, value))}]"
    return json.dumps(value)


@unusual("header-left-behind-elsewhere", "Takes the header off what is sent on to another host.")
class _LeftBehind(SyncHandler):
    def new_client(self, **options: Any) -> Any:  # noqa: ANN401
        transport = http_library().Client(
            verify=certificates(self.base_url),
            follow_redirects=True,
            event_hooks={"request": [self.leave_behind]},
        )
        return super().new_client(http_client=transport, **options)

    def leave_behind(self, request: Any) -> None:  # noqa: ANN401 - of the SDK's HTTP library
        if request.url.host != urlsplit(self.base_url).hostname:
            self.fault(request.headers).pop(HEADER, None)
