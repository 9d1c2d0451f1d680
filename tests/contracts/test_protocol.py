from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from litellm_contracts import _protocol
from litellm_contracts._cli import main
from litellm_contracts._protocol import BreachError, check_answer, read_answer, schema_errors
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(_protocol.schema())


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        pytest.param("start", '{"op":"start","protocol":1}', id="start"),
        pytest.param("stop", '{"op":"stop"}', id="stop"),
        pytest.param(
            "started",
            '{"protocol":1,"name":"n","language":"l","sdk":"s","capabilities":["create_message"]}',
            id="started",
        ),
        pytest.param("built", '{"handler":"h1","ok":true}', id="built"),
        pytest.param("built", '{"handler":"h1","error":"message"}', id="not built"),
        pytest.param("message", '{"id":"c1","chunks":[{"type":"text","text":"a"}]}', id="message"),
        pytest.param("message", '{"id":"c1","error":"message"}', id="message error"),
        pytest.param("completion", '{"id":"c2","text":"a"}', id="completion"),
        pytest.param("completion", '{"id":"c2","error":"message"}', id="completion error"),
        pytest.param("completion", '{"id":"c2","text":"a","more":1}', id="unknown keys"),
    ],
)
def test_lines_of_the_protocol_follow_the_schema(kind: str, line: str) -> None:
    assert schema_errors(json.loads(line), kind) == []


@pytest.mark.parametrize(
    ("kind", "answer", "told"),
    [
        pytest.param("started", {"protocol": "1"}, "speaks protocol '1'", id="protocol"),
        pytest.param("started", {"protocol": 1, "capabilities": []}, "capabilities", id="nothing"),
        pytest.param("built", {"handler": "h1"}, "(built)", id="neither built nor failed"),
        pytest.param("built", {"handler": "h1", "ok": False}, "(built), ok", id="not ok"),
        pytest.param("message", {"id": "c1", "chunks": "Hello"}, "chunks", id="chunks"),
        pytest.param("completion", {"id": "c1", "text": "a", "error": "b"}, "(comp", id="both"),
        pytest.param("completion", {"id": "c1", "error": {"m": 1}}, "error", id="error object"),
    ],
)
def test_an_answer_that_departs_is_a_breach(kind: str, answer: dict[str, Any], told: str) -> None:
    with pytest.raises(BreachError) as raised:
        check_answer(answer, kind)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"Server started", id="text"),
        pytest.param(b"[1]", id="list"),
        pytest.param(b'{"id": "c1"', id="half"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_a_line_that_is_no_object_is_a_breach(line: bytes) -> None:
    with pytest.raises(BreachError, match="is no answer") as raised:
        read_answer(line)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("chunk", "told"),
    [
        pytest.param({"type": "text"}, '"text" is a required', id="no text"),
        pytest.param({"text": "a"}, '"type" is a required', id="no type"),
        pytest.param({"type": "tool_call_partial"}, '"index" is a required', id="no index"),
        pytest.param({"type": "usage", "input_tokens": 1}, '"output_tokens" is', id="half usage"),
    ],
)
def test_a_chunk_is_described(chunk: dict[str, Any], told: str) -> None:
    assert any(told in error for error in schema_errors(chunk, "chunk"))


def test_a_chunk_of_another_type_is_allowed() -> None:
    assert schema_errors({"type": "grounding", "sources": []}, "chunk") == []


def test_every_call_of_every_contract_can_be_requested() -> None:
    calls = [call for contract in all_contracts() for call in contract.calls]
    requests = [_protocol.call_request(call, "c1", "h1") for call in calls]
    errors = [schema_errors(request, request["op"]) for request in requests]
    assert errors == [[]] * len(requests)
    assert len(requests) > 100


def test_a_request_is_one_line_whatever_it_holds(message: Callable[..., Call]) -> None:
    call = message(task_id="a\nb\u2028c\ud800")
    line = _protocol.to_line(_protocol.call_request(call, "c1", "h1"))
    assert line.splitlines() == [line[:-1]]
    assert json.loads(line)["metadata"] == {"task_id": "a\nb\u2028c\ud800"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param("node", "node-javascript/door.mjs", id="javascript"),
        pytest.param("node", "node-typescript/door.mjs", id="typescript"),
    ],
)
def test_the_examples_have_the_door_that_is_printed(
    name: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["door", name]) == 0
    assert capsys.readouterr().out == EXAMPLES.joinpath(place).read_text(encoding="utf-8")


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["door", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == _protocol.schema()
