"""The real LiteLLM as a process of its own, offline, on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

from parity import API_KEY, HERE, SETUPS
from parity._scripts import models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_SECONDS = 180.0
_QUIET_SECONDS = 3.0


@dataclass(frozen=True)
class RealProxy:
    """A running LiteLLM: its port, and the file to which its callback reports."""

    port: int
    report: Path

    def sessions(self) -> dict[str, list[dict[str, Any]]]:
        """Wait until the logging worker is done, and return the reports by case.

        Raises:
            RuntimeError: the callback failed.
        """
        size, since = -1, time.monotonic()
        while time.monotonic() - since < _QUIET_SECONDS:
            if (now := self.report.stat().st_size) != size:
                size, since = now, time.monotonic()
            time.sleep(0.2)
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self.report.read_text("utf-8").splitlines():
            row = json.loads(line)
            if "error" in row:
                raise RuntimeError(f"the callback failed: {row['error']}")
            found.setdefault(row["case"], []).append(row)
        return found


@contextlib.contextmanager
def real_proxy(setup: str, upstream_url: str, folder: Path) -> Iterator[RealProxy]:
    """Run the proxy in `folder`, on a free port.

    Raises:
        RuntimeError: it does not start; with the end of its log.
    """
    port, report = _free_port(), folder / "sessions.jsonl"
    report.touch()
    write_config(setup, upstream_url, folder)
    log = folder / "log.txt"
    # `-P` keeps the tool's working directory out of the proxy's modules.
    command = [sys.executable, "-P", "-m", "litellm.proxy.proxy_cli", "--config", "config.yaml"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = proxy_environment() | {"PARITY_REPORT": str(report)}
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=folder, env=environment, stdout=sink, stderr=sink
        )
    try:
        _wait_until_up(process, port, log)
        yield RealProxy(port, report)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def proxy_environment() -> dict[str, str]:
    """Return the environment: offline, without this machine's own settings of LiteLLM."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": API_KEY,
        "LITELLM_LOG": "ERROR",
        "NO_PROXY": "*",
        "TZ": "UTC",
    }


def write_config(setup: str, upstream_url: str, folder: Path) -> Path:
    """Write the configuration, as JSON, which is YAML; and the callback beside it."""
    missing_session_id, correlated = SETUPS[setup]
    general: dict[str, Any] = {"master_key": API_KEY}
    if missing_session_id is not None:
        general["missing_session_id"] = missing_session_id
    parameters = {"api_key": "sk-upstream", "api_base": upstream_url, "max_retries": 0}
    config = {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}"} | parameters}
            for name in models()
        ],
        "litellm_settings": {
            "callbacks": ["_reporter.reporter"],
            "telemetry": False,
            "request_correlation_in_logs": correlated,
        },
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": general,
    }
    shutil.copy(HERE / "_reporter.py", folder)
    path = folder / "config.yaml"
    path.write_text(json.dumps(config, indent=1), encoding="utf-8")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    tail = log.read_text("utf-8", "replace")[-2000:]
    raise RuntimeError(f"LiteLLM did not start within {_START_SECONDS:g} s; its log ends:\n{tail}")
