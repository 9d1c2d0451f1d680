"""A door in plain Python, right or at fault in one way: `program.py FAULT`.

It makes no request; what is asked comes back.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def say(answer: object) -> None:
    """Write an answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def hello(_request: dict[str, Any]) -> None:
    say(
        {
            "protocol": 1,
            "name": "program",
            "language": "python",
            "sdk": "none 1.0",
            "capabilities": ["create_message", "complete_prompt"],
        }
    )


def build(request: dict[str, Any]) -> None:
    say({"handler": request["handler"], "ok": True})


def create(request: dict[str, Any]) -> None:
    text = json.dumps([request["messages"], request["metadata"]])
    say({"id": request["id"], "chunks": [{"type": "text", "text": text}]})


def complete(request: dict[str, Any]) -> None:
    say({"id": request["id"], "text": request["prompt"]})


def leave(_request: dict[str, Any]) -> None:
    sys.exit(0)


def hang(_request: dict[str, Any]) -> None:
    time.sleep(600)


def forget(_request: dict[str, Any]) -> None:
    """Answer nothing, but go on."""


def exits(_request: dict[str, Any]) -> None:
    sys.stderr.write("Traceback: it broke\n")
    sys.exit(3)


def dies(_request: dict[str, Any]) -> None:
    os.abort()


def closes(_request: dict[str, Any]) -> None:
    os.close(1)
    time.sleep(600)


def noise(request: dict[str, Any]) -> None:
    sys.stdout.write("Listening on port 3000\n")
    complete(request)


def half_a_line(_request: dict[str, Any]) -> None:
    sys.stdout.write('{"id": "c')
    sys.stdout.flush()
    sys.exit(0)


def not_utf8(_request: dict[str, Any]) -> None:
    sys.stdout.buffer.write(b'{"id": "c1", "text": "\xff"}\n')
    sys.stdout.flush()


def a_list(_request: dict[str, Any]) -> None:
    say(["c1", "text"])


def nameless(_request: dict[str, Any]) -> None:
    say({"text": "whose?"})


def twice(request: dict[str, Any]) -> None:
    complete(request)
    complete(request)


def unknown_id(request: dict[str, Any]) -> None:
    complete({**request, "id": "c99"})


def empty(request: dict[str, Any]) -> None:
    say({"id": request["id"]})


def number(request: dict[str, Any]) -> None:
    say({"id": request["id"], "text": 5})


def fails(request: dict[str, Any]) -> None:
    say({"id": request["id"], "error": "APIError: no"})


def breaks_off(request: dict[str, Any]) -> None:
    say({"id": request["id"], "chunks": [{"type": "text", "text": "Hal"}], "error": "Error: cut"})


def nothing(request: dict[str, Any]) -> None:
    say({"id": request["id"], "text": None})


def flood(request: dict[str, Any]) -> None:
    for number in range(3000):
        sys.stderr.write(f"{number} {'x' * 997}\n")
    complete(request)


def endless(_request: dict[str, Any]) -> None:
    while True:
        sys.stdout.write("x" * 65536)


def shows_key(request: dict[str, Any]) -> None:
    say({"handler": request["handler"], "error": f"401 for {request['api_key']}"})


def protocol_2(_request: dict[str, Any]) -> None:
    say({"protocol": 2, "capabilities": ["create_message"]})


def no_capabilities(_request: dict[str, Any]) -> None:
    say({"protocol": 1})


def environment(request: dict[str, Any]) -> None:
    names = [name for name in os.environ if name.upper().endswith("_PROXY")]
    say({"id": request["id"], "text": ",".join(sorted(names))})


def long_text(request: dict[str, Any]) -> None:
    say({"id": request["id"], "text": "x" * 2_000_000})


FAULTS: dict[str, tuple[str, Any]] = {
    "right": ("", None),
    **{
        f"start-{one.__name__}": ("start", one)
        for one in (hang, exits, protocol_2, no_capabilities)
    },
    **{f"build-{one.__name__}": ("handler", one) for one in (hang, exits, shows_key)},
    **{f"stop-{one.__name__}": ("stop", one) for one in (hang,)},
    **{f"message-{one.__name__}": ("create_message", one) for one in (breaks_off, forget)},
    **{
        f"prompt-{one.__name__}": ("complete_prompt", one)
        for one in (
            hang, forget, exits, dies, closes, noise, half_a_line, not_utf8, a_list, nameless,
            twice, unknown_id, empty, number, fails, nothing, flood, endless, environment,
            long_text,
        )
    },
}  # fmt: skip

OPERATIONS = {
    "start": hello,
    "handler": build,
    "create_message": create,
    "complete_prompt": complete,
    "stop": leave,
}


def main() -> None:
    op, fault = FAULTS[sys.argv[1]]
    operations = {**OPERATIONS, op: fault}
    for line in sys.stdin:
        request = json.loads(line)
        operations[request["op"]](request)


if __name__ == "__main__":
    main()
