"""Sends well-formed and broken requests to the fake on raw sockets, for as long as it is told.

    python bench/fuzz.py [--seconds 600] [--seed 2026] [--clients 8]

Each well-formed request must be answered, and recorded exactly once, header lines and body as they
were sent, however its bytes arrive. A broken one may be refused or dropped, but never hang, never
meet the fake's own failure, and never disturb the next. Exit code 1 where something went wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from fake_litellm import FakeLiteLLM

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUND = 200
"""Requests of each client before the journal is compared with what was sent, and emptied."""
PATIENCE = 30.0
"""Seconds after which a request that is not answered counts as hung."""
ROUTES = (
    "POST /v1/chat/completions",
    "POST /chat/completions",
    "POST /v1/completions",
    "POST /v1/embeddings",
    "POST /v1/responses",
    "POST /v1/messages",
    "POST /v1/messages/count_tokens",
    "POST /engines/gpt-4o/chat/completions",
    "POST /v1beta/models/gemini-2.5-pro:generateContent",
    "POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    "GET /v1/models",
    "GET /health/liveliness",
    "GET /v1/model/info?x=%C3%A9",
    "PUT /v1/chat/completions",
    "GET /nowhere/",
    "OPTIONS /v1/chat/completions",
)
NAMES = ("X-Zoo-Session-ID", "x-litellm-session-id", "session_id", "X-A", "traceparent", "x~!")
VALUES = (
    "",
    "short",
    "5f0c2b1e-7d43-4a9f-8c1d-2e6b90a4f713",
    "a, b",
    "ÿé",
    "v" * 3000,
    "undefined",
)


@dataclass
class Found:
    """What the clients saw, together."""

    sent: dict[str, tuple[list[tuple[str, str]], bytes]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, fault: str | None = None) -> None:
        """Count a request, and keep what was wrong with it."""
        with self.lock:
            self.counts[what] += 1
            if fault is not None:
                self.faults.append(fault)


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz for the time that was asked for and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--clients", type=int, default=8)
    args = parser.parse_args(argv)
    found = Found()
    until = time.monotonic() + args.seconds
    with FakeLiteLLM() as fake, ThreadPoolExecutor(args.clients) as pool:
        rounds = 0
        while time.monotonic() < until and not found.faults:
            rounds += 1
            seeds = [f"{args.seed} {rounds} {number}" for number in range(args.clients)]
            for ended in [pool.submit(_round, fake.port, seed, found) for seed in seeds]:
                ended.result()
            found.faults += _compare(fake, found)
        found.faults += [f"the fake failed: {error!r}" for error in fake.handler_errors]
    told = ", ".join(f"{number} {what}" for what, number in sorted(found.counts.items()))
    print(f"seed {args.seed}, {rounds} rounds: {told}")
    print("\n".join(found.faults[:10]) or "no crash, no hang, nothing lost")
    return 1 if found.faults else 0


def _round(port: int, seed: str, found: Found) -> None:
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    for number in range(ROUND):
        mark = f"{seed} {number}"
        lines, body = _request(draw, mark)
        data = _framed(draw, lines, body)
        try:
            if draw.random() < 0.5:  # noqa: PLR2004
                with found.lock:
                    found.sent[mark] = (lines[1:], body)
                _send_whole(draw, port, data, mark, found)
            else:
                _send_broken(draw, port, data, found)
        except TimeoutError:
            found.note("hung", f"{mark}: no answer within {PATIENCE:g} s to {data[:200]!r}")


def _request(draw: random.Random, mark: str) -> tuple[list[tuple[str, str]], bytes]:
    """Draw a well-formed request: its header lines, the request line first, and its body."""
    route = draw.choice(ROUTES)
    lines = [(route, ""), ("Host", "fake"), ("X-Fuzz", mark)]
    lines += [(draw.choice(NAMES), draw.choice(VALUES)) for _ in range(draw.randrange(5))]
    ask: dict[str, Any] = {
        "model": draw.choice(("gpt-4o", "", "ü", 7, None)),
        "messages": draw.choice(([], [{"role": "user", "content": "Hi"}], "no list", None)),
        "input": draw.choice(("Hi", [], 3)),
        "stream": draw.choice((True, False, None, "yes")),
        "metadata": draw.choice(({}, {"session_id": "s" * 9}, "text", None)),
    }
    for name in [one for one in ask if draw.random() < 0.2]:  # noqa: PLR2004
        del ask[name]
    bodies = (json.dumps(ask).encode(), b"", b"{", b"\xff\xfe", b"[1, 2]", b"x" * 100_000)
    body = draw.choices(bodies, weights=(10, 1, 1, 1, 1, 1))[0]
    return lines, body if route.startswith(("POST", "PUT")) else b""


def _framed(draw: random.Random, lines: list[tuple[str, str]], body: bytes) -> bytes:
    (route, _), *headers = lines
    if body and draw.random() < 0.3:  # noqa: PLR2004
        headers.append(("Transfer-Encoding", "chunked"))
        cut = draw.randrange(1, len(body) + 1)
        parts = [part for part in (body[:cut], body[cut:]) if part]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    else:
        headers.append(("Content-Length", str(len(body))))
        framed = body
    lines[1:] = headers
    head = "\r\n".join([f"{route} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)])
    return head.encode("latin-1") + b"\r\n\r\n" + framed


def _send_whole(draw: random.Random, port: int, data: bytes, mark: str, found: Found) -> None:
    """Send a well-formed request in pieces of any size; it must be answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        start = 0
        while start < len(data):
            end = start + draw.choice((1, 7, 100, 5000, len(data)))
            connection.sendall(data[start:end])
            start = end
        answer = HTTPResponse(connection, method=data.split(b" ", 1)[0].decode())
        try:
            answer.begin()
            told = answer.read()
        except (HTTPException, ConnectionError) as error:
            found.note("unanswered", f"{mark}: {error!r} to {data[:300]!r}")
            return
    failed = f"{mark}: {told[:200]!r}" if b"the fake itself failed" in told else None
    found.note(f"answered {answer.status // 100}xx", failed)


