"""Many clients at once: each request is recorded once, in order per connection.

    python bench/load.py [--requests 10000] [--clients 64]

Every client keeps one connection and asks on it again and again, every third time for a stream.
Prints the time, the requests per second and how much memory the journal took; exit code 1 where a
record is lost, doubled or out of order.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from typing import TYPE_CHECKING

from fake_litellm import FakeLiteLLM

if TYPE_CHECKING:
    from collections.abc import Sequence

STREAM_EVERY = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the load and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=64)
    args = parser.parse_args(argv)
    each = -(-args.requests // args.clients)
    with FakeLiteLLM() as fake:
        before = _memory()
        started = time.perf_counter()
        crowd = multiprocessing.get_context("spawn").Process(
            target=_crowd, args=(fake.port, args.clients, each)
        )
        crowd.start()
        crowd.join()
        seconds = time.perf_counter() - started
        faults = _faults(fake, args.clients, each)
        print(f"{args.clients * each} requests from {args.clients} clients in {seconds:.1f} s")
        print(f"{args.clients * each / seconds:.0f} requests a second, processes' start included")
        print(f"memory: {_memory() - before:.0f} MiB more at the peak than before")
    print("\n".join(faults[:10]) or "every request recorded once, in order per connection")
    return 1 if faults or crowd.exitcode else 0


def _crowd(port: int, clients: int, each: int) -> None:
    with ThreadPoolExecutor(clients) as pool:
        for ended in [pool.submit(_client, port, number, each) for number in range(clients)]:
            ended.result()


def _client(port: int, number: int, each: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        for turn in range(each):
            ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"turn {turn}"}]}
            body = json.dumps(ask | {"stream": turn % STREAM_EVERY == 0}).encode()
            head = (
                "POST /v1/chat/completions HTTP/1.1\r\nHost: fake\r\n"
                f"X-Load-Session-ID: client-{number:04d}\r\nX-Turn: {turn}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            answer = HTTPResponse(connection)
            answer.begin()
            if b"Hello" not in answer.read():
                raise RuntimeError(f"client {number}, turn {turn}: no whole answer")


def _faults(fake: FakeLiteLLM, clients: int, each: int) -> list[str]:
    """Return what is lost, doubled, out of order or filed wrongly."""
    seen: dict[int, list[tuple[str, str]]] = {}
    for record in fake.journal:
        session = record.session.session_id or "nowhere"
        turn = record.header_values("x-turn")[0]
        seen.setdefault(record.connection, []).append((session, turn))
    expected = {
        f"client-{number:04d}": [str(turn) for turn in range(each)] for number in range(clients)
    }
    faults = [f"dropped {fake.journal.dropped} records"] if fake.journal.dropped else []
    for port, turns in seen.items():
        session = turns[0][0]
        if turns != [(session, turn) for turn in expected.pop(session, [])]:
            faults.append(f"connection {port}, {session}: {len(turns)} records, not in order")
    return faults + [f"{session}: nothing recorded" for session in expected]


def _memory() -> float:
    """Return the most memory this process ever took, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform == "linux" else most / 1024 / 1024


if __name__ == "__main__":
    sys.exit(main())
