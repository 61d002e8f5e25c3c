// An Ollama that has its whole answer at once: what is left of a request's time is what stands in front of it. A
// question with the mark `slowly` gets a token every 10 ms instead. Like the real one it also answers
// /v1/messages, for who asks it directly. `GET /count` tells how many generations it was asked for.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { ollamaAnswer, streamedAnswer, unaryAnswer, unaryOllamaAnswer } from "../requests/answer.mjs";
import { pacedEvents, pacedLines } from "../requests/paced-answer.mjs";
import { slowMark } from "../requests/placeholders.mjs";
import { writePaced } from "./write-paced.mjs";

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
  "/count": () => json({ generations }),
  "/api/version": () => json({ version: "0.17.4" }),
  "/api/tags": () => json({ models: [model] }),
  "/api/ps": () => json({ models: [{ ...model, context_length: 65_536 }] }),
  "/api/show": () => json(show),
  "/api/chat": (body) =>
    body.includes('"stream":false') || body.includes('"stream": false')
      ? ["application/json", unaryOllamaAnswer]
      : ["application/x-ndjson", ollamaAnswer],
  "/v1/messages": (body) =>
    body.includes('"stream":true')
      ? ["text/event-stream", streamedAnswer]
      : ["application/json", unaryAnswer],
};
const pacedAnswers = {
  "/api/chat": ["application/x-ndjson", pacedLines],
  "/v1/messages": ["text/event-stream", pacedEvents],
};
/** Of a template in which the adapter finds no tool calls that it could read: it asks by /api/chat, as peers do. */
const rendering = {
  message: { role: "", content: "" },
  done: false,
  _debug_info: { rendered_template: "" },
};
let generations = 0;

const server = createServer(async (request, response) => {
  const body = await text(request);
  const path = request.url.split("?")[0];
  const paced = pacedAnswers[path];
  if (body.includes('"_debug_render_only":true')) return send(response, json(rendering));
  if (paced) generations += 1;
  if (paced && body.includes(slowMark)) return writePaced(response, ...paced);
  const answer = answers[path]?.(body);
  if (answer) send(response, answer);
  else send(response, ["text/plain", "404 page not found"], 404);
});

server.listen(Number(process.env.PORT), "127.0.0.1");

function send(response, [type, content], status = 200) {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(content) });
  response.end(content);
}

function json(value) {
  return ["application/json", JSON.stringify(value)];
}
