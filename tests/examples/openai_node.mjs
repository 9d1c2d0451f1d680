// Prints, as JSON, what arrives for each probe of litellm_contracts/probes/openai-node.toml.

import http from "node:http"

import OpenAI from "openai"

const H = "X-Zoo-Session-ID"
const ANSWER = JSON.stringify({ id: "x", object: "chat.completion", created: 1, model: "m", choices: [] })
let lines = []

const listen = (answer) =>
	new Promise((resolve) => {
		const server = http.createServer((request, response) => {
			lines = request.rawHeaders
			request.resume().on("end", () => answer(request, response))
		})
		server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`))
	})
const reply = (_, response) => response.setHeader("content-type", "application/json").end(ANSWER)
const elsewhere = await listen(reply)
const here = await listen(reply)
const redirecting = await listen((request, response) =>
	response.writeHead(307, { location: `${elsewhere}${request.url}` }).end(),
)

async function seen({ defaults = {}, headers = {}, url = here, name = H }) {
	const client = new OpenAI({ baseURL: url, apiKey: "sk-probe", defaultHeaders: defaults, maxRetries: 0 })
	try {
		await client.chat.completions.create({ model: "m", messages: [] }, { headers })
	} catch (error) {
		return [error.constructor.name]
	}
	const found = []
	for (let at = 0; at < lines.length; at += 2) {
		if (lines[at].toLowerCase() === name.toLowerCase()) found.push(`${lines[at]}: ${lines[at + 1]}`)
	}
	return found
}

const facts = {
	"header-letter-case": await seen({ headers: { [H]: "a" } }),
	"header-value-undefined": await seen({ headers: { [H]: undefined } }),
	"null-over-default": await seen({ defaults: { [H]: "d" }, headers: { [H]: null } }),
	"default-header-in-another-case": await seen({ defaults: { [H]: "d" }, headers: { [H.toLowerCase()]: "e" } }),
	"headers-object": await seen({ headers: new Headers({ [H]: "a" }) }),
	"header-value-line-break": await seen({ headers: { [H]: "a\r\nb: c" } }),
	"header-value-final-line-feed": await seen({ headers: { [H]: "abc\n" } }),
	"key-to-another-port": (await seen({ url: redirecting, name: "authorization" })).map((line) =>
		line.replace("Authorization", "authorization"),
	),
}
const told = Object.entries(facts).map(([id, lines]) => [id, lines.join("; ") || "nothing"])
console.log(JSON.stringify(Object.fromEntries(told)))
process.exit(0)
