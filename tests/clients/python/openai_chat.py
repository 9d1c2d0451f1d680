"""openai: two turns through chat completions."""

import sys

from openai import OpenAI

base_url, session, *prompts = sys.argv[1:]
client = OpenAI(base_url=f"{base_url}/v1", api_key="any")
messages = []
for prompt in prompts:
    messages.append({"role": "user", "content": prompt})
    answer = client.chat.completions.create(
        model="gpt-4o", messages=messages, extra_headers={"X-Zoo-Session-ID": session}
    )
    messages.append({"role": "assistant", "content": answer.choices[0].message.content})
    print(answer.choices[0].message.content)
