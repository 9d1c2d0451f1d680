"""langchain-anthropic: two turns."""

import sys

from langchain_anthropic import ChatAnthropic

base_url, session, *prompts = sys.argv[1:]
model = ChatAnthropic(model="claude-sonnet-5", base_url=base_url, api_key="any")
messages = []
for prompt in prompts:
    messages.append(("user", prompt))
    answer = model.invoke(messages, extra_headers={"X-Zoo-Session-ID": session})
    messages.append(answer)
    print(answer.text)
