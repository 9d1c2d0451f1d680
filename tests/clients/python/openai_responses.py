"""openai: two streamed turns through the Responses API."""

import sys

from openai import OpenAI

base_url, session, *prompts = sys.argv[1:]
client = OpenAI(base_url=f"{base_url}/v1", api_key="any")
items = []
for prompt in prompts:
    items.append({"role": "user", "content": prompt})
    with client.responses.stream(
        model="gpt-4o", input=items, extra_headers={"X-Zoo-Session-ID": session}
    ) as stream:
        answer = stream.get_final_response()
    items += answer.output
    print(answer.output_text)
