"""The rules one by one: which header names the session."""

import pytest

from fake_litellm._session import Session, resolve_session

ZOO = "X-Zoo-Session-ID"
UUID = "11111111-2222-4333-8444-555555555555"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")
CODEX = ("User-Agent", "codex_cli_rs/0.50.0")


@pytest.mark.parametrize(
    ("headers", "session_id", "source"),
    [
        pytest.param([(ZOO, UUID)], UUID, "x-zoo-session-id", id="vendor"),
        pytest.param([(ZOO, "12345678")], "12345678", "x-zoo-session-id", id="eight"),
        pytest.param([(ZOO, "1234567")], None, None, id="seven"),
        pytest.param([(ZOO, " \ttask-0001\t ")], "task-0001", "x-zoo-session-id", id="trimmed"),
        pytest.param([(ZOO, "task-0001\n")], None, None, id="trailing-newline"),
        pytest.param([(ZOO, "task-0001\xa0")], None, None, id="no-break-space-is-not-trimmed"),
        pytest.param([(ZOO, "taské0001")], None, None, id="non-ascii"),
        pytest.param([("x-zoo.code-session-id", UUID)], UUID, "x-zoo.code-session-id", id="dot"),
        pytest.param([("x--session-id", UUID)], None, None, id="no-vendor"),
        pytest.param([("xx-zoo-session-id", UUID)], None, None, id="not-x"),
        pytest.param(
            [("x-zzz-session-id", "zzzz-2222"), ("x-aaa-session-id", "aaaa-1111")],
            "zzzz-2222",
            "x-zzz-session-id",
            id="first-vendor-on-the-wire",
        ),
        pytest.param(
            [("x-zzz-session-id", "bad"), ("x-aaa-session-id", "aaaa-1111")],
            "aaaa-1111",
            "x-aaa-session-id",
            id="first-valid-vendor",
        ),
        pytest.param(
            [(ZOO, "first-1111"), ("X-ZOO-SESSION-ID", "second-222")],
            "second-222",
            "x-zoo-session-id",
            id="last-line-of-one-name",
        ),
        pytest.param([(ZOO, "first-1111"), (ZOO, "bad")], None, None, id="last-line-is-bad"),
        pytest.param(
            [(ZOO, "zoo-1111"), ("x-aaa-session-id", "aaaa-1111"), (ZOO, "zoo-2222")],
            "zoo-2222",
            "x-zoo-session-id",
            id="repeated-name-keeps-its-place",
        ),
        pytest.param(
            [(ZOO, UUID), ("x-litellm-session-id", "s")], "s", "x-litellm-session-id", id="explicit"
        ),
        pytest.param(
            [("x-litellm-session-id", "s"), ("X-LiteLLM-Trace-Id", "t:1")],
            "t:1",
            "x-litellm-trace-id",
            id="explicit-trace-first",
        ),
        pytest.param(
            [("x-litellm-session-id", " "), (ZOO, UUID)],
            UUID,
            "x-zoo-session-id",
            id="explicit-but-blank",
        ),
        pytest.param([CODEX, ("session_id", UUID)], UUID, "session_id", id="codex"),
        pytest.param(
            [CODEX, ("conversation_id", UUID), ("thread-id", "thread-11"), ("session-id", "bad")],
            "thread-11",
            "thread-id",
            id="codex-order",
        ),
        pytest.param([("session_id", UUID)], None, None, id="codex-header-of-another-client"),
        pytest.param(
            [("user-agent", "codexfoo/1"), ("session-id", UUID)], None, None, id="not-quite-codex"
        ),
        pytest.param([("X-Session-Id", UUID)], UUID, "x-session-id", id="bare"),
        pytest.param(
            [("X-Session-Id", UUID), ("x-parent-session-id", "parent-222")],
            "parent-222",
            "x-parent-session-id",
            id="vendor-over-bare",
        ),
        pytest.param(
            [("X-Session-Id", UUID), (ZOO, "bad")], UUID, "x-session-id", id="bad-vendor-to-bare"
        ),
        pytest.param([TRACEPARENT], TRACE, "traceparent", id="traceparent"),
        pytest.param(
            [("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01")], None, None, id="zero-trace"
        ),
        pytest.param([("traceparent", f"{TRACEPARENT[1]}-x")], None, None, id="long-traceparent"),
        pytest.param([TRACEPARENT, (ZOO, "bad")], TRACE, "traceparent", id="bad-vendor-to-trace"),
        pytest.param(
            [("baggage", "a=b, session.id = bag;x=1 ,session.id=c"), TRACEPARENT],
            "bag;x=1",
            "baggage",
            id="baggage",
        ),
        pytest.param([], None, None, id="nothing"),
    ],
)
def test_headers(
    headers: list[tuple[str, str]], session_id: str | None, source: str | None
) -> None:
    session = resolve_session(headers)

    assert (session.session_id, session.trace_id, session.source) == (
        session_id,
        session_id,
        source,
    )


def test_a_header_overrides_every_body_field() -> None:
    body = {
        "litellm_session_id": "b",
        "litellm_trace_id": "t",
        "metadata": {"user_id": "_session_a"},
    }

    session = resolve_session([(ZOO, UUID)], body)

    assert (session.session_id, session.trace_id) == (UUID, UUID)


def test_the_session_is_a_value() -> None:
    expected = Session(UUID, UUID, "x-zoo-session-id", rejected=False, near_misses=())

    assert resolve_session([(ZOO, UUID)]) == expected
