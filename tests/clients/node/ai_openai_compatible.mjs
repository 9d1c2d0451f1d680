// The Vercel AI SDK with @ai-sdk/openai-compatible: two streamed turns.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { streamText } from "ai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const model = createOpenAICompatible({ name: "litellm", baseURL: `${baseURL}/v1` })("gpt-4o")
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const answer = streamText({ model, messages, headers: { "X-Zoo-Session-ID": session } })
	console.log(await answer.text)
	messages.push(...(await answer.response).messages)
}
