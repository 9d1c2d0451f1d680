from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdk_handler import Handler as Right

if TYPE_CHECKING:
    from collections.abc import Mapping


class Handler(Right):
    previous: dict[str, str] | None = None

    def headers(self, metadata: Mapping[str, Any] | None) -> dict[str, str]:
        due = super().headers(metadata)
        sent, self.previous = self.previous or due, due
        return sent
