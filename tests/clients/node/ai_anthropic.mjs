// The Vercel AI SDK with @ai-sdk/anthropic: two turns.

import { createAnthropic } from "@ai-sdk/anthropic"
import { generateText } from "ai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const model = createAnthropic({ baseURL: `${baseURL}/v1`, apiKey: "any" })("claude-sonnet-5")
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const headers = { "X-Zoo-Session-ID": session }
	const answer = await generateText({ model, messages, headers })
	console.log(answer.text)
	messages.push(...answer.response.messages)
}
