"""google-genai: two turns of a chat."""

import sys

from google import genai
from google.genai.types import GenerateContentConfig, HttpOptions

base_url, session, *prompts = sys.argv[1:]
options = HttpOptions(base_url=base_url, api_version="v1beta")  # LiteLLM has no /v1 for Gemini
client = genai.Client(api_key="any", http_options=options)
headers = HttpOptions(headers={"X-Zoo-Session-ID": session})
chat = client.chats.create(
    model="gemini-2.5-pro", config=GenerateContentConfig(http_options=headers)
)
for prompt in prompts:
    print(chat.send_message(prompt).text)
