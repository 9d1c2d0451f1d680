"""Waiting that ends when the server stops, so that no thread outlives it."""

from __future__ import annotations

import threading
import time

from fake_litellm._wire import CutConnection

_LOOK_SECONDS = 0.05


class Stopping(threading.Event):
    """Set once the server stops; what an answer waits for, it waits for here."""

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            CutConnection: the server stopped.
        """
        if seconds > 0 and self.wait(seconds):
            raise CutConnection(reset=False)

    def wait_for(self, other: threading.Event, seconds: float) -> None:
        """Wait until another event is set, or for so many seconds at most.

        Raises:
            CutConnection: the server stopped.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not other.wait(
            min(left, _LOOK_SECONDS)
        ):
            if self.is_set():
                raise CutConnection(reset=False)
