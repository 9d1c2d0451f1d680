"""Holds the fake proxy against the real LiteLLM, exchange by exchange.

- `python -m parity.record` starts the real proxy, replays `corpus/` to it, writes `recorded/` and
  says what moved since the last time (needs LiteLLM).
- `python -m parity.draw` resolves the sessions of thousands of random requests with LiteLLM's own
  functions and with the fake's (needs LiteLLM).
- `python -m parity.check` holds the fake against what is recorded; what differs and why is in
  `known_differences.toml`, which may only shrink.
- `python -m parity.report` prints the README's line.
"""

from __future__ import annotations

from pathlib import Path

RELEASE = "1.106.2"  # 1.107.0 is a compromised release
HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
API_KEY = "sk-parity"
SETUPS = {
    "default": (None, False),
    "generate": ("generate", False),
    "reject": ("reject", False),
    "omit": ("omit", False),
    "correlated": (None, True),
    "correlated-generate": ("generate", True),
}
"""Each configuration of the proxy: `missing_session_id`, `request_correlation_in_logs`."""
