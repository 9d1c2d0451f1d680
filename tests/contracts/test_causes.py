from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Session
from litellm_contracts._causes import filed, masked
from litellm_contracts._checks import CHECKS
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Seen = Callable[..., Observation]

ID = "task-0001"
EARLIER = "task-0000"


@pytest.mark.parametrize(
    ("headers", "body", "cause"),
    [
        pytest.param([], {}, "without extra headers on this path", id="missing"),
        pytest.param(
            [("X-ZooSession-ID", ID)], {}, "the id is sent as 'X-ZooSession-ID'", id="misspelt"
        ),
        pytest.param([("x-task", ID)], {}, "the id is sent as 'x-task'", id="another name"),
        pytest.param(
            [], {"metadata": {"task": ID}}, "in the request body instead of a header", id="in body"
        ),
        pytest.param(
            [("X-Zoo-Session-ID", ID), ("x-zoo-session-id", ID)], {},
            "set twice in two spellings", id="two lines",
        ),
        pytest.param(
            [("X-Zoo-Session-ID", EARLIER)], {},
            f"'{EARLIER}' is the task id of another call (earlier)", id="another call's",
        ),
        pytest.param(
            [("X-Zoo-Session-ID", "undefined")], {}, "'undefined' is a placeholder",
            id="placeholder",
        ),
        pytest.param([("X-Zoo-Session-ID", "")], {}, "'' is a placeholder", id="empty"),
        pytest.param(
            [("X-Zoo-Session-ID", "TASK-0001")], {}, "the letter case", id="letter case changed"
        ),
        pytest.param([("X-Zoo-Session-ID", "task")], {}, "cut, padded or quoted", id="cut"),
        pytest.param([("X-Zoo-Session-ID", f'"{ID}"')], {}, "cut, padded or quoted", id="quoted"),
        pytest.param(
            [("X-Zoo-Session-ID", "0b54")], {}, "does not come from this call", id="foreign"
        ),
    ],
)  # fmt: skip
def test_the_cause_of_a_wrong_header(
    asked: Seen, headers: list[tuple[str, str]], body: dict[str, Any], cause: str
) -> None:
    observation = asked(headers, body)
    [finding] = CHECKS["header"](observation, ZOO)
    assert cause in f"{finding.clue}: {finding.cause}"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        pytest.param("None", "'None' is a placeholder", id="placeholder"),
        pytest.param(EARLIER, f"'{EARLIER}' is the task id of another call", id="another call's"),
        pytest.param("0b54", "is set for every request, with a value of the", id="foreign"),
    ],
)
def test_the_cause_of_an_unwanted_header(
    asked: Seen, message: MakeCall, prompt: MakeCall, value: str, cause: str
) -> None:
    header = [("X-Zoo-Session-ID", value)]
    for call in (message("ask", metadata={}), prompt("ask")):
        [finding] = CHECKS["header"](asked(header, call=call), ZOO)
        assert cause in f"{finding.clue}: {finding.cause}"


@pytest.mark.parametrize(
    ("session", "told"),
    [
        pytest.param(Session(None, None, None, rejected=True, near_misses=()), "400", id="refused"),
        pytest.param(Session(None, None, None, rejected=False, near_misses=()), "alone", id="none"),
        pytest.param(
            Session(ID, ID, "x-zoo-session-id", rejected=False, near_misses=()),
            f"under session '{ID}' (from x-zoo-session-id)",
            id="the task's",
        ),
    ],
)
def test_where_litellm_files_a_request(session: Session, told: str) -> None:
    assert told in filed(session)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param(None, ("X-Zoo-Session-ID is not sent", ""), id="none"),
        pytest.param(
            "traceparent",
            ("LiteLLM should find the task id in X-Zoo-Session-ID alone", "traceparent decides"),
            id="another header",
        ),
        pytest.param(
            "x-zoo-session-id",
            (
                "the value does not come from this call's metadata",
                "X-Zoo-Session-ID carries 'other-task'",
            ),
            id="the header itself",
        ),
    ],
)
def test_what_masks_the_vendors_header(source: str | None, told: tuple[str, str]) -> None:
    session = Session("other-task", "other-task", source, rejected=False, near_misses=())
    assert masked(session, ZOO) == told


def test_the_cause_is_the_same_whichever_calls_id_it_is(
    message: MakeCall, sent: Callable[..., RecordedRequest], seen: Seen
) -> None:
    last = message("ask", metadata={})
    told = [
        (finding.cause, finding.clue)
        for task_id in ("task-0007", "task-0008")
        for finding in CHECKS["header"](
            seen([message("first", task_id), last], sent("ask", ("X-Zoo-Session-ID", task_id))), ZOO
        )
        if finding.call == "ask"
    ]
    causes, clues = zip(*told, strict=True)
    assert (len(set(causes)), len(set(clues))) == (1, 2)


def test_of_many_calls_with_an_id_a_few_are_named(
    message: MakeCall, sent: Callable[..., RecordedRequest], seen: Seen
) -> None:
    earlier = [message(f"turn-{number}", EARLIER, judged=False) for number in range(1, 6)]
    observation = seen([*earlier, message("ask")], sent("ask", ("X-Zoo-Session-ID", EARLIER)))
    [finding] = CHECKS["header"](observation, ZOO)
    assert finding.clue.endswith("another call (turn-1, turn-2, turn-3 and 2 more)")
