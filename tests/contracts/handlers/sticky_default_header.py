from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdk_handler import Handler as Right

if TYPE_CHECKING:
    from collections.abc import Mapping


class Handler(Right):
    def headers(self, metadata: Mapping[str, Any] | None) -> dict[str, str]:
        self.client = self.client.with_options(default_headers=super().headers(metadata))
        return {}
