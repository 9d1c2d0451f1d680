// The door of litellm-contracts for Node: protocol 1, JSON Lines on standard input and output.
// Printed by `litellm-contracts door node > door.mjs`. Keep it beside your handler, and write a
// program of a few lines that calls serve(); `litellm-contracts check --command "node ..."` runs it.

import { createInterface } from "node:readline"

/**
 * @typedef {{ task_id?: any, tools?: any[], tool_choice?: any, [key: string]: any }} Metadata
 * @typedef {{
 *   createMessage?: (systemPrompt: string, messages: any[], metadata?: Metadata) => AsyncIterable<object>,
 *   completePrompt?: (prompt: string) => Promise<string>,
 * }} Handler
 * @typedef {{ baseUrl: string, apiKey: string, model: string }} Settings
 */

/**
 * Answer the suite until it says stop.
 *
 * @param {{
 *   build: (settings: Settings) => Handler | Promise<Handler>,
 *   name?: string,
 *   sdk?: string,
 *   capabilities?: ("create_message" | "complete_prompt")[],
 * }} options build makes a handler for one proxy (baseUrl has no /v1), key and model. name and sdk
 *   (such as "openai 6.49.0") are for the report. capabilities leaves out a method that the
 *   handler does not have.
 */
export function serve({ build, name, sdk, capabilities = ["create_message", "complete_prompt"] }) {
	const handlers = new Map()
	const write = process.stdout.write.bind(process.stdout)
	// Standard output belongs to the protocol: whatever the handler prints goes to standard error.
	process.stdout.write = /** @type {any} */ (process.stderr.write.bind(process.stderr))

	/** @type {Record<string, (request: any) => Promise<object>>} */
	const operations = {
		async start() {
			return { protocol: 1, name, language: `node ${process.versions.node}`, sdk, capabilities }
		},
		async handler({ handler, base_url, api_key, model }) {
			handlers.set(handler, await build({ baseUrl: base_url, apiKey: api_key, model }))
			return { handler, ok: true }
		},
		async create_message({ id, handler, system_prompt, messages, metadata }) {
			/** @type {object[]} */
			const chunks = []
			try {
				// JSON has no undefined: null stands for an argument that is left out.
				const stream = find(handler).createMessage(system_prompt, messages, metadata ?? undefined)
				for await (const chunk of stream) chunks.push(chunk)
			} catch (error) {
				return { id, chunks, error: describe(error) }
			}
			return { id, chunks }
		},
		async complete_prompt({ id, handler, prompt }) {
			return { id, text: (await find(handler).completePrompt(prompt)) ?? null }
		},
	}

	/** @param {string} id */
	function find(id) {
		if (!handlers.has(id)) throw new Error(`no handler ${id} was built`)
		return handlers.get(id)
	}

	/** @param {string} line */
	async function answer(line) {
		const request = JSON.parse(line)
		if (request.op === "stop") process.exit(0)
		const { id, handler } = request
		const subject = id === undefined ? { handler } : { id }
		let reply
		try {
			if (!(request.op in operations)) throw new Error(`unknown op ${request.op}`)
			reply = await operations[request.op](request)
		} catch (error) {
			reply = { ...subject, error: describe(error) }
		}
		write(`${JSON.stringify(reply)}\n`)
	}

	createInterface({ input: process.stdin, crlfDelay: Infinity })
		.on("line", answer) // not awaited: several calls may be in flight
		.on("close", () => process.exit(0))
}

/** @param {unknown} error */
function describe(error) {
	if (!(error instanceof Error)) return String(error)
	const cause = error.cause === undefined ? "" : ` (cause: ${error.cause})`
	return `${error.name}: ${error.message}${cause}`
}
