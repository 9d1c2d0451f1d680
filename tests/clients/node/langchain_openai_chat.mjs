// @langchain/openai: two turns.

import { ChatOpenAI } from "@langchain/openai"

const [baseURL, session, ...prompts] = process.argv.slice(2)
const model = new ChatOpenAI({
	model: "gpt-4o",
	apiKey: "any",
	configuration: { baseURL: `${baseURL}/v1` },
})
const messages = []
for (const prompt of prompts) {
	messages.push(["user", prompt])
	const answer = await model.invoke(messages, {
		options: { headers: { "X-Zoo-Session-ID": session } },
	})
	messages.push(answer)
	console.log(answer.content)
}
