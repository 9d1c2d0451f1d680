"""llama-index-llms-openai-like: two turns."""

import sys

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

base_url, session, *prompts = sys.argv[1:]
model = OpenAILike(model="gpt-4o", api_base=f"{base_url}/v1", api_key="any", is_chat_model=True)
messages = []
for prompt in prompts:
    messages.append(ChatMessage(role="user", content=prompt))
    answer = model.chat(messages, extra_headers={"X-Zoo-Session-ID": session})
    messages.append(answer.message)
    print(answer.message.content)
