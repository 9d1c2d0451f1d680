// A provider that talks to a LiteLLM proxy through the openai SDK, from 4.0.0 to 7.x.

import OpenAI from "openai"

const SESSION_HEADER = "X-Zoo-Session-ID"
const GPT_5 = /\bgpt-?5(?!\d)/i
const VISIBLE_ASCII = /^[!-~]+$/

export class LiteLLMHandler {
	constructor({ baseUrl, apiKey, model, maxTokens }) {
		this.model = model
		this.maxTokens = maxTokens
		this.client = new OpenAI({ baseURL: `${baseUrl.replace(/\/+$/, "")}/v1`, apiKey })
	}

	async *createMessage(systemPrompt, messages, metadata) {
		const body = {
			model: this.model,
			messages: [{ role: "system", content: systemPrompt }, ...messages],
			stream: true,
			stream_options: { include_usage: true },
			...this.limit(),
			...toolParameters(metadata),
		}
		// Headers of this request alone. As default headers they would stay for other conversations.
		const options = { headers: sessionHeaders(metadata?.task_id) }
		const { data: stream } = await this.client.chat.completions.create(body, options).withResponse()
		let finished = false
		let usage
		for await (const event of stream) {
			if (event.error) throw new Error(event.error.message ?? JSON.stringify(event.error))
			const choice = event.choices?.find((one) => !one.index)
			yield* deltaChunks(choice?.delta ?? {})
			finished ||= Boolean(choice?.finish_reason)
			usage = event.usage ?? usage
		}
		// The SDK takes any end of the body for the end of the answer.
		if (!finished) throw new Error("the stream ended without a finish_reason")
		if (usage) yield usageChunk(usage)
	}

	async completePrompt(prompt) {
		const answer = await this.client.chat.completions.create({
			model: this.model,
			messages: [{ role: "user", content: prompt }],
			...this.limit(),
		})
		return answer.choices[0].message.content ?? ""
	}

	limit() {
		if (this.maxTokens === undefined) return {}
		return GPT_5.test(this.model)
			? { max_completion_tokens: this.maxTokens }
			: { max_tokens: this.maxTokens }
	}
}

// The key must be absent where there is no task: openai 4.0.0 sends undefined as "undefined".
function sessionHeaders(taskId) {
	if (taskId === undefined || taskId === null || taskId === "") return {}
	// Refused here, at once: the SDK would trim some of these, send some, and retry others.
	if (typeof taskId !== "string" || !VISIBLE_ASCII.test(taskId)) {
		throw new TypeError("the task id cannot be a header value: it must be visible ASCII")
	}
	return { [SESSION_HEADER]: taskId }
}

function toolParameters(metadata) {
	if (!metadata?.tools?.length) return {}
	const { tools, tool_choice } = metadata
	return tool_choice === undefined || tool_choice === null ? { tools } : { tools, tool_choice }
}

function* deltaChunks(delta) {
	if (delta.reasoning_content) yield { type: "reasoning", text: delta.reasoning_content }
	if (delta.content) yield { type: "text", text: delta.content }
	for (const call of delta.tool_calls ?? []) {
		yield {
			type: "tool_call_partial",
			index: call.index ?? 0,
			id: call.id ?? null,
			name: call.function?.name ?? null,
			arguments: call.function?.arguments ?? "",
		}
	}
}

function usageChunk(usage) {
	const chunk = {
		type: "usage",
		input_tokens: usage.prompt_tokens ?? 0,
		output_tokens: usage.completion_tokens ?? 0,
	}
	const read = usage.cache_read_input_tokens ?? usage.prompt_tokens_details?.cached_tokens
	if (typeof read === "number") chunk.cache_read_tokens = read
	if (typeof usage.cache_creation_input_tokens === "number") {
		chunk.cache_write_tokens = usage.cache_creation_input_tokens
	}
	return chunk
}
