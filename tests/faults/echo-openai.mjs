// As echo-ollama, on the wire of vLLM's server.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { ChunkWriter, finishReason } from "../support/fake-openai/chunk-writer.ts";
import { play } from "../support/fake-ollama/script.ts";
import { readPrompt, toScript } from "./answers.mjs";

const windowTokens = 65_536;
const promptTokens = 100;
const routes = {
  "/v1/models": {
    object: "list",
    data: [{ id: "tiny", object: "model", owned_by: "vllm", root: "org/tiny", max_model_len: windowTokens }],
  },
  "/tokenize": { count: promptTokens, max_model_len: windowTokens, tokens: [] },
};

createServer(async (request, response) => {
  const body = request.method === "POST" ? await json(request).catch(() => undefined) : undefined;
  if (request.url === "/v1/chat/completions") return answer(body, response);
  sendJson(response, request.url in routes ? 200 : 404, routes[request.url] ?? { error: { code: 404 } });
}).listen(Number(process.env.PORT), "127.0.0.1");

async function answer(body, response) {
  const asked = readPrompt(JSON.stringify(body?.messages ?? ""));
  const hasTools = body?.tools !== undefined;
  const script = asked ? toScript(asked, "openai", hasTools) : [{ text: "Hello." }];
  if ("status" in script[0]) return sendJson(response, script[0].status, script[0].body);
  const writer = new ChunkWriter(response);
  writer.begin();
  for (const step of play(script, body?.max_tokens ?? Infinity, [])) {
    if (response.destroyed) return;
    if ("delayMs" in step) await sleep(step.delayMs);
    else if ("raw" in step) response.write(step.raw);
    else if (step.cut === "end") response.end();
    else if (step.cut === "reset") response.socket.resetAndDestroy();
    else if ("done" in step)
      writer.end(finishReason(step.done.reason, hasTools && asked), promptTokens, step.done.evalCount);
    else writer.write(step);
  }
}

function sendJson(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
