import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { OllamaChatRequest } from "../../../services/inference-adapter/src/backends/ollama/ollama-wire.js";
import { demoModel, showDemoModel } from "./demo-model.js";
import { toDemoChunks } from "./to-demo-chunks.js";

export interface DemoAnswerOptions {
  ollamaUrl: string;
  wordIntervalMs: number;
}

/** The part of Ollama's API that the adapter and the curious use. */
export function answerAsOllama(options: DemoAnswerOptions): RequestListener {
  return (request, reply) => {
    answer(request, reply, options).catch((error: Error) => {
      if (reply.headersSent) reply.destroy();
      else sendJson(reply, 400, { error: error.message });
    });
  };
}

async function answer(request: IncomingMessage, reply: ServerResponse, options: DemoAnswerOptions) {
  const route = `${request.method} ${request.url}`;
  switch (route) {
    case "GET /":
      return reply.end("The demo engine of llm-selfhost is running");
    case "GET /api/version":
      return sendJson(reply, 200, { version: "0.0.0-demo" });
    case "GET /api/tags":
      return sendJson(reply, 200, { models: [demoModel] });
    case "GET /api/ps":
      return sendJson(reply, 200, { models: [{ ...demoModel, size_vram: 0, context_length: 65_536 }] });
    case "POST /api/show":
      return sendJson(reply, 200, showDemoModel);
    case "POST /api/chat":
      return chat(reply, (await readJson(request)) as OllamaChatRequest, options);
    default:
      return sendJson(reply, 404, { error: `The demo engine has no ${route}` });
  }
}

async function chat(reply: ServerResponse, request: OllamaChatRequest, options: DemoAnswerOptions) {
  if (request.model !== demoModel.name)
    return sendJson(reply, 404, { error: `model '${request.model}' not found: this is the demo engine` });
  reply.writeHead(200, { "content-type": "application/x-ndjson" });
  for (const chunk of toDemoChunks(request, options.ollamaUrl)) {
    if (reply.destroyed) return undefined;
    reply.write(`${JSON.stringify({ model: request.model, created_at: new Date(), ...chunk })}\n`);
    if (options.wordIntervalMs > 0) await delay(options.wordIntervalMs);
  }
  return reply.end();
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString("utf8"));
}

function sendJson(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
