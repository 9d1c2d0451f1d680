"""The rules one by one: which body field names the session."""

import pytest

from fake_litellm._session import resolve_session


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


def test_metadata_as_text_is_read_on_the_messages_path() -> None:
    body = {"metadata": '{"session_id": "m"}'}

    assert resolve_session([], body, path="/v1/messages").session_id == "m"


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
