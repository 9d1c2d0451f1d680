from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._openapi import document, request_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest

    Sent = Callable[..., RecordedRequest]

HEADER = "X-Mine-Session-ID"
TOOL = {"type": "function", "function": {"name": "read_file"}}


def test_the_document_is_loaded_once() -> None:
    assert document() is document()
    assert document()["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="text"),
        pytest.param({"stream": True, "stream_options": {"include_usage": True}}, id="streamed"),
        pytest.param({"tools": [TOOL], "tool_choice": "auto"}, id="tools"),
        pytest.param({"max_completion_tokens": 5, "unknown": 1}, id="other keys"),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, id="parts"
        ),
        pytest.param({"temperature": None, "max_tokens": None, "stream": None}, id="null"),
    ],
)
def test_a_valid_request_has_no_errors(sent: Sent, body: dict[str, Any]) -> None:
    request = sent("ask", (HEADER, "task-0001"), **body)
    assert list(request_errors(request, HEADER)) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"model": ""}, "body at model: ", id="no model"),
        pytest.param({"messages": []}, "body at messages: ", id="no messages"),
        pytest.param({"messages": [{"role": "usr"}]}, "body at messages/0: ", id="unknown role"),
        pytest.param({"stream": "yes"}, "body at stream: ", id="wrong type"),
        pytest.param(
            {"tools": [{**TOOL, "function": {"name": "read file"}}]},
            "body at tools/0/function/name: ",
            id="a tool's name",
        ),
    ],
)
def test_an_invalid_body_is_told_with_its_place(
    sent: Sent, body: dict[str, Any], place: str
) -> None:
    [error] = request_errors(sent("ask", **body), HEADER)
    assert error.startswith(place)


def test_a_missing_key_is_told(sent: Sent) -> None:
    request = replace(sent("ask"), json={"messages": [{"role": "user", "content": "a"}]})
    [error] = request_errors(request, HEADER)
    assert error == 'body at the top: "model" is a required property'


def test_a_body_that_is_not_json_is_told(sent: Sent) -> None:
    request = replace(sent("ask"), json=None)
    assert list(request_errors(request, HEADER)) == ["the body is not JSON"]


@pytest.mark.parametrize("value", ["short", "task:0001", "task 0001", ""])
def test_a_header_that_litellm_would_ignore_is_told(sent: Sent, value: str) -> None:
    for error in (errors := list(request_errors(sent("ask", (HEADER, value)), HEADER))):
        assert error.startswith(f"header {HEADER}: ")
    assert len(errors) == 1
    assert list(request_errors(sent("ask", (HEADER, value)), "X-Another-Session-ID")) == []
