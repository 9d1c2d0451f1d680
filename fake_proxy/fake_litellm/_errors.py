"""Errors of this package, and LiteLLM's error envelopes.

FakeLiteLLMError
 x AddressTakenError (the port is taken or cannot be bound)
 x JournalBoundsError (a journal that may keep nothing)
 x ModelsError (a model list that is not one)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

if TYPE_CHECKING:
    from fake_litellm._replies import Failure


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


# What LiteLLM makes of an upstream's failure, by status: how its message begins, envelope type.
# The types of 403 and 422 are the upstream's own; these are OpenAI's.
UPSTREAM_FAILURES: dict[int, tuple[str, str]] = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError: AuthenticationError", "authentication_error"),
    403: ("APIError: APIError", "permission_error"),
    404: ("NotFoundError: NotFoundError", "invalid_request_error"),
    408: ("Timeout: Timeout Error", "invalid_request_error"),
    422: ("BadRequestError", "unprocessable_entity_error"),
    429: ("RateLimitError: RateLimitError", "throttling_error"),
    500: ("InternalServerError: InternalServerError", "internal_server_error"),
    502: ("BadGatewayError: BadGatewayError", "internal_server_error"),
    503: ("ServiceUnavailableError: ServiceUnavailableError", "internal_server_error"),
    504: ("Timeout: Timeout Error", "internal_server_error"),
}
_OTHER_FAILURE = ("APIError: APIError", "internal_server_error")
_PARAM_KEPT = {400, 422, 429, 500}  # others lose the upstream's `error.param`: measured on 1.106.2
_TIMEOUTS = {408, 504}
_STREAM_TIMEOUT_SINCE = Version("1.109.1")


def upstream_failure(
    failure: Failure,
    model: str,
    litellm: Version,
    headers: tuple[tuple[str, str], ...] = (),
) -> ApiError:
    """Return the answer LiteLLM gives when the upstream of `model` failed so."""
    status, message = failure.status, failure.message
    opening, kind = UPSTREAM_FAILURES.get(status, _OTHER_FAILURE)
    if message is None:
        said = f"litellm.{opening}: OpenAIException - scripted failure"
        message = in_model_group(said + _timeouts(status, litellm), model)
    param = failure.param if status in _PARAM_KEPT else None
    return ApiError(status, message, kind, param, routed=True, headers=headers)


def in_model_group(message: str, model: str) -> str:
    """Add what the router says to each failure behind it."""
    return (
        f"{message}\n\nLiteLLM: model group '{model}' failed with the error above. "
        "No fallback was attempted."
    )


def _timeouts(status: int, litellm: Version) -> str:
    """Return the settings that the message of a timeout tells."""
    if status not in _TIMEOUTS:
        return ""
    told = "\n\nDeployment Info: request_timeout: None\ntimeout: None"
    return told + ("\nstream_timeout: None" if litellm >= _STREAM_TIMEOUT_SINCE else "")
