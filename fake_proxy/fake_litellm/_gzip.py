"""Compressed answers, as LiteLLM 1.106.2 sends them to clients that take gzip."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

SHORTEST = 500
_LEVEL = 6


def negotiate(response: Response, request: Request) -> Response:
    """Compress a whole body of 500 bytes or more where the client takes gzip; never a stream."""
    if not response.is_sequence or len(body := response.get_data()) < SHORTEST:
        return response
    response.headers["vary"] = "Origin, Accept-Encoding"
    if request.accept_encodings.quality("gzip") > 0:
        compressed = gzip.compress(body, _LEVEL)
        response.set_data(compressed)
        response.headers["content-encoding"] = "gzip"
        response.headers["content-length"] = str(len(compressed))
    return response
