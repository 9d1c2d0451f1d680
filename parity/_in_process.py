"""The real LiteLLM's application, called in this process: thousands of requests without sockets.

Its own functions resolve the session; the settings are switched between requests as its reload of
the configuration would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parity import API_KEY
from parity._real import proxy_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from parity._draws import Draw

_LOG_SECONDS = 20.0
_MODELS = {"text": "Hello.", "embedding": [[0.1, 0.2]]}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What LiteLLM made of a request; the ids are `None` where it logged nothing."""

    status: int
    session_id: str | None
    trace_id: str | None
    text: str
    logged: bool


class InProcess:
    """LiteLLM's application with a callback that reports the session of each call."""

    def __init__(self, proxy_server: Any, litellm: Any) -> None:  # noqa: ANN401
        self._server = proxy_server
        self._litellm = litellm
        self._number = 0
        self._reports: dict[str, dict[str, Any]] = {}
        self._reported = asyncio.Event()

    def take(self, report: dict[str, Any]) -> None:
        """Keep a report (called by the callback)."""
        self._reports[str(report["case"])] = report
        self._reported.set()

    async def call(self, draw: Draw) -> Outcome:
        """Send one request and wait until its session is reported."""
        self._set(draw)
        self._number += 1
        case = str(self._number)
        sent = await self._send(draw, case)
        status = next(m["status"] for m in sent if m["type"] == "http.response.start")
        if status == 200:  # noqa: PLR2004
            await self._wait_for(case)
        report = self._reports.pop(case, None)
        body = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return Outcome(
            status=status,
            session_id=report["session_id"] if report else None,
            trace_id=report["trace_id"] if report else None,
            text=body.decode("utf-8", "replace"),
            logged=report is not None,
        )

    def _set(self, draw: Draw) -> None:
        settings = self._server.general_settings
        settings.pop("missing_session_id", None)
        if draw.missing_session_id is not None:
            settings["missing_session_id"] = draw.missing_session_id
        self._litellm.request_correlation_in_logs = draw.correlated

    async def _send(self, draw: Draw, case: str) -> list[Any]:
        body = json.dumps(draw.whole_body).encode()
        lines = [(name.lower(), value.strip(" \t")) for name, value in draw.headers]
        if "user-agent" not in dict(lines):
            lines.append(("user-agent", "parity/1"))
        lines += [("host", "proxy"), ("authorization", f"Bearer {API_KEY}")]
        lines += [("content-type", "application/json"), ("content-length", str(len(body)))]
        lines.append(("x-parity-case", case))
        sent: list[Any] = []
        incoming = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:  # noqa: ANN401
            if incoming:
                return incoming.pop()
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:  # noqa: ANN401
            sent.append(message)

        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
        with contextlib.suppress(Exception):  # raised again once 500 is sent; the server logs it
            await self._server.app(_scope(draw.path, encoded), receive, send)
        return sent

    async def _wait_for(self, case: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOG_SECONDS):
                while case not in self._reports:
                    self._reported.clear()
                    await self._reported.wait()


def _scope(path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("proxy", 80),
        "state": {},
    }


@contextlib.asynccontextmanager
async def in_process(folder: Path) -> AsyncIterator[InProcess]:
    """Import and start LiteLLM's application, configured by a file in `folder`."""
    parameters = {"model": "openai/unpriced", "api_key": "sk-upstream"}
    models = [
        {"model_name": name, "litellm_params": parameters | {"mock_response": said}}
        for name, said in _MODELS.items()
    ]
    path = folder / "config.yaml"
    config = {"model_list": models, "general_settings": {"master_key": API_KEY}}
    path.write_text(json.dumps(config), encoding="utf-8")
    os.environ |= proxy_environment() | {"CONFIG_FILE_PATH": str(path), "WORKER_CONFIG": str(path)}

    logging.disable(logging.CRITICAL)  # it reports each refused request with a traceback
    import litellm  # type: ignore[import-not-found,unused-ignore]
    from litellm.proxy import proxy_server  # type: ignore[import-not-found,unused-ignore]

    from parity._reporter import Reporter

    application = InProcess(proxy_server, litellm)
    async with proxy_server.app.router.lifespan_context(proxy_server.app):
        litellm.callbacks.append(Reporter(application.take))
        yield application
