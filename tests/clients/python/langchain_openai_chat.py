"""langchain-openai: two turns."""

import sys

from langchain_openai import ChatOpenAI

base_url, session, *prompts = sys.argv[1:]
model = ChatOpenAI(model="gpt-4o", base_url=f"{base_url}/v1", api_key="any")
messages = []
for prompt in prompts:
    messages.append(("user", prompt))
    answer = model.invoke(messages, extra_headers={"X-Zoo-Session-ID": session})
    messages.append(answer)
    print(answer.text)
