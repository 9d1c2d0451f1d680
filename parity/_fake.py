"""Replays the corpus to the fake, configured as the real proxy was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_litellm import FakeLiteLLM
from parity import API_KEY, RELEASE, SETUPS
from parity._normalise import normalised, selected, session_of
from parity._scripts import fake_answer, models
from parity._wire import exchange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity._corpus import Case


def replay(setup: str, cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """Send each case to the fake and return the exchanges by id."""
    missing_session_id, correlated = SETUPS[setup]
    with FakeLiteLLM(
        models=models(),
        api_key=API_KEY,
        litellm=RELEASE,
        missing_session_id=missing_session_id,
        request_correlation_in_logs=correlated,
    ) as fake:
        fake.answer_with(fake_answer)
        return {case.id: _exchange(fake, case) for case in cases}


def _exchange(fake: FakeLiteLLM, case: Case) -> dict[str, Any]:
    fake.journal.clear()
    shown = selected(case, normalised(exchange(fake.port, case.request), case.request))
    if len(fake.journal):
        session = fake.journal[0].session
        shown["session"] = session_of(session.session_id, session.trace_id, case.request)
    return shown
