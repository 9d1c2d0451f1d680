"""With which LiteLLM release each rule came."""

import pytest

from fake_litellm._session import resolve_session

ZOO = "X-Zoo-Session-ID"
UUID = "11111111-2222-4333-8444-555555555555"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")
CODEX = ("User-Agent", "codex_cli_rs/0.50.0")


@pytest.mark.parametrize(
    ("litellm", "session_id"),
    [
        pytest.param("1.83.10", None, id="without"),
        pytest.param("1.83.11", UUID, id="first-with"),
        pytest.param("1.83.11rc1", UUID, id="its-candidate"),
        pytest.param("1.109.1", UUID, id="latest-measured"),
    ],
)
def test_the_vendor_rule_came_in_1_83_11(litellm: str, session_id: str | None) -> None:
    assert resolve_session([(ZOO, UUID)], litellm=litellm).session_id == session_id


@pytest.mark.parametrize(
    ("headers", "body", "before", "since"),
    [
        pytest.param([("x-litellm-trace-id", "t")], {}, "1.82.0", "1.82.1", id="explicit-trace"),
        pytest.param([("x-litellm-session-id", "s")], {}, "1.82.0", "1.82.1", id="explicit"),
        pytest.param([CODEX, ("session_id", UUID)], {}, "1.98.1", "1.99.0", id="codex"),
        pytest.param([("x-session-id", UUID)], {}, "1.100.5", "1.101.0", id="bare"),
        pytest.param([TRACEPARENT], {}, "1.97.0", "1.98.0", id="traceparent"),
        pytest.param([("baggage", "session.id=b")], {}, "1.97.0", "1.98.0", id="baggage"),
        pytest.param(
            [], {"metadata": {"user_id": "_session_a"}}, "1.93.2", "1.94.0", id="anthropic"
        ),
        pytest.param([], {"metadata": {"session_id": "m"}}, "1.82.0", "1.82.1", id="metadata"),
        pytest.param([], {"litellm_session_id": "b"}, "1.65.0", "1.70.0", id="root"),
    ],
)
def test_releases(headers: list[tuple[str, str]], body: object, before: str, since: str) -> None:
    assert resolve_session(headers, body, litellm=before).source is None
    assert resolve_session(headers, body, litellm=since).source is not None


@pytest.mark.parametrize(
    ("litellm", "message"),
    [
        pytest.param("1.106.x", "'1.106.x' .* Did you mean 1.106.2", id="close"),
        pytest.param("v1.83.11-stable", "Did you mean 1.83.11", id="image-tag"),
        pytest.param("latest", "expected a version such as 1.106.2", id="word"),
    ],
)
def test_a_bad_release_is_refused(litellm: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolve_session([], litellm=litellm)
