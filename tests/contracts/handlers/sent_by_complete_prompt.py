from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdk_handler import Handler as Right

if TYPE_CHECKING:
    from collections.abc import Mapping


class Handler(Right):
    latest: dict[str, str] = {}  # noqa: RUF012 - the fault

    def headers(self, metadata: Mapping[str, Any] | None) -> dict[str, str]:
        self.latest = super().headers(metadata)
        return self.latest

    def prompt_headers(self) -> dict[str, str]:
        return self.latest
