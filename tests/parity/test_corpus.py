from __future__ import annotations

import json

import pytest

from parity import _corpus


def request_of(case_id: str) -> bytes:
    return next(case.request for case in _corpus.load() if case.id == case_id)


@pytest.mark.parametrize(
    ("case_id", "part"),
    [
        pytest.param("chat/header-zoo-odd-case", b"x-ZOO-session-ID:task-12345678", id="odd case"),
        pytest.param(
            "chat/header-duplicates",
            b"X-Zoo-Session-ID: first-1111\r\nx-zoo-session-id: second-2222\r\n",
            id="duplicates",
        ),
        pytest.param("bodies/body-bad-utf8", b"\xff\xfe", id="bytes that are no UTF-8"),
        pytest.param("raw/lf-only", b"HTTP/1.1\nx-parity-case: raw/lf-only\n", id="raw bytes"),
        pytest.param("chat/http-1.0", b"POST /v1/chat/completions HTTP/1.0\r\n", id="version"),
        pytest.param("sessions/default-more-70k", b"a" * 70000 + b"\r\n", id="long value"),
    ],
)
def test_sends_the_bytes_that_the_corpus_says(case_id: str, part: bytes) -> None:
    assert part in request_of(case_id)


def test_leaves_out_what_a_case_is_without() -> None:
    assert b"Authorization" not in request_of("auth/none")
    assert b"Content-Length" not in request_of("bodies/no-length")


def test_a_body_is_the_least_one_with_the_changes_of_the_case() -> None:
    body = json.loads(request_of("chat/n-2").partition(b"\r\n\r\n")[2])

    assert body == _corpus.base_body("/v1/chat/completions") | {"n": 2}


def test_two_cases_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _corpus.Case(id="sessions/a", setup="default", request=b"", aspects="session")
    monkeypatch.setattr(_corpus, "_session_cases", lambda: [case, case])

    with pytest.raises(ValueError, match="sessions/a: the id is used twice"):
        _corpus.load()
