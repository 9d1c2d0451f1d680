// A provider in the shape of Zoo Code's: it talks to a LiteLLM proxy through the openai SDK.

import OpenAI from "openai"

const SESSION_HEADER = "X-Zoo-Session-ID"

type Messages = OpenAI.Chat.ChatCompletionMessageParam[]

export interface HandlerOptions {
	litellmBaseUrl?: string
	litellmApiKey?: string
	litellmModelId: string
	modelMaxTokens?: number
}

export interface CreateMessageMetadata {
	taskId?: string
	tools?: OpenAI.Chat.ChatCompletionTool[]
	toolChoice?: OpenAI.Chat.ChatCompletionToolChoiceOption
}

export type Chunk =
	| { type: "text" | "reasoning"; text: string }
	| { type: "tool_call_partial"; index: number; id: string | null; name: string | null; arguments: string }
	| {
			type: "usage"
			input_tokens: number
			output_tokens: number
			cache_read_tokens?: number
			cache_write_tokens?: number
	  }

/** What LiteLLM adds to the SDK's own types. */
type Delta = OpenAI.Chat.ChatCompletionChunk.Choice.Delta & { reasoning_content?: string }
type Usage = OpenAI.CompletionUsage & {
	cache_read_input_tokens?: number
	cache_creation_input_tokens?: number
}

export class LiteLLMHandler {
	private readonly client: OpenAI

	constructor(private readonly options: HandlerOptions) {
		this.client = new OpenAI({
			baseURL: `${options.litellmBaseUrl ?? "http://localhost:4000"}/v1`,
			apiKey: options.litellmApiKey ?? "dummy-key",
		})
	}

	async *createMessage(
		systemPrompt: string,
		messages: Messages,
		metadata?: CreateMessageMetadata,
	): AsyncGenerator<Chunk> {
		const request: OpenAI.Chat.ChatCompletionCreateParamsStreaming = {
			model: this.options.litellmModelId,
			messages: [{ role: "system", content: systemPrompt }, ...messages],
			stream: true,
			stream_options: { include_usage: true },
			...this.limit(),
		}
		if (metadata?.tools?.length) {
			request.tools = metadata.tools
			if (metadata.toolChoice) request.tool_choice = metadata.toolChoice
		}
		const headers = sessionHeaders(metadata?.taskId)
		let finished = false
		let usage: Usage | null | undefined
		try {
			// Headers of this request alone. As default headers they would stay for other tasks.
			const { data: stream } = await this.client.chat.completions.create(request, { headers }).withResponse()
			for await (const event of stream) {
				const choice = event.choices.find((one) => one.index === 0)
				yield* deltaChunks(choice?.delta)
				finished ||= Boolean(choice?.finish_reason)
				usage = event.usage ?? usage
			}
		} catch (error) {
			throw new Error(`LiteLLM streaming error: ${messageOf(error)}`, { cause: error })
		}
		// The SDK takes any end of the body for the end of the answer.
		if (!finished) throw new Error("LiteLLM streaming error: the stream ended without a finish_reason")
		if (usage) yield usageChunk(usage)
	}

	async completePrompt(prompt: string): Promise<string> {
		try {
			const answer = await this.client.chat.completions.create({
				model: this.options.litellmModelId,
				messages: [{ role: "user", content: prompt }],
				...this.limit(),
			})
			return answer.choices[0]?.message.content ?? ""
		} catch (error) {
			throw new Error(`LiteLLM completion error: ${messageOf(error)}`, { cause: error })
		}
	}

	private limit(): { max_tokens?: number; max_completion_tokens?: number } {
		const { litellmModelId, modelMaxTokens } = this.options
		if (modelMaxTokens === undefined) return {}
		return /\bgpt-?5(?!\d)/i.test(litellmModelId)
			? { max_completion_tokens: modelMaxTokens }
			: { max_tokens: modelMaxTokens }
	}
}

function sessionHeaders(taskId: string | undefined): Record<string, string> {
	if (!taskId) return {}
	if (typeof taskId !== "string" || !/^[!-~]+$/.test(taskId)) {
		throw new TypeError("the task id cannot be a header value: it must be visible ASCII")
	}
	return { [SESSION_HEADER]: taskId }
}

function* deltaChunks(delta: Delta | undefined): Generator<Chunk> {
	if (delta?.reasoning_content) yield { type: "reasoning", text: delta.reasoning_content }
	if (delta?.content) yield { type: "text", text: delta.content }
	for (const call of delta?.tool_calls ?? []) {
		yield {
			type: "tool_call_partial",
			index: call.index,
			id: call.id ?? null,
			name: call.function?.name ?? null,
			arguments: call.function?.arguments ?? "",
		}
	}
}

function usageChunk(usage: Usage): Chunk {
	const read = usage.cache_read_input_tokens ?? usage.prompt_tokens_details?.cached_tokens
	const written = usage.cache_creation_input_tokens
	return {
		type: "usage",
		input_tokens: usage.prompt_tokens,
		output_tokens: usage.completion_tokens,
		...(read === undefined ? {} : { cache_read_tokens: read }),
		...(written === undefined ? {} : { cache_write_tokens: written }),
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error)
}
