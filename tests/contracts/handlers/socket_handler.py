"""A right, synchronous handler over plain HTTP; returns lists."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "X-Zoo-Session-ID"


class Handler:
    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self.address = urlsplit(base_url).netloc
        self.api_key = api_key
        self.model = model

    def header_lines(self, task_id: str) -> list[tuple[str, str]]:
        return [(HEADER, task_id)]

    def create_message(
        self, system_prompt: str, messages: list[Any], metadata: Mapping[str, Any] | None = None
    ) -> list[dict[str, str]]:
        task_id = (metadata or {}).get("task_id")
        lines = self.header_lines(task_id) if task_id else []
        return [{"type": "text", "text": self._ask(system_prompt, messages, lines)}]

    def complete_prompt(self, prompt: str) -> str:
        return self._ask("", [{"role": "user", "content": prompt}], [])

    def _ask(self, system_prompt: str, messages: list[Any], lines: list[tuple[str, str]]) -> str:
        asked = [{"role": "system", "content": system_prompt}, *messages]
        body = json.dumps({"model": self.model, "messages": asked}).encode()
        common = [
            ("Authorization", f"Bearer {self.api_key}"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        with closing(http.client.HTTPConnection(self.address)) as connection:
            connection.putrequest("POST", "/v1/chat/completions")
            for name, value in [*common, *lines]:
                connection.putheader(name, value)
            connection.endheaders(body)
            with connection.getresponse() as response:
                answer = json.loads(response.read())
        return str(answer["choices"][0]["message"]["content"])
