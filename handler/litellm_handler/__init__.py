"""A minimal LiteLLM provider: the handler under test, and the example to learn from."""

from litellm_handler._chunks import Chunk, ReasoningChunk, TextChunk, ToolCallChunk, UsageChunk
from litellm_handler._errors import LiteLLMCompletionError, LiteLLMError, LiteLLMStreamingError
from litellm_handler._handler import LiteLLMHandler

__all__ = [
    "Chunk",
    "LiteLLMCompletionError",
    "LiteLLMError",
    "LiteLLMHandler",
    "LiteLLMStreamingError",
    "ReasoningChunk",
    "TextChunk",
    "ToolCallChunk",
    "UsageChunk",
]
