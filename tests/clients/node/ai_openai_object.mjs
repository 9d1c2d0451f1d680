// The Vercel AI SDK with @ai-sdk/openai: two turns with a typed answer, text of a JSON Schema.

import { createOpenAI } from "@ai-sdk/openai"
import { generateText, jsonSchema, Output } from "ai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const model = createOpenAI({ baseURL: `${baseURL}/v1`, apiKey: "any" })("gpt-4o")
const schema = jsonSchema({
	type: "object",
	properties: { text: { const: "Understood, said the fake." } },
	required: ["text"],
	additionalProperties: false,
})
const messages = []
for (const content of prompts) {
	messages.push({ role: "user", content })
	const headers = { "X-Zoo-Session-ID": session }
	const asked = { model, messages, headers, output: Output.object({ schema }) }
	const { output } = await generateText(asked)
	messages.push({ role: "assistant", content: output.text })
	console.log(output.text)
}
