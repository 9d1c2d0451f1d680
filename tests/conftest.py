"""What every test folder shares."""

from __future__ import annotations

import signal

pytest_plugins = ["pytester"]

# A shell starts what it runs in the background with Ctrl-C ignored, and every program below
# inherits that; the tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
