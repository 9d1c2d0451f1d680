from __future__ import annotations

from socket_handler import HEADER
from socket_handler import Handler as Right


class Handler(Right):
    def header_lines(self, task_id: str) -> list[tuple[str, str]]:
        return [(HEADER, task_id), (HEADER.lower(), task_id)]
