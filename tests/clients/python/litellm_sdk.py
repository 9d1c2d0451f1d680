"""litellm: two turns through its provider for LiteLLM proxies."""

import sys

import litellm

base_url, session, *prompts = sys.argv[1:]
messages = []
for prompt in prompts:
    messages.append({"role": "user", "content": prompt})
    answer = litellm.completion(
        model="litellm_proxy/gpt-4o",
        api_base=base_url,
        api_key="any",
        messages=messages,
        extra_headers={"X-Zoo-Session-ID": session},
    )
    messages.append(answer.choices[0].message.model_dump())
    print(answer.choices[0].message.content)
