// @anthropic-ai/sdk: two streamed turns.

import Anthropic from "@anthropic-ai/sdk"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const client = new Anthropic({ baseURL, apiKey: "any" })
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const asked = { model: "claude-sonnet-5", max_tokens: 100, messages }
	const headers = { "X-Zoo-Session-ID": session }
	const text = await client.messages.stream(asked, { headers }).finalText()
	messages.push({ role: "assistant", content: text })
	console.log(text)
}
