from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Gate, Journal, JournalBoundsError, RecordedRequest, Reply, resolve_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

THREADS = 16
EACH = 12


def record(path: str = "/") -> RecordedRequest:
    return RecordedRequest(
        method="GET",
        path=path,
        query="",
        headers=[("A", "1"), ("a", "2"), ("B", "3")],
        body=b"",
        json={"key": "value"},
        received_at=1.5,
        status=None,
        session=resolve_session([("X-Zoo-Session-ID", "short")]),
    )


@pytest.fixture
def journal() -> Journal:
    filled = Journal()
    for path in ("/0", "/1", "/2", "/3"):
        filled.append(record(path))
    return filled


def paths(records: Any) -> list[str]:  # noqa: ANN401
    return [one.path for one in records]


def test_is_a_sequence(journal: Journal) -> None:
    assert len(journal) == 4
    assert paths(journal) == ["/0", "/1", "/2", "/3"]
    assert journal[0].path == "/0"
    assert journal[-1].path == "/3"
    assert paths(reversed(journal)) == ["/3", "/2", "/1", "/0"]
    assert journal[1] in journal
    assert repr(journal).startswith("Journal([RecordedRequest(method='GET', path='/0'")


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        pytest.param({"most_requests": 3}, ["/3", "/4", "/5"], id="count"),
        pytest.param({"most_bytes": 250}, ["/4", "/5"], id="bytes"),
        pytest.param({"most_requests": 1, "most_bytes": 1}, ["/5"], id="never the newest"),
    ],
)
def test_drops_the_oldest_beyond_its_bounds(bounds: dict[str, int], kept: list[str]) -> None:
    journal = Journal(**bounds)
    for number in range(6):
        journal.append(replace(record(f"/{number}"), head=b"h" * 60, body=b"b" * 40))
    assert paths(journal) == kept
    assert journal.dropped == 6 - len(kept)
    assert journal.wait_for(6, seconds=0)
    journal.clear()
    assert (len(journal), journal.dropped) == (0, 0)


def test_a_reader_is_not_disturbed_by_what_is_dropped() -> None:
    journal = Journal(most_requests=2)
    journal.append(record("/0"))
    journal.append(record("/1"))
    reader = iter(journal)
    journal.append(record("/2"))
    assert paths(reader) == ["/0", "/1"]


@pytest.mark.parametrize("bounds", [(0, 1), (1, 0), (-1, 1)])
def test_bounds_leave_room_for_one(bounds: tuple[int, int]) -> None:
    with pytest.raises(JournalBoundsError, match="keeps at least 1 request and 1 byte, not"):
        Journal(*bounds)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        pytest.param(slice(1, 3), ["/1", "/2"], id="middle"),
        pytest.param(slice(-2, None), ["/2", "/3"], id="last"),
        pytest.param(slice(None, None, 2), ["/0", "/2"], id="every second"),
        pytest.param(slice(9, None), [], id="behind the end"),
    ],
)
def test_slices(journal: Journal, piece: slice, expected: list[str]) -> None:
    assert paths(journal[piece]) == expected


def test_an_index_behind_the_end_is_an_error(journal: Journal) -> None:
    with pytest.raises(IndexError):
        journal[4]


def test_clear_forgets_what_was_and_goes_on(journal: Journal) -> None:
    journal.clear()
    journal.append(record("/new"))
    assert paths(journal) == ["/new"]


def test_header_values_keep_order_and_ignore_letter_case() -> None:
    assert record().header_values("A") == ["1", "2"]
    assert record().header_values("b") == ["3"]
    assert record().header_values("c") == []


def test_a_record_as_dict() -> None:
    assert record("/v1/models").to_dict() == {
        "method": "GET",
        "path": "/v1/models",
        "headers": [["A", "1"], ["a", "2"], ["B", "3"]],
        "json": {"key": "value"},
        "status": None,
        "session_id": None,
        "trace_id": None,
        "source": None,
        "near_misses": list(resolve_session([("X-Zoo-Session-ID", "short")]).near_misses),
    }


def test_wait_for_returns_at_once_where_it_is_true(journal: Journal) -> None:
    assert journal.wait_for(4, 0)
    assert journal.wait_for(lambda seen: seen[-1].path == "/3", 0)


def test_wait_for_says_what_did_not_come(journal: Journal) -> None:
    assert not journal.wait_for(5, 0.01)
    assert not journal.wait_for(lambda seen: len(seen) > 9, 0.01)


def test_wait_for_wakes_when_a_request_arrives(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(fake_litellm.journal.wait_for, 2, 10)
        connect(fake_litellm).chat()
        connect(fake_litellm).chat()
        assert waiting.result() is True


def test_wait_for_wakes_when_a_request_is_answered(fake_litellm: FakeLiteLLM, wire: Wire) -> None:
    gate = Gate()
    fake_litellm.script(Reply(hold=gate))
    wire.ask()
    assert gate.wait_until_reached()
    assert fake_litellm.journal[0].status is None
    answered = threading.Event()

    def wait() -> None:
        fake_litellm.journal.wait_for(lambda seen: seen[0].status == 200, 60)
        answered.set()

    threading.Thread(target=wait).start()
    gate.open()
    assert answered.wait(10)


def test_each_request_is_recorded_once_and_in_order_of_its_connection(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wires = [connect(fake_litellm) for _ in range(THREADS)]

    def talk(name: int) -> None:
        for number in range(EACH):
            wires[name].chat(f"X-Zoo-Session-ID: thread-{name}", model=f"{number}")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(talk, range(THREADS)))
    seen = [(one.session.session_id, one.json["model"]) for one in fake_litellm.journal]
    assert len(seen) == THREADS * EACH
    by_thread = {
        name: [model for session, model in seen if session == f"thread-{name}"]
        for name in range(THREADS)
    }
    assert by_thread == {name: [f"{n}" for n in range(EACH)] for name in range(THREADS)}


def test_the_journal_may_be_read_while_the_server_records(
    fake_litellm: FakeLiteLLM, connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire = connect(fake_litellm)
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(paths, fake_litellm.journal) for _ in range(50)]
        answers = [wire.get(f"/{number}").status for number in range(50)]
    assert answers == [404] * 50
    assert all(set(read.result()) <= set(paths(fake_litellm.journal)) for read in asked)


def test_what_is_recorded_of_a_request(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    wire.chat("X-Zoo-Session-ID: task-0001", stream=False)
    (one,) = fake_litellm.journal
    assert (one.method, one.path, one.query) == ("POST", "/v1/chat/completions", "")
    assert one.json["messages"] == [{"role": "user", "content": "Hello"}]
    assert one.body.startswith(b'{"model": "gpt-4o"')
    assert one.status == 200
    assert one.session.session_id == "task-0001"
    assert one.session.source == "x-zoo-session-id"
    assert one.malformed is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"text", id="text"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_a_body_that_is_not_json_is_recorded_all_the_same(
    wire: Wire, fake_litellm: FakeLiteLLM, body: bytes
) -> None:
    wire.post(body)
    assert fake_litellm.journal[0].body == body
    assert fake_litellm.journal[0].json is None
