"""The handler itself: two calls to a LiteLLM proxy through the openai SDK."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from litellm_handler._chunks import delta_chunks, first_choice, to_plain, usage_chunk
from litellm_handler._errors import LiteLLMCompletionError, LiteLLMStreamingError
from litellm_handler._messages import build_messages
from litellm_handler._parameters import model_parameters, tool_parameters
from litellm_handler._sdk import client_class
from litellm_handler._session import logger, session_headers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from litellm_handler._chunks import Chunk


class LiteLLMHandler:
    """A provider that talks to a LiteLLM proxy.

    Args:
        base_url: The proxy, with or without ``/v1``.
        api_key: A key of the proxy.
        model: A model name as the proxy knows it.
        max_tokens: The most tokens of an answer; ``None`` leaves it to the model.
        temperature: ``None`` leaves it to the model.
        use_prompt_cache: Mark the system prompt and the last two user messages as cacheable.
        session_header: The vendor's header that carries ``metadata["task_id"]``; LiteLLM knows
            ``x-<vendor>-session-id``.
        timeout: Seconds to wait for a connection and for each piece of an answer; ``None`` keeps
            the SDK's 5 and 600.
        max_retries: How often the SDK repeats a request that failed before its answer began.

    Raises:
        ImportError: openai is missing or older than 1.0.
    """

    def __init__(  # noqa: PLR0913 - a provider's settings, keyword-only
        self,
        base_url: str = "http://localhost:4000",
        api_key: str = "dummy-key",
        model: str = "gpt-4o",
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        use_prompt_cache: bool = False,
        session_header: str = "X-Zoo-Session-ID",
        timeout: float | None = None,
        max_retries: int = 2,
    ) -> None:
        self.model = model
        self._api_key = api_key
        self._use_prompt_cache = use_prompt_cache
        self._session_header = session_header
        self._parameters = model_parameters(model, max_tokens=max_tokens, temperature=temperature)
        # A timeout of None would switch the SDK's own off, so it is passed only when given.
        limits: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        self._client = client_class()(
            base_url=base_url.rstrip("/").removesuffix("/v1") + "/v1",
            api_key=api_key,
            max_retries=max_retries,
            **limits,
        )

    def create_message(
        self,
        system_prompt: str,
        messages: Iterable[Mapping[str, Any]],
        metadata: Mapping[str, object] | None = None,
    ) -> AsyncGenerator[Chunk, None]:
        """Stream an answer: text, reasoning and tool-call chunks, then one usage chunk.

        ``messages`` are chat-completions messages. ``metadata`` may hold ``task_id``, the
        conversation, sent as the session header; ``tools``, ``tool_choice`` and
        ``parallel_tool_calls``, as chat completions know them; other keys are ignored.

        Raises:
            ValueError: at the call, before anything is sent: the task id cannot be a header value.
            LiteLLMStreamingError: while iterating: the request failed, or the stream broke off.
        """
        # Not a generator itself: those run no line before the first iteration.
        return self._stream(
            build_messages(
                system_prompt, messages, model=self.model, use_prompt_cache=self._use_prompt_cache
            ),
            headers=session_headers(self._session_header, metadata),
            parameters={
                **self._parameters,
                **tool_parameters(metadata),
                "stream_options": {"include_usage": True},
            },
        )

    async def _stream(
        self, messages: list[Any], *, headers: dict[str, str], parameters: dict[str, object]
    ) -> AsyncGenerator[Chunk, None]:
        response = call_id = usage = None
        finished = False
        try:
            # Headers of this call alone: a default header would stay for other conversations,
            # and openai < 3.19.1 sends both where a default and a call's differ in letter case.
            raw = await self._client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=messages,
                stream=True,
                extra_headers=headers,
                extra_body=parameters,
            )
            response = raw.http_response
            call_id = raw.headers.get("x-litellm-call-id")
            logger.debug("LiteLLM call %s", call_id)
            stream: Any = raw.parse()
            if inspect.isawaitable(stream):  # as with_streaming_response's is; not in 1.0 to 3.57
                stream = await stream
            async for event in stream:
                plain = to_plain(event)
                choice = first_choice(plain)
                for chunk in delta_chunks(choice):
                    yield chunk
                finished = finished or bool(choice.get("finish_reason"))
                usage = plain.get("usage") or usage
        except Exception as error:
            # Not only openai's errors: openai < 3.14 lets those of httpx through in mid-stream.
            raise LiteLLMStreamingError.wrap(
                error, api_key=self._api_key, call_id=call_id
            ) from error
        finally:
            # By hand, as the consumer may stop early: AsyncStream has no close() before 1.6.
            if response is not None:
                await response.aclose()
        if not finished:
            # The SDK takes any end of the body for the end of the answer.
            raise LiteLLMStreamingError(
                "the stream ended without a finish_reason, so the answer is not whole",
                call_id=call_id,
            )
        if usage:
            yield usage_chunk(usage)

    async def complete_prompt(self, prompt: str) -> str:
        """Answer a single prompt, outside any conversation: no session header.

        Raises:
            LiteLLMCompletionError: the request failed, or the answer is none.
        """
        try:
            answer = to_plain(
                await self._client.chat.completions.create(
                    model=self.model,
                    messages=[{"role": "user", "content": prompt}],
                    extra_body=self._parameters,
                )
            )
        except Exception as error:
            raise LiteLLMCompletionError.wrap(error, api_key=self._api_key) from error
        match answer:
            case {"choices": [{"message": {"content": str(text)}}, *_]}:
                return text
            case {"choices": [{"message": dict()}, *_]}:
                return ""
        raise LiteLLMCompletionError("the answer has no choices")

    async def aclose(self) -> None:
        """Close the connections to the proxy."""
        await self._client.close()
