import { once } from "node:events";
import { createServer } from "node:http";

const environment = [
  "export ANTHROPIC_BASE_URL='http://localhost:1'",
  "export ANTHROPIC_AUTH_TOKEN='local'",
  "export ANTHROPIC_MODEL='qwen3-coder:30b'",
  "export CLAUDE_CODE_MAX_CONTEXT_TOKENS='75536'",
  "",
].join("\n");

const ready = { status: "ok", details: { inference: { status: "up", model: { state: "ready" } } } };

/** What the gateway answers at /health/ready while the model is at `model`. */
export function notReady(model) {
  const details = { inference: { status: "down", model: { status: "down", name: "qwen3-coder", ...model } } };
  return { status: 503, body: { status: "error", info: {}, error: details, details } };
}

/** Answers what it was told to; `answers` may be changed while it runs. */
export async function startScriptedGateway() {
  const initial = () => ({
    "/": { body: { status: "ok", service: "gateway" } },
    "/health/ready": { body: ready },
    "/claude-code/env": { body: environment },
    "/v1/models": { body: { data: [] } },
  });
  const gateway = { answers: initial(), requests: [], reset: () => (gateway.answers = initial()) };
  const server = createServer((request, response) => {
    gateway.requests.push({ url: request.url, headers: request.headers });
    let answer = gateway.answers[request.url] ?? { status: 404, body: {} };
    if (Array.isArray(answer)) answer = answer.length > 1 ? answer.shift() : answer[0];
    if (typeof answer === "function") answer = answer(request);
    const { status = 200, body } = answer;
    response.writeHead(status).end(typeof body === "object" ? JSON.stringify(body) : body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  gateway.port = server.address().port;
  gateway.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return gateway;
}

export { environment };
