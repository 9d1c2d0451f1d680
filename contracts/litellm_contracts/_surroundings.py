"""What surrounds a handler besides its proxy: the environment, and the log."""

from __future__ import annotations

import logging
import os

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


class Surroundings(logging.Handler):
    """Keys and addresses in the environment that are no handler's, and an eye on the log.

    Args:
        api_key: The key of this run, or what is part of all its keys.
    """

    def __init__(self, api_key: str) -> None:
        super().__init__()
        self._api_key = api_key
        self._shown: list[str] = []
        self._decoys: dict[str, str] = {}

    def set(self) -> None:
        """Put the decoys into the environment, and look at whatever is logged."""
        self._decoys = {name: DECOYS[name] for name in DECOYS.keys() - os.environ.keys()}
        os.environ.update(self._decoys)
        logging.root.addHandler(self)

    def reset(self) -> None:
        """Leave environment and log as they were."""
        logging.root.removeHandler(self)
        for name in self._decoys:
            os.environ.pop(name, None)

    def take_shown(self) -> list[str]:
        """Return the log messages since the last time that show the key."""
        taken, self._shown = self._shown, []
        return taken

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a message, and at the traceback that goes with it."""
        text = self.format(record)
        if self._api_key in text:
            self._shown.append(text)
