"""The rules one by one: which header or body field names the session."""

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


@pytest.mark.parametrize(
    ("body", "session_id", "source"),
    [
        pytest.param({"litellm_session_id": "b"}, "b", "litellm_session_id", id="root"),
        pytest.param({"litellm_session_id": 42}, "42", "litellm_session_id", id="root-number"),
        pytest.param(
            {"litellm_session_id": "b", "metadata": {"session_id": "m"}},
            "b",
            "litellm_session_id",
            id="root-over-metadata",
        ),
        pytest.param(
            {"litellm_session_id": None, "metadata": {"session_id": "m"}},
            "m",
            "metadata.session_id",
            id="root-null",
        ),
        pytest.param(
            {"litellm_session_id": "", "metadata": {"session_id": "m"}}, None, None, id="root-empty"
        ),
        pytest.param(
            {"metadata": {"session_id": "m", "trace_id": "t"}},
            "m",
            "metadata.session_id",
            id="meta",
        ),
        pytest.param({"metadata": {"session_id": 12345}}, "12345", "metadata.session_id", id="int"),
        pytest.param(
            {"metadata": {"trace_id": "t"}, "litellm_trace_id": "r"},
            "t",
            "metadata.trace_id",
            id="meta-trace",
        ),
        pytest.param({"litellm_trace_id": "r"}, "r", "litellm_trace_id", id="root-trace"),
        pytest.param(
            {"litellm_metadata": {"session_id": "l"}},
            "l",
            "litellm_metadata.session_id",
            id="litellm-metadata",
        ),
        pytest.param(
            {"metadata": {"session_id": "m"}, "litellm_metadata": {"session_id": "l"}},
            "m",
            "metadata.session_id",
            id="metadata-over-litellm-metadata",
        ),
        pytest.param(
            {"metadata": {"user_id": "user_a_session_b_session_ab"}, "litellm_session_id": "b"},
            "ab",
            "metadata.user_id",
            id="user-id-over-root",
        ),
        pytest.param(
            {"metadata": {"user_id": {"session_id": "json"}}}, "json", "metadata.user_id", id="dict"
        ),
        pytest.param({"metadata": {"user_id": "user_session_a:b"}}, None, None, id="user-id-colon"),
        pytest.param({"metadata": {"user_id": "user_session_ab\n"}}, None, None, id="user-id-line"),
        pytest.param({"metadata": '{"session_id": "m"}'}, None, None, id="metadata-text"),
        pytest.param(
            {"litellm_metadata": '{"session_id": "l"}'},
            "l",
            "litellm_metadata.session_id",
            id="litellm-metadata-text",
        ),
        pytest.param({"session_id": "top", "user": "u"}, None, None, id="unread-fields"),
    ],
)
def test_bodies(body: object, session_id: str | None, source: str | None) -> None:
    session = resolve_session([], body)

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


def test_metadata_as_text_is_read_on_the_messages_path() -> None:
    body = {"metadata": '{"session_id": "m"}'}

    assert resolve_session([], body, path="/v1/messages").session_id == "m"


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


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="array"),
        pytest.param("text", id="text"),
        pytest.param(7, id="number"),
        pytest.param({"metadata": []}, id="metadata-array"),
        pytest.param({"metadata": {"user_id": [1]}}, id="user-id-array"),
        pytest.param({"litellm_metadata": "{" * 100_000}, id="metadata-not-json"),
        pytest.param({"litellm_metadata": "[" * 100_000}, id="metadata-nested-too-deep"),
    ],
)
def test_odd_bodies_have_no_session(body: object) -> None:
    assert resolve_session([], body).session_id is None


def test_odd_values_do_not_raise() -> None:
    assert resolve_session([], {"litellm_session_id": 10**5000}).session_id == "<int>"
    assert resolve_session([("", ""), ("\x00", "\x00" * 100_000)]).session_id is None


def test_the_session_is_a_value() -> None:
    expected = Session(UUID, UUID, "x-zoo-session-id", rejected=False, near_misses=())

    assert resolve_session([(ZOO, UUID)]) == expected


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


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'generate', 'reject', 'omit' or None.* 'reject'"):
        resolve_session([], missing_session_id="rejct")
