// Asks one question and prints the answer as it is written: node ask.mjs "What is a monad?"
// Needs `npm install @anthropic-ai/sdk`; ANTHROPIC_BASE_URL is the gateway, ANTHROPIC_API_KEY a key where it has some.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: process.env.ANTHROPIC_BASE_URL ?? "http://localhost:8000",
  apiKey: process.env.ANTHROPIC_API_KEY ?? "local",
  timeout: 1_800_000,
});
const stream = client.messages
  .stream({
    model: process.env.ANTHROPIC_MODEL ?? "qwen3-coder",
    max_tokens: 1024,
    messages: [{ role: "user", content: process.argv[2] ?? "Hello" }],
  })
  .on("text", (text) => process.stdout.write(text));
await stream.finalMessage();
console.log();
