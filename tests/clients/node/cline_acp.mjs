// Cline, as an editor drives it (Agent Client Protocol): without one it resumes only in a terminal.

import { spawn } from "node:child_process"
import { Readable, Writable } from "node:stream"

import { client, methods, ndJsonStream } from "@agentclientprotocol/sdk"

const prompts = process.argv.slice(4)
const cline = spawn("cline", ["--acp"], { stdio: ["pipe", "pipe", "inherit"] })
const wire = ndJsonStream(Writable.toWeb(cline.stdin), Readable.toWeb(cline.stdout))
let said = ""

await client({ name: "editor" })
	.onNotification(methods.client.session.update, ({ params: { update } }) => {
		if (update.sessionUpdate === "agent_message_chunk") said += update.content.text
	})
	.onRequest(methods.client.session.requestPermission, ({ params: { options } }) => ({
		outcome: { outcome: "selected", optionId: options[0].optionId },
	}))
	.connectWith(wire, async (agent) => {
		await agent.request(methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} })
		const asked = { cwd: process.cwd(), mcpServers: [] }
		const { sessionId } = await agent.request(methods.agent.session.new, asked)
		for (const text of prompts) {
			said = ""
			const prompt = [{ type: "text", text }]
			await agent.request(methods.agent.session.prompt, { sessionId, prompt })
			console.log(said)
		}
	})
cline.stdin.destroy()
