"""The openai SDK, imported when the first handler is built and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai import AsyncOpenAI


def client_class() -> type[AsyncOpenAI]:
    """Import the openai SDK and return its asynchronous client.

    The import takes about a second, which is why ``import litellm_handler`` does not pay for it.

    Raises:
        ImportError: openai is missing, does not import, or is older than 1.0. A 0.x SDK puts
            ``extra_headers`` into the JSON body: no session header, and no error either.
    """
    try:
        import openai
    except ImportError as error:
        raise ImportError(
            f"litellm_handler needs the openai SDK, which could not be imported ({error}). "
            'Install it with: pip install "litellm-contracts[openai]"'
        ) from error
    version = getattr(openai, "__version__", "of unknown version")
    if not hasattr(openai, "AsyncOpenAI"):
        raise ImportError(
            f"litellm_handler needs openai >= 1.0, found openai {version}. "
            'Upgrade it with: pip install --upgrade "litellm-contracts[openai]"'
        )
    return openai.AsyncOpenAI
