"""A small value that satisfies a JSON Schema, as the arguments of a forced tool call."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_Schema = Mapping[str, Any]

_UPPER = re.compile(r"[A-Z]")
_DEEPEST = 12  # levels; a schema may refer to itself
_LONGEST = 1000  # characters and items
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "duration": "P1D",
    "email": "name@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "time": "00:00:00Z",
    "uri": "https://example.com",
    "url": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: object) -> Any:  # noqa: ANN401
    """Return a value that satisfies `schema`; an object gets its required properties only.

    Gemini's upper-case types and google-genai's `min_items` are understood. Not heeded: `pattern`,
    `not`, `if`, and what `contains` and `uniqueItems` ask beyond the length. What is no schema gets
    an empty object.
    """
    try:
        return _example(schema, schema, 0)
    except (ArithmeticError, TypeError, ValueError):
        return {}


def _example(schema: object, root: object, depth: int) -> Any:  # noqa: ANN401
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    whole = _resolved(schema, root)
    if "const" in whole:
        return whole["const"]
    for key in ("enum", "examples"):
        if isinstance(whole.get(key), list) and whole[key]:
            return whole[key][0]
    if "default" in whole:
        return whole["default"]
    for key in ("anyOf", "any_of", "oneOf"):
        if isinstance(whole.get(key), list) and whole[key]:
            rest = {name: value for name, value in whole.items() if name != key}
            return _example(_merged([rest, _resolved(whole[key][0], root)]), root, depth + 1)
    return _of_type(whole, root, depth)


def _resolved(schema: object, root: object) -> dict[str, Any]:
    """Follow `$ref` and join `allOf`."""
    parts: list[_Schema] = []
    waiting, seen = [schema], 0
    while waiting and seen <= _DEEPEST:
        seen += 1
        part = waiting.pop(0)
        if isinstance(part, Mapping):
            parts.append({k: v for k, v in part.items() if k not in {"$ref", "allOf"}})
            waiting += part["allOf"] if isinstance(part.get("allOf"), list) else []
            waiting += [_referred(part["$ref"], root)] if "$ref" in part else []
    return _merged(parts)


def _merged(parts: list[_Schema]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key == "properties" and isinstance(merged.get(key), dict):
                merged[key] = merged[key] | dict(value)
            elif key == "required" and isinstance(merged.get(key), list):
                merged[key] = [*merged[key], *value]
            else:
                merged.setdefault(key, value)
    return merged


def _referred(reference: object, root: object) -> object:
    found = root
    for part in str(reference).removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _of_type(schema: _Schema, root: object, depth: int) -> Any:  # noqa: ANN401
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if kind is None:
        kind = next((name for key, name in _TELLING.items() if key in schema), "object")
    make = _MAKERS.get(str(kind).lower())
    return make(schema, root, depth) if make else None


def _object(schema: _Schema, root: object, depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    names = dict.fromkeys(required if isinstance(required, list) else ())
    return {name: _example(known.get(name, {}), root, depth + 1) for name in names}


def _array(schema: _Schema, root: object, depth: int) -> list[Any]:
    prefix = schema.get("prefixItems")
    first = prefix if isinstance(prefix, list) else []
    more = _count_of(schema, "minItems", 0) - len(first)
    items = [*first, *[schema.get("items", {})] * more]
    return [_example(item, root, depth + 1) for item in items]


def _string(schema: _Schema, _root: object, _depth: int) -> str:
    text = _FORMATS.get(str(schema.get("format")), "example")
    text = text.ljust(_count_of(schema, "minLength", 0), "x")
    return text[: _count_of(schema, "maxLength", len(text))]


def _integer(schema: _Schema, root: object, depth: int) -> int:
    return math.ceil(_number(schema, root, depth))


def _number(schema: _Schema, _root: object, _depth: int) -> float:
    step = _number_of(schema, "multipleOf", 1)
    low = _number_of(schema, "minimum", -math.inf)
    above = _number_of(schema, "exclusiveMinimum", -math.inf)
    high = _number_of(schema, "maximum", math.inf)
    below = _number_of(schema, "exclusiveMaximum", math.inf)
    # Not 0: "a score from 1 to 100" often stands in the description alone (Gemini CLI's router).
    value = math.ceil(max(low, step) / step) * step
    if above >= value:
        value = (math.floor(above / step) + 1) * step
    if value > high:
        value = math.floor(high / step) * step
    if value >= below:
        value = (math.ceil(below / step) - 1) * step
    if value < low or value <= above:  # only a fraction fits
        value = (max(low, above) + min(high, below)) / 2
    return value


def _count_of(schema: _Schema, key: str, otherwise: int) -> int:
    return min(int(_number_of(schema, key, otherwise)), _LONGEST)


def _number_of(schema: _Schema, key: str, otherwise: float) -> float:
    value = schema.get(key, schema.get(_UPPER.sub(r"_\g<0>", key).lower()))
    return value if isinstance(value, int | float) else otherwise


_MAKERS: dict[str, Callable[[_Schema, object, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda *_: True,
}
# What a schema without a type is about.
_TELLING = {
    "properties": "object",
    "required": "object",
    "items": "array",
    "prefixItems": "array",
    "minLength": "string",
    "maxLength": "string",
    "format": "string",
    "minimum": "number",
    "maximum": "number",
}
