"""instructor: two turns, each a forced tool call; the fake answers with what its schema allows."""

import sys
from typing import Literal

import instructor
from openai import OpenAI
from pydantic import BaseModel


class Answer(BaseModel):
    text: Literal["Understood, said the fake."]


base_url, session, *prompts = sys.argv[1:]
client = instructor.from_openai(OpenAI(base_url=f"{base_url}/v1", api_key="any"))
messages = []
for prompt in prompts:
    messages.append({"role": "user", "content": prompt})
    answer = client.create(
        model="gpt-4o",
        response_model=Answer,
        messages=messages,
        extra_headers={"X-Zoo-Session-ID": session},
    )
    messages.append({"role": "assistant", "content": answer.text})
    print(answer.text)
