"""`openapi/litellm.yaml`: loaded once, and requests validated against it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm import RecordedRequest


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document; callers must not change it."""
    import yaml

    text = files("litellm_contracts").joinpath("openapi", "litellm.yaml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # type: ignore[no-any-return]  # noqa: S506 - a safe one


def request_errors(request: RecordedRequest, header: str) -> Iterator[str]:
    """Yield why a recorded chat request is not valid, body first, then its session header."""
    if request.json is None:
        yield "the body is not JSON"
        return
    for error in _validator("ChatRequest").iter_errors(request.json):
        place = "/".join(str(step) for step in error.instance_path)
        yield f"body at {place or 'the top'}: {error.message}"
    for value in request.header_values(header):
        for error in _validator("TaskId").iter_errors(value):
            yield f"header {header}: {error.message}"


@cache
def _validator(schema: str) -> Any:  # noqa: ANN401
    import jsonschema_rs

    root = {"$ref": f"#/components/schemas/{schema}", "components": document()["components"]}
    return jsonschema_rs.validator_for(root)
