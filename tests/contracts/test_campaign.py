from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Reply
from litellm_contracts import _campaign
from litellm_contracts._campaign import Campaign
from litellm_contracts._corners import FACTORS, corners
from litellm_contracts._drawn import DEFAULT_EXAMPLES, DEFAULT_SEED, drawn
from litellm_contracts._model import ANSWER
from litellm_contracts._observation import Observation, Outcome, observe
from litellm_contracts._profile import ZOO
from litellm_contracts._tables import find_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call

    Send = Callable[[Call, str], list[tuple[str, str]]]

CONTRACT = find_contract("schema/create-message")
RECORDED = drawn(DEFAULT_SEED, DEFAULT_EXAMPLES)


def faithful(call: Call, _model: str) -> list[tuple[str, str]]:
    """Send the header exactly when it is due."""
    return [("X-Zoo-Session-ID", call.task_id)] if call.task_id else []


def forgets_lists(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for a message whose content is a list."""
    return [] if isinstance(call.messages[-1]["content"], list) else faithful(call, model)


def forgets_long_ids(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for ids beyond 64 characters."""
    return [] if len(call.task_id or "") > 64 else faithful(call, model)


def forgets_long_texts(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for texts beyond 10,000 characters."""
    return [] if len(str(call.messages[-1]["content"])) > 10000 else faithful(call, model)


def forgets_capitals(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for ids with capital letters."""
    task_id = call.task_id or ""
    return [] if task_id != task_id.lower() else faithful(call, model)


def forgets_without_tools(call: Call, model: str) -> list[tuple[str, str]]:
    """Send the header only with tools."""
    return faithful(call, model) if call.metadata.get("tools") else []


def forgets_a_pair(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for gpt-5 with a list of parts."""
    return forgets_lists(call, model) if model == "gpt-5-mini" else faithful(call, model)


def forgets_one_that_is_drawn(call: Call, model: str) -> list[tuple[str, str]]:
    """Send no header for a task id that no corner has."""
    return [] if call.task_id in {one["task_id"] for one in RECORDED} else faithful(call, model)


@pytest.fixture
def campaign(sent: Callable[..., RecordedRequest]) -> Callable[[Send], Campaign]:
    """Return a factory of campaigns against a handler that is a function of the call."""

    def make(send: Send) -> Campaign:
        def perform(call: Call, model: str) -> Observation:
            said = [{"role": "system", "content": call.system_prompt}, *call.messages]
            tools = call.metadata.get("tools", []) if isinstance(call.metadata, dict) else []
            request = sent(call.marker, *send(call, model), messages=said, model=model, tools=tools)
            replies = [answer for answer in call.answers if isinstance(answer, Reply)]
            reply = replies[-1] if replies else Reply(text=ANSWER)
            called = ({"type": "tool_call", **asdict(one)} for one in reply.tool_calls)
            chunks = [{"type": "text", "text": reply.text}, *called]
            answered = Outcome(call=call, text=reply.text, chunks=chunks, model=model)
            return observe([answered], [request], "sk-secret")

        return Campaign(contract=CONTRACT, profile=ZOO, perform=perform)

    return make


def test_a_faithful_handler_is_asked_everything(campaign: Callable[[Send], Campaign]) -> None:
    done = campaign(faithful)
    done.run(seed=1, examples=5)
    assert (done.findings, done.complete, done.example()) == ((), True, [])
    assert done.made == len(list(corners(FACTORS))) + 5


@pytest.mark.parametrize(
    ("send", "needed"),
    [
        pytest.param(forgets_lists, {"content": "a list of parts"}, id="lists"),
        pytest.param(forgets_long_ids, {"task id": "65 characters"}, id="long-ids"),
        pytest.param(forgets_long_texts, {"text": "20,000 characters"}, id="long-texts"),
        pytest.param(forgets_capitals, {"task id": "capital letters"}, id="capitals"),
        pytest.param(forgets_without_tools, {}, id="no-tools"),
        pytest.param(forgets_one_that_is_drawn, {"task id": "as drawn"}, id="drawn"),
        pytest.param(
            forgets_a_pair, {"content": "a list of parts", "model": "gpt-5-mini"}, id="a-pair"
        ),
    ],
)
def test_a_conditional_fault_is_found_and_reduced(
    campaign: Callable[[Send], Campaign], send: Send, needed: dict[str, str]
) -> None:
    done = campaign(send)
    done.run(DEFAULT_SEED, DEFAULT_EXAMPLES)
    assert "no X-Zoo-Session-ID header line" in done.findings[0].message
    assert done.conditions == needed
    assert len(done.example()) == 1


def test_a_leaked_id_is_shown_with_the_call_it_came_from(
    campaign: Callable[[Send], Campaign],
) -> None:
    last: list[str] = []

    def sticky(call: Call, _model: str) -> list[tuple[str, str]]:
        last[:] = [call.task_id or "".join(last)]
        return [("X-Zoo-Session-ID", one) for one in last if one]

    done = campaign(sticky)
    done.run(seed=1, examples=5)
    earlier, failing = done.example()
    assert "is sent" in done.findings[0].message
    assert earlier["metadata"]["task_id"]
    assert "task_id" not in (failing["metadata"] or {})


def test_a_slow_handler_ends_with_the_budget(
    campaign: Callable[[Send], Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_campaign, "BUDGET", -1.0)
    done = campaign(faithful)
    done.run(seed=1, examples=5)
    assert (done.made, done.complete) == (0, False)


def test_an_earlier_call_of_the_same_task_is_not_shown(
    campaign: Callable[[Send], Campaign],
) -> None:
    done = campaign(forgets_lists)
    wrong = campaign(lambda call, model: [*faithful(call, model), ("x-litellm-trace-id", "t" * 9)])
    for one in (done, wrong):
        one.run(DEFAULT_SEED, DEFAULT_EXAMPLES)
        assert len(one.example()) == 1


def test_who_has_offered_tools_once_is_known_to(campaign: Callable[[Send], Campaign]) -> None:
    done = campaign(faithful)
    done.run(DEFAULT_SEED, DEFAULT_EXAMPLES)
    assert done.observation is not None
    assert done.observation.knows_tools


def test_what_an_earlier_call_gave_back_is_not_held_against_a_later_one(
    campaign: Callable[[Send], Campaign],
) -> None:
    done = campaign(faithful)
    perform = done.perform

    def leaking(call: Call, model: str) -> Observation:
        seen = perform(call, model)
        if isinstance(call.messages[-1]["content"], list):
            seen.outcomes[0].told = "Bearer sk-secret"
        return seen

    done.perform = leaking
    done.run(DEFAULT_SEED, DEFAULT_EXAMPLES)
    assert done.findings[0].message == "generated shows the API key to its caller: [redacted]"
    assert done.conditions == {"content": "a list of parts"}
