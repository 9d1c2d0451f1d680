"""Schema-driven contracts: Schemathesis draws chat requests, handlers are asked to send them.

A drawn request is taken apart into what a handler is given (system prompt, messages, metadata),
each example is one call, and all examples share one handler, as a long conversation would.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._corners import MODELS
from litellm_contracts._model import OMITTED, Call
from litellm_contracts._openapi import document
from litellm_contracts._table_calls import make_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Contract
    from litellm_contracts._profile import Profile

DEFAULT_SEED = 2026
DEFAULT_EXAMPLES = 10

_LONGEST_TEXT = 300
_LONGEST_ID = 128
_DRAWN = ("model", "messages", "tools")


class ExampleFailedError(AssertionError):
    """An example departs from the contract; Hypothesis looks for a smaller one."""


def run_examples(
    contract: Contract,
    profile: Profile,
    attempt: Callable[[Call, str], bool],
    *,
    seed: int,
    examples: int,
) -> None:
    """Draw examples until one fails, then let Hypothesis look for a smaller one.

    Args:
        contract: Its generator says what is drawn.
        profile: Names the session header.
        attempt: Makes a call with a model, and returns whether the contract was kept; the last
            call that fails is the smallest one found.
        seed: The same seed draws the same examples.
        examples: How many to draw.
    """
    import hypothesis
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.errors import FlakyFailure

    # Else Hypothesis keeps a folder in the user's project.
    set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "litellm-contracts")

    numbers = itertools.count(1)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(_chat_request(profile.header))
    def example(case: Any) -> None:  # noqa: ANN401
        marker = make_marker(contract.id, f"drawn-{next(numbers)}")
        if not attempt(_to_call(contract, case, profile, marker), case.body["model"]):
            raise ExampleFailedError

    # `attempt` keeps the call that fails.
    with _without_local_constants(), contextlib.suppress(ExampleFailedError, FlakyFailure):
        example()


@contextlib.contextmanager
def _without_local_constants() -> Iterator[None]:
    """Keep Hypothesis from drawing constants of whatever local modules happen to be loaded.

    With them the same seed draws other examples as soon as a module more is imported. There is no
    setting for it.
    """
    from hypothesis.internal.conjecture import providers

    local = getattr(providers, "_get_local_constants", None)
    if local is None:  # before 6.131 there were none
        yield
        return
    from hypothesis.internal.constants_ast import Constants

    providers.CONSTANTS_CACHE.cache.clear()
    providers._get_local_constants = Constants  # noqa: SLF001
    try:
        yield
    finally:
        providers._get_local_constants = local  # noqa: SLF001
        providers.CONSTANTS_CACHE.cache.clear()


@cache
def _chat_request(header: str) -> Any:  # noqa: ANN401
    import schemathesis

    schema = schemathesis.openapi.from_dict(_drawn_document(header))
    return schema["/v1/chat/completions"]["POST"].as_strategy()


def _drawn_document(header: str) -> dict[str, Any]:
    """Narrow the document to what is drawn: known keys only, texts and ids of bounded length."""
    full = copy.deepcopy(document())
    path = "/v1/chat/completions"
    components = full["components"]
    components["parameters"]["SessionHeader"]["name"] = header
    schemas = components["schemas"]
    schemas["TaskId"]["maxLength"] = _LONGEST_ID
    request = schemas["ChatRequest"]
    request["properties"] = {name: request["properties"][name] for name in _DRAWN}
    request["properties"]["model"] = {"enum": list(MODELS)}
    request["properties"]["messages"]["maxItems"] = 4
    request["properties"]["tools"]["maxItems"] = 2
    schemas["ContentPart"]["oneOf"].pop()  # audio and files are beyond text handlers
    _close(schemas)
    operation = {"post": full["paths"][path]["post"]}
    return {**full, "paths": {path: operation}}


def _close(schema: Any) -> None:  # noqa: ANN401
    """Allow no unknown keys and no endless texts, here and below."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        for item in schema.values():
            _close(item)
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
            schema["properties"].pop("parameters", None)  # tool parameters: any JSON Schema
        if schema.get("type") == "string":
            schema.setdefault("maxLength", _LONGEST_TEXT)


def _to_call(contract: Contract, case: Any, profile: Profile, marker: str) -> Call:  # noqa: ANN401
    body = case.body
    if contract.generator == "prompts":
        text = json.dumps(body["messages"], ensure_ascii=False)
        return Call(
            name="generated", method="complete_prompt", marker=marker, prompt=f"{text} {marker}"
        )
    system_prompt, messages = _conversation(body["messages"], marker)
    task_id = dict(case.headers or {}).get(profile.header)
    metadata: Any = {} if task_id is None else {"task_id": task_id}
    if body.get("tools"):
        metadata["tools"] = body["tools"]
    return Call(
        name="generated",
        method="create_message",
        marker=marker,
        system_prompt=system_prompt,
        messages=messages,
        metadata=metadata or OMITTED,
    )


def _conversation(
    drawn: list[dict[str, Any]], marker: str
) -> tuple[str, tuple[dict[str, Any], ...]]:
    """Make a plausible conversation of drawn messages.

    System messages become the system prompt; a tool result follows the call it answers; the
    last message comes from the user or a tool and holds the marker.
    """
    system = [_as_text(message) for message in drawn if message["role"] in {"system", "developer"}]
    messages: list[dict[str, Any]] = []
    for message in drawn:
        if message["role"] == "tool":
            messages += [_asking_for(message), message]
        elif message["role"] == "assistant":
            messages.append({"role": "assistant", "content": _as_text(message)})
        elif message["role"] == "user":
            messages.append(message)
    if not messages or messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": "Go on."})
    messages[-1] = {**messages[-1], "content": _with_marker(messages[-1]["content"], marker)}
    return "\n".join(system), tuple(messages)


def _asking_for(result: dict[str, Any]) -> dict[str, Any]:
    function = {"name": "read_file", "arguments": "{}"}
    call = {"id": result["tool_call_id"], "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _as_text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _with_marker(content: Any, marker: str) -> Any:  # noqa: ANN401
    if isinstance(content, str):
        return f"{content} {marker}"
    return [*content, {"type": "text", "text": marker}]
