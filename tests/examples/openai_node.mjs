// Prints, as JSON, which header lines arrive for each fact of openai-node.toml.

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
	kept: await seen({ headers: { [H]: "a" } }),
	undefined: await seen({ headers: { [H]: undefined } }),
	"null-over-default": await seen({ defaults: { [H]: "d" }, headers: { [H]: null } }),
	"other-case-than-default": await seen({ defaults: { [H]: "d" }, headers: { [H.toLowerCase()]: "e" } }),
	"headers-object": await seen({ headers: new Headers({ [H]: "a" }) }),
	crlf: await seen({ headers: { [H]: "a\r\nb: c" } }),
	"trailing-lf": await seen({ headers: { [H]: "abc\n" } }),
	"key-across-ports": (await seen({ url: redirecting, name: "authorization" })).map((line) =>
		line.replace("Authorization", "authorization"),
	),
}
console.log(JSON.stringify(facts))
process.exit(0)
