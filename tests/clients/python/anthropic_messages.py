"""anthropic: two streamed turns."""

import sys

from anthropic import Anthropic

base_url, session, *prompts = sys.argv[1:]
client = Anthropic(base_url=base_url, api_key="any")
messages = []
for prompt in prompts:
    messages.append({"role": "user", "content": prompt})
    with client.messages.stream(
        model="claude-sonnet-5",
        max_tokens=100,
        messages=messages,
        extra_headers={"X-Zoo-Session-ID": session},
    ) as stream:
        text = stream.get_final_text()
    messages.append({"role": "assistant", "content": text})
    print(text)
