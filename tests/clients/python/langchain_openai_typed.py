"""langchain-openai: two turns with a typed answer, which is text of a JSON Schema."""

import sys
from typing import Literal

from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Answer(BaseModel):
    text: Literal["Understood, said the fake."]


base_url, session, *prompts = sys.argv[1:]
headers = {"X-Zoo-Session-ID": session}
model = ChatOpenAI(
    model="gpt-4o", base_url=f"{base_url}/v1", api_key="any", default_headers=headers
).with_structured_output(Answer)
messages = []
for prompt in prompts:
    messages.append(("user", prompt))
    answer = model.invoke(messages)
    messages.append(("assistant", answer.text))
    print(answer.text)
