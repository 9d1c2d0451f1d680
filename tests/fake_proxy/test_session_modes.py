"""What the settings `missing_session_id` and `request_correlation_in_logs` change."""

import pytest

from fake_litellm._session import resolve_session

ZOO = "X-Zoo-Session-ID"
UUID = "11111111-2222-4333-8444-555555555555"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")


@pytest.mark.parametrize(
    ("headers", "body", "rejected"),
    [
        pytest.param([(ZOO, UUID)], {}, False, id="vendor"),
        pytest.param([(ZOO, "bad")], {}, True, id="bad-vendor"),
        pytest.param([], {}, True, id="nothing"),
        pytest.param([], {"litellm_session_id": "b"}, False, id="root"),
        pytest.param([], {"metadata": {"session_id": "m"}}, False, id="metadata"),
        pytest.param([], {"metadata": {"session_id": 12345}}, True, id="metadata-number"),
        pytest.param([], {"litellm_metadata": {"session_id": "l"}}, True, id="litellm-metadata"),
        pytest.param([("baggage", "session.id=b")], {}, False, id="baggage"),
        pytest.param([TRACEPARENT], {}, True, id="traceparent"),
        pytest.param([], {"litellm_trace_id": "r"}, True, id="root-trace"),
        pytest.param([], {"metadata": {"trace_id": "t"}}, True, id="metadata-trace"),
    ],
)
def test_reject(headers: list[tuple[str, str]], body: object, *, rejected: bool) -> None:
    session = resolve_session(headers, body, missing_session_id="reject")

    assert session.rejected is rejected
    assert (session.session_id is None) is rejected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1/models",
        "/models/gpt-4o",
        "/v1/model/info",
        "/model_group/info",
        "/health/liveliness",
        "/utils/token_counter",
        "/v1/messages/count_tokens",
        "/v1/responses/input_tokens",
        "/v1beta/models/m:countTokens",
        "/api/event_logging/batch",
    ],
)
def test_reject_exempts_paths_without_a_session(path: str) -> None:
    assert not resolve_session([], path=path, missing_session_id="reject").rejected


@pytest.mark.parametrize(
    "path", ["/v1beta/models/m:generateContent", "/models/m:streamGenerateContent"]
)
def test_reject_holds_for_geminis_routes(path: str) -> None:
    assert resolve_session([], path=path, missing_session_id="reject").rejected


def test_reject_is_unknown_before_1_101_0() -> None:
    assert not resolve_session([], litellm="1.100.5", missing_session_id="reject").rejected


@pytest.mark.parametrize(
    ("mode", "body", "session_id", "trace_id"),
    [
        pytest.param("generate", {"litellm_trace_id": "r"}, "r", "r", id="generate-from-trace"),
        pytest.param(
            "generate", {"metadata": {"trace_id": "t"}}, "t", "t", id="generate-from-meta"
        ),
        pytest.param(
            "generate",
            {"litellm_trace_id": "r", "metadata": {"trace_id": "t"}},
            "r",
            "r",
            id="generate-prefers-root",
        ),
        pytest.param(
            "generate", {"metadata": {"session_id": 12345}}, None, None, id="generate-over-number"
        ),
        pytest.param(
            "generate",
            {"litellm_session_id": "", "metadata": {"session_id": "m"}},
            "m",
            "m",
            id="generate-mends-the-empty-root",
        ),
        pytest.param(
            "generate",
            {"litellm_metadata": {"trace_id": "l"}},
            None,
            None,
            id="generate-overlooks-litellm-metadata",
        ),
        pytest.param(
            "reject",
            {"litellm_session_id": 0, "metadata": {"session_id": "m"}},
            "m",
            "m",
            id="reject-mends-the-empty-root",
        ),
        pytest.param("omit", {"litellm_trace_id": "r"}, None, "r", id="omit-stores-no-trace"),
        pytest.param(
            "omit",
            {"litellm_session_id": "b", "litellm_metadata": {"session_id": "l"}},
            "b",
            "b",
            id="omit-copies-root-first",
        ),
        pytest.param(
            "omit", {"metadata": {"session_id": 12345}}, "12345", "12345", id="omit-number"
        ),
        pytest.param(
            "omit",
            {"litellm_session_id": "b", "metadata": {"session_id": "m"}},
            "m",
            "b",
            id="omit-prefers-metadata",
        ),
        pytest.param("omit", {"litellm_session_id": "b"}, "b", "b", id="omit-takes-root"),
    ],
)
def test_modes(mode: str, body: object, session_id: str | None, trace_id: str | None) -> None:
    session = resolve_session([], body, missing_session_id=mode)

    assert (session.session_id, session.trace_id) == (session_id, trace_id)


@pytest.mark.parametrize(
    ("headers", "body", "session_id"),
    [
        pytest.param([(ZOO, UUID)], {}, UUID, id="header"),
        pytest.param([], {"metadata": {"session_id": "m"}}, None, id="metadata"),
        pytest.param([], {"litellm_session_id": "b"}, None, id="root"),
        pytest.param([("baggage", "session.id=b")], {}, None, id="baggage"),
        pytest.param([TRACEPARENT], {"metadata": {"session_id": "m"}}, TRACE, id="traceparent"),
        pytest.param([TRACEPARENT], {"metadata": {"trace_id": TRACE}}, TRACE, id="same-trace"),
    ],
)
def test_correlation_groups_by_trace(
    headers: list[tuple[str, str]], body: object, session_id: str | None
) -> None:
    session = resolve_session(headers, body, request_correlation_in_logs=True)

    assert session.session_id == session_id


def test_correlation_does_nothing_before_1_98_0() -> None:
    session = resolve_session(
        [], {"litellm_session_id": "b"}, litellm="1.97.0", request_correlation_in_logs=True
    )

    assert session.session_id == "b"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'generate', 'reject', 'omit' or None.* 'reject'"):
        resolve_session([], missing_session_id="rejct")