def _send_broken(draw: random.Random, port: int, data: bytes, found: Found) -> None:
    """Send a request with some bytes changed, or leave in the middle of it."""
    broken = bytearray(data)
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(broken))
        match draw.randrange(4):
            case 0:
                broken[at] = draw.randrange(256)
            case 1:
                del broken[at : at + draw.randrange(1, 20)]
            case 2:
                broken[at:at] = draw.randbytes(draw.randrange(1, 20))
            case 3:
                broken[at:at] = b"\r\n"
        broken = broken or bytearray(b"\n")
    # The mark is another one, so that a request that is whole by chance is not looked for.
    bare = bytes(broken).replace(b"X-Fuzz", b"X-Broken")[
        : draw.choice((len(broken), len(broken) // 2))
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(bare)
            if draw.random() < 0.2:  # noqa: PLR2004 - leave with RST
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                found.note("left")
                return
            connection.shutdown(socket.SHUT_WR)
            told = b""
            while data := connection.recv(65536):
                told += data
        except ConnectionError:
            told = b""
    failed = f"{bare[:300]!r}: {told[-300:]!r}" if b"the fake itself failed" in told else None
    found.note("broken", failed)


def _compare(fake: FakeLiteLLM, found: Found) -> list[str]:
    """Return what is lost, doubled or changed in the journal, and empty it."""
    faults = []
    recorded: dict[str, list[Any]] = {}
    for record in fake.journal:
        for mark in record.header_values("x-fuzz"):
            recorded.setdefault(mark, []).append(record)
    for mark, (headers, body) in found.sent.items():
        records = recorded.get(mark, [])
        wanted = [(name, value.strip()) for name, value in headers]
        if len(records) != 1:
            faults.append(f"{mark}: recorded {len(records)} times")
        elif (records[0].headers, records[0].body) != (wanted, body):
            faults.append(f"{mark}: recorded as {records[0].headers}, sent as {wanted}"[:1000])
    found.sent.clear()
    fake.journal.clear()
    return faults


if __name__ == "__main__":
    sys.exit(main())
