"""What is said about headers and fields that look like a session and are not taken for one."""

import pytest

from fake_litellm._session import resolve_session

ZOO = "X-Zoo-Session-ID"
UUID = "11111111-2222-4333-8444-555555555555"
TRACEPARENT = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("x-zoo-sessionid", "; did you mean `x-zoo-session-id`?", id="no-dash"),
        pytest.param("x-zoo-session_id", "; did you mean `x-zoo-session-id`?", id="underscore"),
        pytest.param("x_zoo_session_id", "; did you mean `x-zoo-session-id`?", id="underscores"),
        pytest.param("zoo-session-id", "; did you mean `x-zoo-session-id`?", id="no-x"),
        pytest.param("x-zoo-session-ids", "; did you mean `x-zoo-session-id`?", id="plural"),
        pytest.param("x-zoo-session-id-v2", "; did you mean `x-zoo-session-id`?", id="suffix"),
        pytest.param("x-zoo-sesion-id", "; did you mean `x-zoo-session-id`?", id="misspelt"),
        pytest.param("x-opencode-session", "; did you mean `x-opencode-session-id`?", id="no-id"),
        pytest.param("x-zoo-task-id", "", id="task"),
        pytest.param("x-zoo-conversation-id", "", id="conversation"),
        pytest.param("x--session-id", "", id="no-vendor"),
    ],
)
def test_names(name: str, hint: str) -> None:
    text = f"`{name}` is not of the form x-<vendor>-session-id{hint}"

    assert resolve_session([(name, UUID)]).near_misses == (text,)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(
            "task:1",
            "`task:1` holds `:`; LiteLLM accepts letters, digits, `-` and `_`, 8 or more",
            id="colon",
        ),
        pytest.param(
            "task 0001\t.",
            "`task 0001\\t.` holds a space and a tab and `.`; "
            "LiteLLM accepts letters, digits, `-` and `_`, 8 or more",
            id="blanks",
        ),
        pytest.param("short", "`short` is too short: 5 of at least 8 characters", id="short"),
        pytest.param(
            "null",
            "`null` is too short: 4 of at least 8 characters "
            "(it looks like a missing value turned into text)",
            id="null",
        ),
        pytest.param(
            "aaaa1111,bbbb2222",
            "`aaaa1111,bbbb2222` holds `,`; LiteLLM accepts letters, digits, `-` and `_`, "
            "8 or more (it looks like two header lines joined into one)",
            id="joined",
        ),
        pytest.param(
            "é" * 9000,
            f"`{'é' * 59}…` holds `é`; LiteLLM accepts letters, digits, `-` and `_`, 8 or more",
            id="huge",
        ),
    ],
)
def test_values(value: str, text: str) -> None:
    assert resolve_session([(ZOO, value)]).near_misses == (f"`x-zoo-session-id`: {text}",)


@pytest.mark.parametrize(
    "value", ["undefined", "--------", "00000000-0000-0000-0000-000000000000", "aaaaaaaaaaaa"]
)
def test_accepted_placeholders(value: str) -> None:
    text = f"`{value}` is accepted: all conversations would be merged"

    assert resolve_session([(ZOO, value)]).near_misses == (text,)


