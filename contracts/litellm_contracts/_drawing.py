"""Draws conversations from `openapi/litellm.yaml` with Schemathesis: what no table thought of.

Needs the extra `generate`. What the default seed draws is recorded in `openapi/drawn.json`, so that
every run of a release, and of a requirement set, tries the same inputs and needs nothing more:

    python -m litellm_contracts._drawing > contracts/litellm_contracts/openapi/drawn.json
"""

from __future__ import annotations

import contextlib
import copy
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._corners import MODELS
from litellm_contracts._model import PNG
from litellm_contracts._openapi import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._drawn import Drawn

_LONGEST_TEXT = 300
_LONGEST_ID = 128
_KEPT = ("model", "messages", "tools")
_PATH = "/v1/chat/completions"


def draw(seed: int, examples: int) -> list[Drawn]:
    """Draw chat requests; the same seed draws the same ones, with one release of Hypothesis.

    Raises:
        ImportError: where Schemathesis is not installed.
    """
    import hypothesis
    import schemathesis
    from hypothesis.configuration import set_hypothesis_home_dir

    # Else Hypothesis keeps a folder in the user's project.
    set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "litellm-contracts")
    drawn: list[Drawn] = []
    narrowed = _narrowed()
    header = narrowed["components"]["parameters"]["SessionHeader"]["name"]
    schema = schemathesis.openapi.from_dict(narrowed)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(schema[_PATH]["POST"].as_strategy())
    def keep(case: Any) -> None:  # noqa: ANN401 - a Schemathesis case
        drawn.append(
            {
                "model": case.body["model"],
                "messages": case.body["messages"],
                "tools": case.body.get("tools", []),
                "task_id": dict(case.headers or {}).get(header),
            }
        )

    with _without_local_constants():
        keep()
    return drawn


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


def _narrowed() -> dict[str, Any]:
    """Narrow the document to what is drawn: known keys only, texts and ids of bounded length."""
    full = copy.deepcopy(document())
    schemas = full["components"]["schemas"]
    schemas["TaskId"]["maxLength"] = _LONGEST_ID
    request = schemas["ChatRequest"]
    request["properties"] = {name: request["properties"][name] for name in _KEPT}
    request["properties"]["model"] = {"enum": list(MODELS)}
    request["properties"]["messages"]["maxItems"] = 4
    request["properties"]["tools"] |= {"type": "array", "maxItems": 2}  # null is a handler's way
    parts = schemas["ContentPart"]["oneOf"]
    parts.pop()  # audio and files are beyond text handlers
    # What is no picture's URL is refused by some clients, and what lies elsewhere is fetched.
    parts[1]["properties"]["image_url"]["properties"]["url"] = {
        "enum": [f"data:image/png;base64,{PNG}"]
    }
    schemas["Tool"] = schemas["FunctionTool"]
    _close(schemas)
    return {**full, "paths": {_PATH: {"post": full["paths"][_PATH]["post"]}}}


def _close(schema: Any) -> None:  # noqa: ANN401 - any part of a JSON document
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


if __name__ == "__main__":
    from litellm_contracts._drawn import DEFAULT_EXAMPLES, DEFAULT_SEED

    json.dump(draw(DEFAULT_SEED, DEFAULT_EXAMPLES), sys.stdout, indent=1)
    sys.stdout.write("\n")
