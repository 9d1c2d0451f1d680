from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from fake_litellm._schema_example import example

TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "left": {"$ref": "#/$defs/node"}},
            "required": ["name"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"type": "object", "properties": {"a": {}}}, {}, id="nothing required"),
        pytest.param(
            {"properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
            {"a": "example"},
            id="required",
        ),
        pytest.param({"type": "array", "items": {"type": "null"}}, [], id="array"),
        pytest.param({"items": {"type": "boolean"}, "minItems": 2}, [True, True], id="minItems"),
        pytest.param({"prefixItems": [{"const": 1}], "minItems": 1}, [1], id="prefixItems"),
        pytest.param({"type": "string", "minLength": 9}, "examplexx", id="minLength"),
        pytest.param({"type": "string", "maxLength": 3}, "exa", id="maxLength"),
        pytest.param({"type": "string", "format": "date"}, "2026-01-01", id="format"),
        pytest.param({"type": "integer"}, 1, id="integer"),
        pytest.param({"type": "integer", "minimum": 2.5}, 3, id="minimum"),
        pytest.param({"type": "integer", "exclusiveMinimum": 4}, 5, id="exclusiveMinimum"),
        pytest.param({"type": "integer", "maximum": -7}, -7, id="maximum"),
        pytest.param({"type": "integer", "maximum": 0}, 0, id="maximum of zero"),
        pytest.param({"type": "integer", "minimum": -5}, 1, id="minimum below zero"),
        pytest.param({"type": "integer", "exclusiveMaximum": 0}, -1, id="exclusiveMaximum"),
        pytest.param({"type": "integer", "minimum": 7, "multipleOf": 5}, 10, id="multipleOf"),
        pytest.param(
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5, id="fraction"
        ),
        pytest.param({"type": ["null", "string"]}, None, id="types"),
        pytest.param({"enum": ["b", "a"]}, "b", id="enum"),
        pytest.param({"const": {"a": 1}}, {"a": 1}, id="const"),
        pytest.param({"type": "integer", "default": 8}, 8, id="default"),
        pytest.param({"type": "integer", "examples": [9]}, 9, id="examples"),
        pytest.param({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1, id="anyOf"),
        pytest.param(
            {"minimum": 3, "oneOf": [{"type": "integer"}, {"type": "null"}]}, 3, id="oneOf"
        ),
        pytest.param(
            {
                "allOf": [
                    {"required": ["a"], "properties": {"a": {"const": 1}}},
                    {"required": ["b"], "properties": {"b": {"const": 2}}},
                ]
            },
            {"a": 1, "b": 2},
            id="allOf",
        ),
        pytest.param(TREE, {"name": "example"}, id="$ref"),
    ],
)
def test_an_example_satisfies_its_schema(schema: dict[str, Any], value: object) -> None:
    assert example(schema) == value
    assert jsonschema_rs.is_valid(schema, value)


def test_geminis_types_are_in_upper_case() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING"}, "b": {"type": "NUMBER"}},
        "required": ["a", "b"],
    }
    assert example(schema) == {"a": "example", "b": 1}


def test_google_genai_writes_with_underscores() -> None:
    schema = {"type": "ARRAY", "min_items": 1, "items": {"any_of": [{"type": "BOOLEAN"}]}}
    assert example(schema) == [True]


def test_a_schema_that_requires_itself_ends() -> None:
    endless = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    assert "a" in example(endless)


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"required": [{}]}, id="a name that is no text"),
        pytest.param({"type": "number", "minimum": 1, "multipleOf": 0}, id="no steps"),
        pytest.param({"type": "integer", "minimum": float("inf")}, id="endless"),
    ],
)
def test_what_is_no_schema_gets_an_empty_object(schema: object) -> None:
    assert example(schema) == {}


@pytest.mark.parametrize("schema", [None, 7, [], "text"])
def test_no_schema_at_all(schema: object) -> None:
    assert example(schema) is None
