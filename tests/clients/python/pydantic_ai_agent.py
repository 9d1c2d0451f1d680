"""pydantic-ai: an agent of two turns, through its provider for LiteLLM proxies."""

import sys

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.litellm import LiteLLMProvider

base_url, session, *prompts = sys.argv[1:]
provider = LiteLLMProvider(api_base=f"{base_url}/v1", api_key="any")
agent = Agent(OpenAIChatModel("gpt-4o", provider=provider))
history = []
for prompt in prompts:
    result = agent.run_sync(
        prompt,
        message_history=history,
        model_settings={"extra_headers": {"X-Zoo-Session-ID": session}},
    )
    history = result.all_messages()
    print(result.output)
