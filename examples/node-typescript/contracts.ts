// What `litellm-contracts check --command "node dist/contracts.js"` runs.

import { readFileSync } from "node:fs"

import { serve } from "./door.mjs"
import { LiteLLMHandler } from "./handler.js"

const sdk = JSON.parse(readFileSync("node_modules/openai/package.json", "utf8")) as { version: string }

serve({
	name: "node-typescript",
	sdk: `openai ${sdk.version}`,
	build: ({ baseUrl, apiKey, model }) => {
		const handler = new LiteLLMHandler({
			litellmBaseUrl: baseUrl,
			litellmApiKey: apiKey,
			litellmModelId: model,
			modelMaxTokens: 4096,
		})
		// The suite's words, turned into this provider's own.
		return {
			createMessage: (systemPrompt, messages, metadata) =>
				handler.createMessage(
					systemPrompt,
					messages,
					metadata && { ...metadata, taskId: metadata.task_id, toolChoice: metadata.tool_choice },
				),
			completePrompt: (prompt) => handler.completePrompt(prompt),
		}
	},
})
