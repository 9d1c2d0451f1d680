"""What a handler raises when the proxy or the way to it fails.

    LiteLLMError
    ├── LiteLLMStreamingError     from create_message, "LiteLLM streaming error: ..."
    └── LiteLLMCompletionError    from complete_prompt, "LiteLLM completion error: ..."

The SDK's or the transport's own exception is the ``__cause__``. A task id that cannot be sent is
the caller's mistake and a plain ``ValueError``; an unusable SDK is an ``ImportError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing import Self


class LiteLLMError(Exception):
    """A call through LiteLLM failed.

    ``status_code`` is the HTTP status, or ``None`` where no answer or a broken stream is the
    fault. ``call_id`` is LiteLLM's own name for the call (``x-litellm-call-id``), as its logs
    have it, if the proxy told it.
    """

    prefix: ClassVar[str] = "LiteLLM error: "

    def __init__(
        self, message: str, *, status_code: int | None = None, call_id: str | None = None
    ) -> None:
        super().__init__(self.prefix + message)
        self.status_code = status_code
        self.call_id = call_id

    @classmethod
    def wrap(cls, error: Exception, *, api_key: str, call_id: str | None = None) -> Self:
        """Name the cause without the API key; raise the result ``from`` the cause."""
        message = _hide(_describe(error), api_key)
        _redact(error, api_key)
        response = getattr(error, "response", None)
        return cls(
            message,
            status_code=getattr(error, "status_code", None),
            call_id=call_id if response is None else response.headers.get("x-litellm-call-id"),
        )


class LiteLLMStreamingError(LiteLLMError):
    """A stream failed, before its first chunk or in the middle."""

    prefix = "LiteLLM streaming error: "


class LiteLLMCompletionError(LiteLLMError):
    """A completion failed."""

    prefix = "LiteLLM completion error: "


def _describe(error: Exception) -> str:
    """Add what the SDK leaves out of its messages.

    "Connection error." has its reason in its cause, an old SDK's "An error ocurred during
    streaming" in its body (openai 1.0.0 loses it), and httpx timeouts have no message at all.
    """
    body = getattr(error, "body", None)
    in_body = body.get("message") if isinstance(body, dict) else None
    text = str(error) or type(error).__name__
    details = [str(detail or "") for detail in (in_body, error.__cause__)]
    return " ".join([text, *(f"({detail})" for detail in details if detail not in text)])


def _redact(error: BaseException, api_key: str) -> None:
    """Take the key out of the causes' own messages too: a traceback prints the whole chain."""
    link: BaseException | None = error
    while link is not None:
        link.args = tuple(_hide(a, api_key) if isinstance(a, str) else a for a in link.args)
        link = link.__cause__ or link.__context__


def _hide(text: str, api_key: str) -> str:
    # Stripped: a key with a newline, as read from a file, is quoted in h11's own error message.
    key = api_key.strip()
    return text.replace(key, "[api key]") if key else text
