"""What the fake serves https with: a certificate for localhost, which nobody trusts by itself."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

_FOLDER = Path(__file__).parent / "certificates"
AUTHORITY = str(_FOLDER / "authority.pem")
"""The authority that signed the fake's certificate; its own key was thrown away."""


@functools.cache
def context() -> ssl.SSLContext:
    """Return what a server on localhost speaks TLS with.

    The certificates were made with trustme, for 127.0.0.1, ::1 and localhost, and hold until the
    year 3000.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_FOLDER / "localhost.pem")
    return context
