from __future__ import annotations

from sdk_handler import Handler as Right


class Handler(Right):
    def headers(self, metadata: object) -> dict[str, str]:  # noqa: ARG002
        return {}
