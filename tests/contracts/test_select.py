from __future__ import annotations

import pytest

from litellm_contracts._errors import UnknownContractError, UsageError
from litellm_contracts._select import select

IDS = ["presence/first-turn", "presence/retry-after-429", "absence/no-metadata", "absence/no"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        pytest.param("presence", {IDS[0], IDS[1]}, id="group"),
        pytest.param("presence and not retry", {IDS[0]}, id="and not"),
        pytest.param("first-turn or metadata", {IDS[0], IDS[2]}, id="or"),
        pytest.param("(retry)", {IDS[1]}, id="parentheses"),
        pytest.param("absence/no", {IDS[3]}, id="a whole id, also where another begins with it"),
        pytest.param("retry-after-429", {IDS[1]}, id="digits and dashes"),
    ],
)
def test_an_expression_selects_ids(expression: str, found: set[str]) -> None:
    assert select(expression, IDS) == found


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        pytest.param("presence/first-trun", "did you mean 'presence/first-turn'?", id="mistyped"),
        pytest.param("zzz", "matches no contract$", id="nothing like it"),
        pytest.param("presence and absence", "matches no contract", id="never both"),
        pytest.param("", "-k '' matches no contract", id="empty"),
    ],
)
def test_an_expression_that_matches_nothing_is_told(expression: str, told: str) -> None:
    with pytest.raises(UnknownContractError, match=told):
        select(expression, IDS)


def test_what_there_is_to_choose_from_is_named() -> None:
    with pytest.raises(UnknownContractError, match="matches no handler"):
        select("zzz", IDS, "handler")


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("presence and", id="unfinished"),
        pytest.param("(presence", id="open parenthesis"),
        pytest.param("presence retry", id="two words"),
        pytest.param("not", id="operator only"),
        pytest.param("presence & retry", id="unknown operator"),
    ],
)
def test_an_expression_that_cannot_be_read_is_told(expression: str) -> None:
    with pytest.raises(UsageError, match="expected words joined by and, or, not"):
        select(expression, IDS)
