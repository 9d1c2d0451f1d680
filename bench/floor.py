"""The floor of `litellm-contracts check`: the same SDK work against a bare socket server.

It builds as many clients and makes as many calls as the contracts do, with the openai SDK alone,
against canned bytes: no contract, no journal, no generated input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

CHUNK = {
    "id": "chatcmpl-floor",
    "created": 1700000000,
    "model": "gpt-4o",
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": "Hello", "role": "assistant"}}],
}
COMPLETION = {
    "id": "chatcmpl-floor",
    "created": 1700000000,
    "model": "gpt-4o",
    "object": "chat.completion",
    "choices": [
        {
            "finish_reason": "stop",
            "index": 0,
            "message": {"content": "Hello", "role": "assistant"},
        }
    ],
}


def _json_answer() -> bytes:
    body = json.dumps(COMPLETION).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _stream_answer() -> bytes:
    events = [b"data: " + json.dumps(CHUNK).encode() + b"\n\n"] * 4 + [b"data: [DONE]\n\n"]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked"
    return head + b"\r\n\r\n" + chunks + b"0\r\n\r\n"


class _Canned(StreamRequestHandler):
    """Reads a request, answers with canned bytes, and waits for the next."""

    disable_nagle_algorithm = True
    answers = {True: _stream_answer(), False: _json_answer()}  # noqa: RUF012

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self.rfile.readline():
                length = 0
                while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = self.rfile.read(length)
                self.wfile.write(self.answers[b'"stream":true' in body.replace(b" ", b"")])


async def _work(scenarios: list[list[bool]], port: int) -> None:
    import openai

    ask: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
    for calls in scenarios:
        base_url = f"http://127.0.0.1:{port}/v1"
        async with openai.AsyncOpenAI(base_url=base_url, api_key="sk-floor") as client:
            for streamed in calls:
                if streamed:
                    raw = await client.chat.completions.with_raw_response.create(
                        **ask, stream=True, extra_headers={"X-Zoo-Session-ID": "floor-session"}
                    )
                    stream: Any = raw.parse()
                    async for _ in stream:
                        pass
                else:
                    await client.chat.completions.create(**ask)


def main(scenarios: list[list[bool]]) -> None:
    """Run the scenarios: one list per client, one item per call, true where it streams."""
    ThreadingTCPServer.daemon_threads = True
    with ThreadingTCPServer(("127.0.0.1", 0), _Canned) as server:
        threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True).start()
        asyncio.run(_work(scenarios, server.server_address[1]))
        server.shutdown()


if __name__ == "__main__":
    import sys

    main(json.loads(sys.argv[1]))
