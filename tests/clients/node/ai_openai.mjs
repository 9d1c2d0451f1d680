// The Vercel AI SDK with @ai-sdk/openai, which speaks the Responses API: two streamed turns.

import { createOpenAI } from "@ai-sdk/openai"
import { streamText } from "ai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const model = createOpenAI({ baseURL: `${baseURL}/v1`, apiKey: "any" })("gpt-4o")
const providerOptions = { openai: { store: false } } // else the history names items by id
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const headers = { "X-Zoo-Session-ID": session }
	const answer = streamText({ model, messages, headers, providerOptions })
	console.log(await answer.text)
	messages.push(...(await answer.response).messages)
}
