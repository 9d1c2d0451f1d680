"""What the HTML pages share: they are one file each, and show an exchange alike."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litellm_contracts.reports._common import likely
from litellm_contracts.reports._sequence import sequence
from litellm_contracts.reports._text import call_text, telling_lines
from litellm_contracts.reports._visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = files("litellm_contracts").joinpath("reports")


def render(page: str, header: str, styles: Sequence[str], script: str, **values: object) -> str:
    """Return a page that needs no other file.

    Args:
        page: Name of the template.
        header: The session header's name.
        styles: Names of the style sheets, in order.
        script: Name of the script; the page has to work without it.
        values: What the template asks for.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        loader=FunctionLoader(_read),
    )
    style, text = "".join(map(_read, styles)), _read(script)
    return environment.get_template(page).render(
        header=header,
        sequence=sequence,
        call_text=call_text,
        likely=likely,
        telling_lines=telling_lines,
        session_lines=lambda request: _session_lines(request, header),
        argument=_argument,
        style=style,
        style_hash=_hash(style),
        script=text,
        script_hash=_hash(text),
        **values,
    )


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    # What is not a plain text was marked as safe by the template; everything else may be foreign.
    return visible(value) if type(value) is str else value


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
