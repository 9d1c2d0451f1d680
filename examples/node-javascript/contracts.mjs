// What `litellm-contracts check --command "node contracts.mjs"` runs.

import { readFileSync } from "node:fs"

import { serve } from "./door.mjs"
import { LiteLLMHandler } from "./handler.mjs"

// Read, not imported: openai 4 to 7 do not all export their package.json.
const sdk = JSON.parse(readFileSync(new URL("node_modules/openai/package.json", import.meta.url), "utf8"))

serve({
	name: "node-javascript",
	sdk: `openai ${sdk.version}`,
	build: (settings) => new LiteLLMHandler(settings),
})
