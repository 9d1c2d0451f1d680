"""The command `fake-litellm`: a fake LiteLLM proxy to point a client at."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

from fake_litellm._journal import MOST_BYTES, MOST_REQUESTS
from fake_litellm._session_cli import add_session_command

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_OK = 0
EXIT_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0, or 2 for a usage error)."""
    parser = argparse.ArgumentParser(prog="fake-litellm", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve_command(commands)
    add_session_command(commands)
    args = parser.parse_args(argv)
    return int(args.run(args))


def _add_serve_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser(
        "serve",
        help="answer like a LiteLLM proxy and record every request",
        description="Answer like a LiteLLM proxy and record every request. Prints one line with "
        "the URL once it accepts connections, and serves until interrupted. The journal is at "
        "/_fake/journal, a page of it at /_fake/.",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=4000, help="port, 0 for a free one (4000)")
    serve.add_argument("--litellm", default="1.106.2", metavar="V", help="release to behave as")
    serve.add_argument("--api-key", metavar="K", help="the only accepted key (default: any)")
    serve.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="accept this model; may be repeated (default: any model)",
    )
    serve.add_argument("--reply", metavar="TEXT", help="the text of every answer")
    serve.add_argument(
        "--missing-session-id",
        choices=("generate", "reject", "omit"),
        help="LiteLLM's setting of the same name (default: not set)",
    )
    serve.add_argument(
        "--journal-requests",
        type=int,
        default=MOST_REQUESTS,
        metavar="N",
        help="keep so many requests, the newest (%(default)s)",
    )
    serve.add_argument(
        "--journal-bytes",
        type=int,
        default=MOST_BYTES,
        metavar="N",
        help="keep so many bytes of them (%(default)s)",
    )
    serve.add_argument("--json", action="store_true", help='print the line as {"url": ...}')
    serve.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from fake_litellm._errors import FakeLiteLLMError
    from fake_litellm._replies import Reply
    from fake_litellm._server import FakeLiteLLM

    try:
        server = FakeLiteLLM(
            port=args.port,
            models=args.model,
            api_key=args.api_key,
            litellm=args.litellm,
            host=args.host,
            missing_session_id=args.missing_session_id,
            reply=None if args.reply is None else Reply(text=args.reply),
            journal_requests=args.journal_requests,
            journal_bytes=args.journal_bytes,
        )
        server.start()
    except (FakeLiteLLMError, ValueError) as error:
        sys.stderr.write(f"fake-litellm: {error}\n")
        return EXIT_USAGE
    try:
        # Not Event.set: a signal that arrives while the event is locked would never end.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        line = json.dumps({"url": server.base_url}) if args.json else server.base_url
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    server.stop()
    return EXIT_OK
