from __future__ import annotations

import pytest

from litellm_handler._parameters import model_parameters, tool_parameters

TOOLS = [{"type": "function", "function": {"name": "read_file", "parameters": {}}}]


@pytest.mark.parametrize(
    ("model", "parameter"),
    [
        pytest.param("gpt-5", "max_completion_tokens", id="gpt-5"),
        pytest.param("gpt5", "max_completion_tokens", id="gpt5"),
        pytest.param("GPT-5-mini", "max_completion_tokens", id="GPT-5-mini"),
        pytest.param("gpt-5.1", "max_completion_tokens", id="gpt-5.1"),
        pytest.param("openai/gpt-5o", "max_completion_tokens", id="openai/gpt-5o"),
        pytest.param("gpt-50", "max_tokens", id="gpt-50"),
        pytest.param("gpt-4o", "max_tokens", id="gpt-4o"),
        pytest.param("mygpt-5", "max_tokens", id="mygpt-5"),
    ],
)
def test_the_limit_has_the_name_that_the_model_takes(model: str, parameter: str) -> None:
    assert model_parameters(model, max_tokens=7, temperature=None) == {parameter: 7}


def test_what_is_not_set_is_not_sent() -> None:
    assert model_parameters("gpt-5", max_tokens=None, temperature=None) == {}


def test_a_temperature_of_zero_is_sent() -> None:
    assert model_parameters("gpt-4o", max_tokens=None, temperature=0) == {"temperature": 0}


@pytest.mark.parametrize(
    ("metadata", "parameters"),
    [
        pytest.param(None, {}, id="no metadata"),
        pytest.param({"task_id": "task-0001", "mode": "code"}, {}, id="other keys"),
        pytest.param({"tools": [], "tool_choice": "auto"}, {}, id="no tools"),
        pytest.param({"tools": TOOLS, "tool_choice": None}, {"tools": TOOLS}, id="tools only"),
        pytest.param(
            {"tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": False, "mode": "code"},
            {"tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": False},
            id="all",
        ),
    ],
)
def test_tools_come_from_the_metadata(
    metadata: dict[str, object] | None, parameters: dict[str, object]
) -> None:
    assert tool_parameters(metadata) == parameters
