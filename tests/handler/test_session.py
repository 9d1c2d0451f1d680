from __future__ import annotations

import pytest

from litellm_handler._session import RULE, session_headers

HEADER = "X-Zoo-Session-ID"


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="no metadata"),
        pytest.param({}, id="no task id"),
        pytest.param({"mode": "code"}, id="other keys only"),
        pytest.param({"task_id": None}, id="None"),
        pytest.param({"task_id": ""}, id="empty"),
    ],
)
def test_no_header_without_a_task_id(metadata: dict[str, object] | None) -> None:
    assert session_headers(HEADER, metadata) == {}


@pytest.mark.parametrize(
    "task_id",
    [
        pytest.param("0190163d-8694-739b-aea5-966c26f8ad91", id="uuid7"),
        pytest.param("01J1B1D9VTXK8R4JWZ0S9QZ6QX", id="ulid"),
        pytest.param("V1StGXR8_Z5jdHi6B-myT", id="nanoid"),
        pytest.param("12345678", id="the shortest"),
        pytest.param("a" * 10_000, id="long"),
    ],
)
def test_a_task_id_is_sent_as_it_is(task_id: str, caplog: pytest.LogCaptureFixture) -> None:
    assert session_headers(HEADER, {"task_id": task_id}) == {HEADER: task_id}
    assert caplog.messages == []


@pytest.mark.parametrize(
    "task_id",
    [
        pytest.param("short", id="short"),
        pytest.param("1234567", id="one too short"),
        pytest.param("task:00000001", id="colon"),
        pytest.param("task-0001:1", id="colon after a good start"),
        pytest.param("task 00000001", id="inner space"),
    ],
)
def test_a_task_id_that_litellm_ignores_is_sent_with_a_warning(
    task_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert session_headers(HEADER, {"task_id": task_id}) == {HEADER: task_id}
    (warning,) = caplog.records
    assert (warning.name, warning.levelname) == ("litellm_handler", "WARNING")
    assert HEADER in warning.getMessage()
    assert repr(task_id) in warning.getMessage()


@pytest.mark.parametrize(
    ("task_id", "place"),
    [
        pytest.param("task-0001\r\nX-Evil: 1", r"'\r' at position 9", id="CR LF"),
        pytest.param("task-0001\n", r"'\n' at position 9", id="trailing LF"),
        pytest.param("task-\x000001", r"'\x00' at position 5", id="NUL"),
        pytest.param("task-\x7f0001", r"'\x7f' at position 5", id="DEL"),
        pytest.param("task-\t0001", r"'\t' at position 5", id="tab"),
        pytest.param("aufgabe-ä001", "'ä' at position 8", id="latin-1"),
        pytest.param("任务-00000001", "'任' at position 0", id="CJK"),
        pytest.param(" task-0001", "' ' at position 0", id="leading space"),
        pytest.param("task-0001 ", "' ' at position 9", id="trailing space"),
        pytest.param("   ", "' ' at position 0", id="blank"),
    ],
)
def test_a_task_id_that_is_no_header_value_is_refused(task_id: str, place: str) -> None:
    with pytest.raises(ValueError, match=r"^a task_id is sent as an HTTP header") as refusal:
        session_headers(HEADER, {"task_id": task_id})
    assert place in str(refusal.value)


@pytest.mark.parametrize(
    ("task_id", "kind"),
    [
        pytest.param(12345678, "int", id="int"),
        pytest.param(0, "int", id="zero"),
        pytest.param(b"task-0001", "bytes", id="bytes"),
        pytest.param(["task-0001"], "list", id="list"),
    ],
)
def test_a_task_id_that_is_not_a_string_is_refused(task_id: object, kind: str) -> None:
    with pytest.raises(ValueError, match=f"got a {kind}, not a string"):
        session_headers(HEADER, {"task_id": task_id})


def test_a_refusal_shows_only_the_place_that_is_wrong() -> None:
    with pytest.raises(ValueError, match="position 5000") as refusal:
        session_headers(HEADER, {"task_id": "a" * 5_000 + "\n" + "b" * 5_000})
    assert str(refusal.value) == (
        f"{RULE}; got '\\n' at position 5000, near 'aaaaaaaaaaaa\\nbbbbbbbbbbb'"
    )
