// An Ollama that has its whole answer at once: what is left of a request's time is what stands in front of it.
// Like the real one it also answers /v1/messages, for who asks it directly.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { ollamaAnswer, streamedAnswer, unaryAnswer } from "../requests/answer.mjs";

const name = "qwen3-coder:30b";
const details = { format: "gguf", family: "qwen3moe", families: ["qwen3moe"], parameter_size: "30B" };
const model = { name, model: name, size: 18_000_000_000, digest: "b".repeat(64), details };
const show = {
  details,
  capabilities: ["completion", "tools"],
  model_info: {
    "general.architecture": "qwen3moe",
    "general.parameter_count": 30_000_000_000,
    "qwen3moe.block_count": 48,
    "qwen3moe.context_length": 262_144,
    "qwen3moe.embedding_length": 2048,
    "tokenizer.ggml.merges": null,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.token_type": null,
    "tokenizer.ggml.tokens": null,
  },
  template: "{{ .Prompt }}",
  parameters: "",
};

const answers = {
  "/": () => ["text/plain", "Ollama is running"],
  "/api/version": () => json({ version: "0.17.4" }),
  "/api/tags": () => json({ models: [model] }),
  "/api/ps": () => json({ models: [{ ...model, context_length: 65_536 }] }),
  "/api/show": () => json(show),
  "/api/chat": () => ["application/x-ndjson", ollamaAnswer],
  "/v1/messages": (body) =>
    body.includes('"stream":true')
      ? ["text/event-stream", streamedAnswer]
      : ["application/json", unaryAnswer],
};

const server = createServer(async (request, response) => {
  const body = await text(request);
  const answer = answers[request.url.split("?")[0]]?.(body);
  const [type, content] = answer ?? ["text/plain", "404 page not found"];
  response.writeHead(answer ? 200 : 404, {
    "content-type": type,
    "content-length": Buffer.byteLength(content),
  });
  response.end(content);
});

server.listen(Number(process.env.PORT), "127.0.0.1");

function json(value) {
  return ["application/json", JSON.stringify(value)];
}
