from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._checks import CHECKS
from litellm_contracts._observation import Outcome, observe
from litellm_contracts._profile import ZOO

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import RecordedRequest
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    Asked = Callable[..., Observation]
    MakeCall = Callable[..., Call]
    Sent = Callable[..., RecordedRequest]

ID = "task-0001"
KEY = "sk-secret"
LONG = "0123456789abcdef"
HEADER = ("X-Zoo-Session-ID", ID)
ALL = ["id-in-url", "id-in-body", "id-in-other-headers", "id-in-side-requests", "api-key"]


def judge(check: str, call: Call, *requests: RecordedRequest, **given: Any) -> list[Finding]:  # noqa: ANN401
    """Judge a call by its requests."""
    observation = observe([Outcome(call=call, proxy="127.0.0.1", **given)], requests, KEY)
    return list(CHECKS[check](observation, ZOO))


@pytest.mark.parametrize("check", ALL)
def test_an_id_in_its_header_and_a_key_in_its_own_are_right(
    message: MakeCall, sent: Sent, check: str
) -> None:
    models = sent("", path="/v1/models")
    assert judge(check, message(), models, sent("ask", HEADER, ("x-api-key", KEY))) == []


@pytest.mark.parametrize("task_id", [None, "", " ", 5])
@pytest.mark.parametrize("check", ALL)
def test_without_a_task_id_nothing_leaks(
    message: MakeCall, sent: Sent, check: str, task_id: object
) -> None:
    assert judge(check, message("ask", task_id), sent("ask", path="/v1/ 5"), sent("")) == []


@pytest.mark.parametrize(
    ("check", "request_", "told", "marks"),
    [
        pytest.param(
            "id-in-url", {"query": f"id={ID}"}, f"in its URL: /v1/chat/completions?id={ID}", (),
            id="query",
        ),
        pytest.param(
            "id-in-url", {"path": "/v1/task%2D0001"}, "in its URL: /v1/task-0001?", (),
            id="quoted path",
        ),
        pytest.param(
            "id-in-body", {"body": b'{"user": "task-0001"} [ask]'}, "the task id in its body", (),
            id="body",
        ),
        pytest.param(
            "id-in-body", {"body": b"\xff task-0001 [ask]"}, "the task id in its body", (),
            id="body that is no text",
        ),
        pytest.param(
            "id-in-other-headers", {"headers": [HEADER, ("X-Trace", f"a-{ID}-b")]},
            "has the task id in the header X-Trace", (1,), id="another header",
        ),
        pytest.param(
            "api-key", {"query": f"key={KEY}"}, "holds the API key outside", (), id="key in query"
        ),
        pytest.param(
            "api-key", {"body": b'{"user": "sk-secret"} [ask]'}, "holds the API key", (),
            id="key in body",
        ),
        pytest.param(
            "api-key", {"headers": [("Authorization", f"Bearer {KEY}"), ("X-Mine", KEY)]},
            "holds the API key outside its header", (1,), id="key in another header",
        ),
    ],
)  # fmt: skip
def test_a_leak_in_a_request_is_found(  # noqa: PLR0913
    message: MakeCall,
    sent: Sent,
    *,
    check: str,
    request_: dict[str, Any],
    told: str,
    marks: tuple[int, ...],
) -> None:
    [finding] = judge(check, message(), replace(sent("ask"), json=None, **request_))
    assert finding.message.startswith("request 1 ")
    assert told in finding.message
    assert (finding.call, finding.request, finding.marks) == ("ask", 1, marks)


@pytest.mark.parametrize(
    ("check", "request_"),
    [
        pytest.param("id-in-url", {"query": f"id={ID}"}, id="query"),
        pytest.param("id-in-body", {"body": ID.encode()}, id="body"),
        pytest.param("id-in-other-headers", {"headers": [("X-Trace", ID)]}, id="another header"),
        pytest.param("api-key", {"body": KEY.encode()}, id="key"),
    ],
)
def test_a_leak_in_a_request_of_no_call_is_found(
    message: MakeCall, sent: Sent, check: str, request_: dict[str, Any]
) -> None:
    [finding] = judge(check, message(), replace(sent(""), **request_))
    assert (finding.call, finding.request) == (None, 1)


def test_a_key_in_the_log_is_found_once(message: MakeCall) -> None:
    shown = (("ask", f"failed: Bearer {KEY}"), ("ask", f"and again: {KEY}"))
    observation = replace(
        observe([Outcome(call=message(), proxy="127.0.0.1")], [], KEY), logged=shown
    )
    [finding] = CHECKS["api-key"](observation, ZOO)
    assert finding.message == "a log message shows the API key: failed: Bearer [redacted]"
    assert finding.call == "ask"


def test_a_key_that_is_taken_to_another_server_is_found(message: MakeCall, sent: Sent) -> None:
    picture = replace(
        sent("", path="/picture.png"),
        headers=[("Host", "localhost:80"), ("Authorization", f"Bearer {KEY}")],
    )
    [finding] = judge("api-key", message(), sent("ask"), picture)
    assert finding.message == (
        "request 2, for 127.0.0.1:80/picture.png, takes the API key to a server that is none of "
        "the handler's"
    )
    assert (finding.call, finding.request, finding.marks) == (None, 2, (1,))
    below = observe([Outcome(call=message(), proxy="127.0.0.1:80/below")], [picture], KEY)
    assert list(CHECKS["api-key"](below, ZOO)) == []
    without_key = replace(picture, headers=picture.headers[:1])
    assert judge("api-key", message(), sent("ask"), without_key) == []


