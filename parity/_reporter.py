"""Runs inside the real LiteLLM: reports under which session it files each request.

The proxy imports this file by its path, so it imports nothing of this package.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import (  # type: ignore[import-not-found,unused-ignore]
    CustomLogger,
)
from litellm.proxy.spend_tracking.spend_tracking_utils import (  # type: ignore[import-not-found,unused-ignore]
    get_logging_payload,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def session_of(kwargs: dict[str, Any], response: Any, start: Any, end: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what LiteLLM stores for a call: the case, the spend log's session, the trace id."""
    parameters = kwargs.get("litellm_params") or {}
    headers = (parameters.get("proxy_server_request") or {}).get("headers") or {}
    payload = kwargs.get("standard_logging_object") or {}
    now = datetime.now(UTC).replace(tzinfo=None)
    # 1.106.2 passes no end for a failure, and its own function fails on that
    timed = kwargs | {"completion_start_time": kwargs.get("completion_start_time") or now}
    row = get_logging_payload(
        kwargs=timed, response_obj=response, start_time=start or now, end_time=end or now
    )
    ids = {"session_id": row["session_id"], "trace_id": payload.get("trace_id")}
    texts = {name: None if value is None else str(value) for name, value in ids.items()}
    return {"case": headers.get("x-parity-case")} | texts


class Reporter(CustomLogger):  # type: ignore[misc,unused-ignore]
    """Hands over one report per finished call."""

    def __init__(self, sink: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._sink = sink

    async def async_log_success_event(
        self,
        kwargs: dict[str, Any],
        response_obj: Any,  # noqa: ANN401
        start_time: Any,  # noqa: ANN401
        end_time: Any,  # noqa: ANN401
    ) -> None:
        """Report a call that succeeded."""
        self._report(kwargs, response_obj, start_time, end_time)

    async def async_log_failure_event(
        self,
        kwargs: dict[str, Any],
        response_obj: Any,  # noqa: ANN401
        start_time: Any,  # noqa: ANN401
        end_time: Any,  # noqa: ANN401
    ) -> None:
        """Report a call that failed."""
        self._report(kwargs, response_obj, start_time, end_time)

    def _report(self, *event: Any) -> None:  # noqa: ANN401
        try:
            report = session_of(*event)
        except Exception as error:  # noqa: BLE001 - the recorder must learn of it
            report = {"case": None, "error": repr(error)}
        self._sink(report)


def _append(report: dict[str, Any]) -> None:
    """Write a report to the file that the environment names."""
    with Path(os.environ["PARITY_REPORT"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(report) + "\n")


reporter = Reporter(_append)