@pytest.mark.parametrize(
    ("headers", "texts"),
    [
        pytest.param([(ZOO, "")], ["`x-zoo-session-id` is empty"], id="empty"),
        pytest.param(
            [(ZOO, UUID), ("x-litellm-session-id", "s")],
            ["`x-zoo-session-id` ignored: `x-litellm-session-id` wins"],
            id="explicit-wins",
        ),
        pytest.param(
            [(ZOO, "task-0001"), (ZOO, "task-0002")],
            ["`x-zoo-session-id` is sent 2 times: the last line wins, `task-0002`"],
            id="repeated",
        ),
        pytest.param(
            [("session_id", UUID)],
            ["`session_id` is read from Codex only, by a user agent that starts with `codex`"],
            id="codex-only",
        ),
        pytest.param(
            [(ZOO, "short"), TRACEPARENT],
            [
                "`x-zoo-session-id`: `short` is too short: 5 of at least 8 characters",
                "grouped by the W3C trace id of `traceparent` instead of `x-zoo-session-id`",
            ],
            id="falls-through",
        ),
        pytest.param(
            [("traceparent", "00-x")],
            ["`traceparent`: `00-x` is not a W3C trace context"],
            id="bad-traceparent",
        ),
        pytest.param(
            [("baggage", "session.id=a%20b")],
            ["`baggage`: `a%20b` is stored as it is, neither decoded nor cut"],
            id="encoded-baggage",
        ),
        pytest.param([(ZOO, UUID), TRACEPARENT, ("x-request-id", "r")], [], id="nothing-to-say"),
    ],
)
def test_headers(headers: list[tuple[str, str]], texts: list[str]) -> None:
    assert list(resolve_session(headers).near_misses) == texts


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        pytest.param(
            {"session_id": "top"},
            ["`session_id` at the top of the body is not read; `litellm_session_id` is"],
            id="top-level",
        ),
        pytest.param(
            {"prompt_cache_key": "k"},
            ["`prompt_cache_key` at the top of the body is not read; `litellm_session_id` is"],
            id="prompt-cache-key",
        ),
        pytest.param(
            {"metadata": '{"session_id": "m"}'},
            ["`metadata` is a string: on this path LiteLLM reads an object only"],
            id="metadata-text",
        ),
        pytest.param(
            {"metadata": {"litellm_session_id": "m"}},
            ["`metadata.litellm_session_id` is not read; `metadata.session_id` is"],
            id="wrong-key",
        ),
        pytest.param(
            {"metadata": {"session_id": ""}}, ["`metadata.session_id` is empty"], id="empty"
        ),
        pytest.param(
            {"metadata": {"user_id": '{"session_id": "j"}'}},
            ['`metadata.user_id`: `{"session_id": "j"}` is not of the form ..._session_<id>'],
            id="user-id-json",
        ),
        pytest.param(
            {"litellm_session_id": "b", "metadata": {"session_id": "m"}},
            ["`metadata.session_id` ignored: `litellm_session_id` wins"],
            id="loser",
        ),
        pytest.param({"user": "u", "metadata": {"team": "t"}}, [], id="nothing-to-say"),
    ],
)
def test_bodies(body: object, texts: list[str]) -> None:
    assert list(resolve_session([], body).near_misses) == texts


@pytest.mark.parametrize(
    ("name", "litellm", "text"),
    [
        pytest.param(
            "x-zoo-session-id",
            "1.83.10",
            "x-<vendor>-session-id is read from LiteLLM 1.83.11 on; this is 1.83.10",
            id="vendor",
        ),
        pytest.param(
            "x-session-id",
            "1.100.5",
            "x-session-id is read from LiteLLM 1.101.0 on; this is 1.100.5",
            id="bare",
        ),
        pytest.param(
            "x-litellm-session-id",
            "1.82.0",
            "x-litellm-session-id is read from LiteLLM 1.82.1 on; this is 1.82.0, "
            "which hands it to callbacks without grouping by it",
            id="explicit",
        ),
    ],
)
def test_releases(name: str, litellm: str, text: str) -> None:
    session = resolve_session([(name, UUID)], litellm=litellm)

    assert session.near_misses == (f"`{name}` ignored: {text}",)


@pytest.mark.parametrize("mode", ["reject", "omit"])
def test_a_trace_is_not_enough_for_a_mode(mode: str) -> None:
    session = resolve_session([TRACEPARENT], missing_session_id=mode)

    assert session.near_misses == (f"`traceparent` is not enough for `missing_session_id: {mode}`",)


def test_a_trace_groups_nothing_under_omit() -> None:
    session = resolve_session([(ZOO, "short"), TRACEPARENT], missing_session_id="omit")

    assert session.near_misses == (
        "`x-zoo-session-id`: `short` is too short: 5 of at least 8 characters",
        "`traceparent` is not enough for `missing_session_id: omit`",
    )


def test_a_body_session_does_not_group_under_correlation() -> None:
    session = resolve_session([], {"litellm_session_id": "b"}, request_correlation_in_logs=True)

    assert session.near_misses == (
        "`litellm_session_id` does not group with `request_correlation_in_logs`; a header does",
    )
