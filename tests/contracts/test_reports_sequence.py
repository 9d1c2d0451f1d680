from __future__ import annotations

from typing import Any

import pytest

from litellm_contracts.reports._sequence import sequence


def a_call(name: str, **rest: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, **rest}


def told(calls: list[dict[str, Any]], *owners: str | None) -> list[str]:
    """Return the arrows as words, of calls and of requests that belong to them in this order."""
    requests = [{"number": number, "call": owner} for number, owner in enumerate(owners, start=1)]
    steps = sequence({"calls": calls, "requests": requests})
    return [
        f"{step.kind} {step.request['number'] if step.request else (step.call or {})['name']}"
        for step in steps
    ]


@pytest.mark.parametrize(
    ("calls", "owners", "arrows"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param(
            [a_call("a")], ["a"], ["call a", "request 1", "answer 1", "return a"], id="one call"
        ),
        pytest.param([a_call("a")], [], ["call a", "return a"], id="refused"),
        pytest.param(
            [a_call("a"), a_call("b")],
            ["a", "a", "b"],
            [
                "call a", "request 1", "answer 1", "request 2", "answer 2", "return a",
                "call b", "request 3", "answer 3", "return b",
            ],
            id="tried again, then another call",
        ),
        pytest.param(
            [a_call("a"), a_call("b", together="a")],
            ["b", "a"],
            [
                "call a", "call b", "request 1", "request 2", "answer 1", "answer 2",
                "return a", "return b",
            ],
            id="at the same time",
        ),
        pytest.param(
            [a_call("a"), a_call("b", during="a"), a_call("c")],
            ["a", "b", "c"],
            [
                "call a", "request 1", "answer 1", "call b", "request 2", "answer 2", "return b",
                "return a", "call c", "request 3", "answer 3", "return c",
            ],
            id="while a stream is open",
        ),
        pytest.param(
            [a_call("a"), a_call("b", during="a")],
            ["a", "b", "a"],
            [
                "call a", "request 1", "answer 1", "call b", "request 2", "answer 2", "return b",
                "request 3", "answer 3", "return a",
            ],
            id="tried again after the call within",
        ),
        pytest.param(
            [a_call("a")],
            [None, "a", None],
            [
                "call a", "request 1", "request 2", "answer 1", "answer 2", "return a",
                "request 3", "answer 3",
            ],
            id="requests of the handler's own",
        ),
        pytest.param(
            [a_call("a")],
            ["a", "left out"],
            ["call a", "request 1", "answer 1", "return a", "request 2", "answer 2"],
            id="of a call that is not shown",
        ),
        pytest.param(
            [a_call("b", together="left out")],
            ["b"],
            ["call b", "request 1", "answer 1", "return b"],
            id="beside a call that is not shown",
        ),
    ],
)  # fmt: skip
def test_arrows_are_in_order(
    calls: list[dict[str, Any]], owners: list[str | None], arrows: list[str]
) -> None:
    assert told(calls, *owners) == arrows


def test_without_an_exchange_there_is_no_picture() -> None:
    assert sequence({}) == []
    assert sequence({"reproduce": "again"}) == []
