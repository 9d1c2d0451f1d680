"""`/_fake/`: the journal for programs, and a page of it for people."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from fake_litellm._journal import Journal


def answer(request: Request, journal: Journal) -> Response:
    """Answer `GET` and `DELETE /_fake/journal` and the page `/_fake/`."""
    match request.method, request.path:
        case "GET", "/_fake/journal":
            # ASCII-only JSON: header bytes that are not UTF-8 arrive as \\u00xx, not as mojibake.
            held = {"requests": [record.to_dict() for record in journal]}
            dropped = {"dropped": journal.dropped} if journal.dropped else {}
            text = json.dumps(held | dropped)
            return Response(text, content_type="application/json")
        case "DELETE", "/_fake/journal":
            journal.clear()
            return Response(status=204)
        case "GET", "/_fake/" | "/_fake":
            page = files("fake_litellm").joinpath("page.html").read_text(encoding="utf-8")
            return Response(page, content_type="text/html; charset=utf-8")
    text = "expected GET or DELETE /_fake/journal, or GET /_fake/\n"
    return Response(text, 404, content_type="text/plain")
