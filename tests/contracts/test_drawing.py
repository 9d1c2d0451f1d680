from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._corners import MODELS
from litellm_contracts._drawing import draw
from litellm_contracts._openapi import document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._drawn import Drawn


@pytest.fixture(scope="module")
def many() -> list[Drawn]:
    """Draw many conversations, once."""
    return draw(seed=1, examples=60)


def test_the_same_seed_draws_the_same(many: list[Drawn]) -> None:
    assert len(many) == 60
    assert draw(1, 60) == many
    assert draw(2, 60) != many


def test_what_else_is_loaded_does_not_change_what_is_drawn(
    many: list[Drawn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = [f"constant number {number}" for number in range(200)]
    tmp_path.joinpath("with_constants.py").write_text(f"KNOWN = {constants}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("with_constants")
    assert draw(1, 60) == many


@pytest.mark.parametrize(
    "varies",
    [
        pytest.param(lambda one: one["task_id"], id="task id"),
        pytest.param(lambda one: one["tools"], id="tools"),
        pytest.param(lambda one: one["messages"][0]["role"] == "system", id="system prompt"),
        pytest.param(lambda one: isinstance(one["messages"][-1].get("content"), list), id="parts"),
        pytest.param(lambda one: len(one["messages"]) > 1, id="history"),
    ],
)
def test_parts_are_drawn_and_left_out(many: list[Drawn], varies: Callable[[Drawn], object]) -> None:
    assert {bool(varies(one)) for one in many} == {True, False}


def test_every_model_is_drawn(many: list[Drawn]) -> None:
    assert {one["model"] for one in many} == set(MODELS)


def test_task_ids_are_such_as_litellm_accepts(many: list[Drawn]) -> None:
    ids = [one["task_id"] for one in many if one["task_id"] is not None]
    assert ids
    assert [one for one in ids if not re.fullmatch(r"[\w-]{8,128}", one, re.ASCII)] == []


def test_drawing_leaves_the_document_alone() -> None:
    before = json.dumps(document())
    draw(1, 1)
    assert json.dumps(document()) == before
