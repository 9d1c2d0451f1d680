"""openai-agents: an agent of two turns, its memory in an SQLiteSession."""

import sys

from agents import (
    Agent,
    ModelSettings,
    Runner,
    SQLiteSession,
    set_default_openai_client,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

base_url, session, *prompts = sys.argv[1:]
set_tracing_disabled(disabled=True)
set_default_openai_client(AsyncOpenAI(base_url=f"{base_url}/v1", api_key="any"))
settings = ModelSettings(extra_headers={"X-Zoo-Session-ID": session})
agent = Agent(name="assistant", model="gpt-4o", model_settings=settings)
memory = SQLiteSession(session)
for prompt in prompts:
    print(Runner.run_sync(agent, prompt, session=memory).final_output)
