"""What surrounds a handler besides its proxy: the environment, and the log."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from fake_litellm import AUTHORITY

if TYPE_CHECKING:
    from collections.abc import Mapping

DECOYS = {
    **dict.fromkeys(
        ("LITELLM_API_KEY", "LITELLM_PROXY_API_KEY", "OPENAI_API_KEY"), "sk-of-the-environment"
    ),
    **dict.fromkeys(
        ("LITELLM_BASE_URL", "LITELLM_PROXY_API_BASE", "OPENAI_BASE_URL"),
        "http://127.0.0.1:9/of-the-environment",
    ),
}
"""Variables that a handler finds in its environment, unless others are set there."""


_TRUST = dict.fromkeys(
    ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), AUTHORITY
)
"""Variables by which Python's HTTP clients, curl and Node trust a fake that is served by https."""


_COMPANY = {
    "DO_NOT_TRACK": "1",
    "DISABLE_TELEMETRY": "1",
    "OTEL_SDK_DISABLED": "true",
    "LITELLM_LOG": "DEBUG",
    "OPENAI_LOG": "debug",
    "LOG_LEVEL": "debug",
    "DEBUG": "1",
    "OPENAI_ORG_ID": "org-of-the-environment",
    "OPENAI_PROJECT_ID": "proj-of-the-environment",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Surroundings(logging.Handler):
    """Keys and addresses in the environment that are no handler's, and an eye on the log.

    Args:
        api_key: The key of this run, or what is part of all its keys.
    """

    def __init__(self, api_key: str) -> None:
        super().__init__()
        self._api_key = api_key
        self._shown: list[str] = []
        self._before: dict[str, str | None] = {}
        self._levels: list[tuple[logging.Handler | logging.Logger, int]] = []

    def set(self) -> None:
        """Put the decoys into the environment, and look at whatever is logged."""
        self._put({name: DECOYS[name] for name in DECOYS.keys() - os.environ.keys()})
        logging.root.addHandler(self)

    def trust_fakes(self) -> None:
        """Let HTTP clients that are built from now on trust the fakes' certificate."""
        self._put(_TRUST)

    def be_in_a_company(self, url: str) -> None:
        """Name a proxy for whatever is elsewhere, decline to be tracked, and log everything.

        Whoever takes that proxy for the fake, too, is answered that there is nothing; what it sent
        is recorded. Nothing more than before is shown.
        """
        self._put({**_COMPANY, **dict.fromkeys(_PROXIES, url)})
        for handler in logging.root.handlers:
            self._levels.append((handler, handler.level))
            handler.setLevel(max(handler.level, logging.root.level))
        self._levels.append((logging.root, logging.root.level))
        logging.root.setLevel(logging.DEBUG)

    def reset(self) -> None:
        """Leave environment and log as they were."""
        logging.root.removeHandler(self)
        for one, level in self._levels:
            one.setLevel(level)
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    def _put(self, variables: Mapping[str, str]) -> None:
        self._before = {name: os.environ.get(name) for name in variables} | self._before
        os.environ.update(variables)

    def take_shown(self) -> list[str]:
        """Return the log messages since the last time that show the key."""
        taken, self._shown = self._shown, []
        return taken

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a message, and at the traceback that goes with it."""
        text = self.format(record)
        if self._api_key in text:
            self._shown.append(text)
