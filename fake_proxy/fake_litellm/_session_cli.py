"""``fake-litellm session``: where LiteLLM would file a request with these headers, and why."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fake_litellm._session import DEFAULT_RELEASE, MODES, Session, resolve_session

if TYPE_CHECKING:
    import argparse

_USAGE_ERROR = 2


def add_session_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the subcommand; its ``run`` default takes the parsed arguments."""
    parser = subparsers.add_parser(
        "session",
        help="say under which session LiteLLM would file a request, and why",
        description="Say under which session LiteLLM would file a request, and why.",
    )
    parser.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header line, as often as needed, in wire order",
    )
    parser.add_argument(
        "-d", "--data", metavar="JSON", help="the body; @FILE reads it from a file, @- from stdin"
    )
    parser.add_argument(
        "--litellm", default=DEFAULT_RELEASE, metavar="V", help="release (default %(default)s)"
    )
    parser.add_argument("--path", default="/v1/chat/completions", help="default %(default)s")
    parser.add_argument("--missing-session-id", choices=MODES, help="general_settings of the proxy")
    parser.add_argument(
        "--request-correlation-in-logs", action="store_true", help="litellm_settings of the proxy"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the verdict and return the exit code: 0, or 2 for input that cannot be read."""
    try:
        session = resolve_session(
            [_header(line) for line in args.header],
            _body(args.data),
            path=args.path,
            litellm=args.litellm,
            missing_session_id=args.missing_session_id,
            request_correlation_in_logs=args.request_correlation_in_logs,
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"fake-litellm session: {error}\n")
        return _USAGE_ERROR
    text = json.dumps(asdict(session), ensure_ascii=True) if args.json else _report(session)
    sys.stdout.write(text + "\n")
    return 0


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ValueError(f"-H {line!r} is not a header line; expected 'Name: value'")
    return name.strip(), value.encode().decode("latin-1")  # as the bytes arrive on the wire


def _body(data: str | None) -> object:
    if data is None:
        return None
    text = _read(data[1:]) if data.startswith("@") else data
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"-d is not JSON: {error}") from None


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _report(session: Session) -> str:
    lines = [f"session: {_verdict(session)}", f"rule:    {session.source or 'none matched'}"]
    if session.trace_id is not None and session.trace_id != session.session_id:
        lines.append(f"trace:   {session.trace_id}")
    lines += [f"note:    {text}" for text in session.near_misses]
    return "\n".join(lines)


def _verdict(session: Session) -> str:
    if session.rejected:
        return "none, LiteLLM answers 400"
    if session.session_id is not None:
        return session.session_id
    return "none of the client's; each such request stands alone"
