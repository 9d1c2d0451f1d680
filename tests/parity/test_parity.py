"""The fake against the recorded truth of the real LiteLLM; no LiteLLM is installed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_litellm._session import DEFAULT_RELEASE
from parity import RELEASE, SETUPS, _known, _truth, check, report
from parity._corpus import load

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def verdict() -> _known.Verdict:
    return _known.judge(check.differences(), _known.load())


def test_no_difference_is_unlisted(verdict: _known.Verdict) -> None:
    assert not verdict.unlisted, f"\n{verdict}\nmend the fake; the list may only shrink"


def test_no_listed_difference_is_stale(verdict: _known.Verdict) -> None:
    assert not verdict.wrong, f"\n{verdict}\nor run: python -m parity.check --shrink"


def test_the_truth_is_that_of_the_pinned_release() -> None:
    assert RELEASE == DEFAULT_RELEASE
    assert _truth.recorded_from() == {f"litellm[proxy] {RELEASE}"}


def test_the_truth_holds_the_corpus() -> None:
    cases = load()

    assert len(cases) >= 300
    assert {case.id for case in cases} == _truth.load_all().keys()
    assert {case.setup for case in cases} == set(SETUPS)


def test_most_exchanges_say_their_session() -> None:
    truth = _truth.load_all()
    sessions = [name for name in truth if name.startswith("sessions/")]

    assert all(
        "session" in truth[name] or truth[name]["status"].startswith("HTTP/1.1 4")
        for name in sessions
    )
    assert sum("session" in exchange for exchange in truth.values()) >= 500


def test_the_readme_tells_the_truth() -> None:
    assert set(report.lines_in(README.read_text("utf-8"))) == {report.line()}
