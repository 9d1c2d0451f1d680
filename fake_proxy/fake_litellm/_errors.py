"""Errors of this package, and LiteLLM's error envelopes.

FakeLiteLLMError
 x AddressTakenError (the port is taken or cannot be bound)
 x JournalBoundsError (a journal that may keep nothing)
 x ModelsError (a model list that is not one)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class FakeLiteLLMError(Exception):
    """The fake proxy was asked for something it cannot do; the text says what to change."""


class AddressTakenError(FakeLiteLLMError):
    """The address to listen on is taken, or is none of this machine's."""


class JournalBoundsError(FakeLiteLLMError, ValueError):
    """A journal was told to keep less than one request or one byte."""


class ModelsError(FakeLiteLLMError, ValueError):
    """`models` is not a list of model names."""


@dataclass(eq=False)
class ApiError(Exception):
    """An error answer in LiteLLM's envelope.

    Attributes:
        status: HTTP status.
        message: Text of `error.message`.
        type: Text of `error.type`, or `None` for JSON null.
        param: Text of `error.param`; note that a missing key gives the string "None".
        call_id: Whether the answer carries `x-litellm-call-id` and its companions: errors found
            before the request is routed do not.
        routed: Whether the router was reached, which adds `x-litellm-timeout`.
        repeated: Whether the message is repeated under `provider_specific_fields`.
        headers: Further response headers.
        unhandled: Whether LiteLLM answers as for an exception it did not expect: the bare
            message and type, without the usual header lines.
    """

    status: int
    message: str
    type: str | None = "invalid_request_error"
    param: str | None = None
    call_id: bool = True
    routed: bool = False
    repeated: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    unhandled: bool = False

    def body(self) -> dict[str, Any]:
        """Return the envelope; `code` is the status as a string."""
        error: dict[str, Any] = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": str(self.status),
        }
        if self.repeated:
            error["provider_specific_fields"] = {"error": self.message}
        return {"error": error}


# What LiteLLM makes of an upstream's failure, by status: error class, envelope type.
UPSTREAM_FAILURES: dict[int, tuple[str, str]] = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    403: ("PermissionDeniedError", "permission_denied_error"),
    404: ("NotFoundError", "not_found_error"),
    408: ("Timeout", "invalid_request_error"),
    429: ("RateLimitError", "throttling_error"),
    500: ("InternalServerError", "internal_server_error"),
    502: ("BadGatewayError", "internal_server_error"),
    503: ("ServiceUnavailableError", "internal_server_error"),
}


def upstream_failure(
    status: int, message: str | None, model: str, headers: tuple[tuple[str, str], ...] = ()
) -> ApiError:
    """Return the answer LiteLLM gives when the upstream of `model` failed with `status`."""
    name, kind = UPSTREAM_FAILURES.get(status, ("APIError", "internal_server_error"))
    if message is None:
        message = (
            f"litellm.{name}: scripted failure\n\nLiteLLM: model group '{model}' failed with "
            "the error above. No fallback was attempted."
        )
    return ApiError(status, message, kind, routed=True, headers=headers)
