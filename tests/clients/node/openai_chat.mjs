// openai: two streamed turns through chat completions.

import OpenAI from "openai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: "any" })
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const headers = { "X-Zoo-Session-ID": session }
	const stream = client.chat.completions.stream({ model: "gpt-4o", messages }, { headers })
	messages.push(await stream.finalMessage())
	console.log(messages.at(-1).content)
}
