"""Every case measured on the real LiteLLM, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from fake_litellm._session import DEFAULT_RELEASE, resolve_session

TRUTH = json.loads((Path(__file__).parent / "data" / "session-truth.json").read_bytes())


def expanded(value: Any) -> Any:  # noqa: ANN401
    return value["repeat"] * value["times"] if isinstance(value, dict) else value


def test_the_truth_is_that_of_the_default_release() -> None:
    assert TRUTH["recorded_from"] == f"litellm[proxy] {DEFAULT_RELEASE}"
    assert TRUTH["recorded_on"] == "2026-11-23"
    assert len({case["id"] for case in TRUTH["cases"]}) == len(TRUTH["cases"]) == 187


@pytest.mark.parametrize("case", TRUTH["cases"], ids=lambda case: case["id"])
def test_resolves_like_the_real_litellm(case: dict[str, Any]) -> None:
    session = resolve_session(
        [(name, expanded(value)) for name, value in case["headers"]],
        case["body"],
        path=case["path"],
        missing_session_id=case["missing_session_id"],
        request_correlation_in_logs=case["request_correlation_in_logs"],
    )

    assert session.session_id == expanded(case["session_id"])
    assert session.trace_id == expanded(case["trace_id"])
    assert session.rejected is case["rejected"]