def test_an_id_in_a_request_of_no_call_is_found(message: MakeCall, sent: Sent) -> None:
    models = sent("", HEADER, path="/v1/models")
    models = replace(models, head=f"GET /v1/models\r\nX-Zoo-Session-ID: {ID}".encode())
    [finding] = judge("id-in-side-requests", message(), models, sent("ask", HEADER))
    assert finding.message == (
        "request 1, for /v1/models, is no turn of a conversation and holds the task id"
    )
    assert (finding.call, finding.request, finding.marks) == (None, 1, (2,))


def test_an_id_in_a_request_that_broke_off_is_left_alone(message: MakeCall, sent: Sent) -> None:
    head = f"POST /v1/chat/completions\r\nX-Zoo-Session-ID: {ID}".encode()
    broken = replace(sent("", HEADER), head=head, body=b"", malformed="the body is missing")
    assert judge("id-in-side-requests", message(), broken, sent("ask", HEADER)) == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"error": f"AuthenticationError: {KEY}"}, id="error"),
        pytest.param({"chunks": [{"type": "text", "text": KEY}]}, id="chunk"),
        pytest.param({"text": KEY}, id="text"),
        pytest.param({"error": "ValueError: no", "told": f"Note: {KEY}"}, id="note"),
    ],
)
def test_a_key_that_the_caller_sees_is_found(
    message: MakeCall, sent: Sent, given: dict[str, Any]
) -> None:
    [finding] = judge("api-key", message(judged=False), sent("ask"), **given)
    assert "ask shows the API key to its caller" in finding.message
    assert KEY not in finding.message
    assert (finding.call, finding.request) == ("ask", None)


OTHERS = "session.id=task-0000"


@pytest.mark.parametrize(
    ("headers", "body", "where", "marks"),
    [
        pytest.param([HEADER, ("baggage", OTHERS)], {}, "baggage", (3,), id="a header"),
        pytest.param([HEADER], {"user": OTHERS}, "its URL or body", (), id="the body"),
        pytest.param([HEADER], {"cache": "TASK0000"}, "its URL or body", (), id="without dashes"),
    ],
)
def test_an_id_of_another_call_is_found(
    asked: Asked,
    headers: list[tuple[str, str]],
    body: dict[str, Any],
    where: str,
    marks: tuple[int, ...],
) -> None:
    [finding] = CHECKS["id-of-others"](asked(headers, body), ZOO)
    assert finding.message == (
        "request 1, of create_message (ask), holds the task id of another call in "
        f"{where}: task-0000"
    )
    assert finding.marks == marks


def test_an_id_of_another_call_is_found_beside_what_may_be_sent(
    message: MakeCall, sent: Sent
) -> None:
    metadata = {"task_id": ID, "parent": "task-0000"}
    calls = [message("parent", "task-0000"), message("ask", metadata=metadata)]
    outcomes = [Outcome(call=call) for call in [*calls, message("other", "task-0002")]]
    url = replace(sent("ask"), query="task-0000,task-0002", body=b"\xff")
    models = sent("", path="/v1/models")
    [finding] = CHECKS["id-of-others"](observe(outcomes, [models, url]), ZOO)
    assert finding.message.endswith("of another call in its URL or body: task-0002")


@pytest.mark.parametrize(
    ("headers", "metadata"),
    [
        pytest.param([HEADER, ("x-request-id", f"{ID}-1")], {}, id="its own"),
        pytest.param([("X-Zoo-Session-ID", "task-0000")], {}, id="judged by header"),
        pytest.param([HEADER, ("x-parent", "task-0000")], {"parent": "task-0000"}, id="given"),
    ],
)
def test_other_ids_are_not_of_another_call(
    asked: Asked, message: MakeCall, headers: list[tuple[str, str]], metadata: dict[str, Any]
) -> None:
    call = message("ask", metadata={"task_id": ID, **metadata})
    assert list(CHECKS["id-of-others"](asked(headers, call=call), ZOO)) == []


def test_an_id_in_a_call_that_is_not_judged_is_left_alone(asked: Asked, message: MakeCall) -> None:
    observation = asked([("baggage", OTHERS)], call=message("ask", judged=False))
    assert list(CHECKS["id-of-others"](observation, ZOO)) == []


@pytest.mark.parametrize(
    ("host", "key", "found"),
    [
        pytest.param("127.0.0.1", KEY, [], id="its own proxy"),
        pytest.param("other", "another", [], id="elsewhere without the key"),
        pytest.param("other", KEY, [("request 1 took the API key to other", (1,))], id="elsewhere"),
    ],
)
def test_a_key_that_is_taken_elsewhere_is_found(
    message: MakeCall, sent: Sent, host: str, key: str, found: list[tuple[str, tuple[int, ...]]]
) -> None:
    lines = [("Host", host), ("Authorization", f"Bearer {key}")]
    request = replace(sent("ask"), headers=lines)
    outcome = Outcome(call=message(), api_key=KEY, proxy="127.0.0.1/below")
    findings = CHECKS["key-elsewhere"](observe([outcome], [request]), ZOO)
    assert [(one.message.partition(";")[0], one.marks) for one in findings] == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param(f"no: sk-contract-{LONG}", ["shows the API key"], id="whole"),
        pytest.param(f"no: {LONG[:12]}****", ["shows most of the API key"], id="its beginning"),
        pytest.param(f"no: ****{LONG[4:]}", ["shows most of the API key"], id="its end"),
        pytest.param(f"no: sk-contract-{LONG[:11]}...", [], id="less of it"),
    ],
)
def test_most_of_a_key_is_as_good_as_the_key(
    message: MakeCall, told: str, found: list[str]
) -> None:
    outcome = Outcome(call=message(), told=told)
    findings = CHECKS["api-key"](observe([outcome], [], f"sk-contract-{LONG}"), ZOO)
    assert [one.message for one in findings] == [
        f"ask {one} to its caller: [redacted]" for one in found
    ]
