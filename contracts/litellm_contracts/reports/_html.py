"""The report as one HTML page: no other file, no network, no need of JavaScript."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from litellm_contracts._model import Status
from litellm_contracts.reports._sequence import sequence
from litellm_contracts.reports._text import call_text, counted, headline, telling_lines
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litellm_contracts._model import Report, Result

_SECTIONS = (
    ("broken", "What is broken", {Status.ERROR, Status.FAIL}),
    ("warnings", "Warnings", {Status.WARN}),
    ("waived", "Waived", {Status.WAIVED}),
    ("kept", "Kept", {Status.PASS}),
    ("not-judged", "Not judged", {Status.NOT_APPLICABLE, Status.NOT_RUN}),
)
_WORDS = {
    Status.PASS: "✓ pass",
    Status.FAIL: "✗ fail",
    Status.WARN: "! warn",
    Status.WAIVED: "~ waived",
    Status.NOT_APPLICABLE: "○ not applicable",
    Status.NOT_RUN: "… not run",
    Status.ERROR: "✗ error",
}


def write_html(report: Report) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    folder = files("litellm_contracts").joinpath("reports")
    style, script, page = (
        folder.joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js", "page.html.jinja")
    )
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    return environment.from_string(page).render(
        report=report,
        counted=counted(report),
        headline=headline(report),
        sections=_sections(report),
        words=_WORDS,
        sequence=sequence,
        call_text=call_text,
        telling_lines=telling_lines,
        session_lines=lambda request: _session_lines(request, report.suite["header"]),
        argument=_argument,
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
    )


def _shown(value: object) -> object:
    # What is not a plain text was marked as safe by the template; everything else may be foreign.
    return visible(value) if type(value) is str else value


def _sections(report: Report) -> list[tuple[str, str, list[tuple[str, list[Result]]]]]:
    """Return the page's sections that hold a contract, each with its groups."""
    sections = []
    for name, title, statuses in _SECTIONS:
        results = [one for one in report.results if one.status in statuses]
        grouped = groupby(results, key=lambda one: one.id.partition("/")[0])
        if results:
            sections.append((name, title, [(group, list(some)) for group, some in grouped]))
    return sections


def _session_lines(request: Mapping[str, Any], header: str) -> list[tuple[str, str, bool]]:
    """Return the header lines a picture must show, each with whether it is faulty."""
    wanted = {header.lower(), request["source"]}
    return [
        (name, value, index in request["marked"])
        for index, (name, value) in enumerate(request["headers"])
        if index in request["marked"] or name.lower() in wanted
    ]


def _argument(call: Mapping[str, Any]) -> str:
    """Say with which metadata a call was made."""
    metadata = call["metadata"]
    if isinstance(metadata, dict) and set(metadata) == {"task_id"}:
        return f"task_id {json.dumps(metadata['task_id'], ensure_ascii=False)}"
    if isinstance(metadata, dict):
        return f"metadata {json.dumps(metadata, ensure_ascii=False)}"
    return f"metadata {metadata}"


def _hash(text: str) -> str:
    """Return a text's hash as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
