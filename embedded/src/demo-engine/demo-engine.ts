/**
 * Answers where no Ollama is, so that the first start shows everything but a model. It is a small server that
 * speaks Ollama's wire and looks every two seconds whether Ollama has appeared; from then on it only passes
 * requests through to it, so that nothing behind it needs to know. Its model has its own name and digest:
 * what it said is never taken for a real model's answer.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAsOllama } from "./answer-as-ollama.js";
import { passThrough } from "./pass-through.js";
import { watchForOllama } from "./watch-for-ollama.js";

export interface DemoEngineOptions {
  /** Where Ollama would be. */
  ollamaUrl: string;
  checkIntervalMs?: number;
  wordIntervalMs?: number;
  /** Called once, when Ollama has appeared. */
  onOllama?: ((ollamaUrl: string) => void) | undefined;
}

export interface DemoEngine {
  url: string;
  close(): Promise<void>;
}

export async function startDemoEngine(options: DemoEngineOptions): Promise<DemoEngine> {
  const { ollamaUrl, checkIntervalMs = 2000, wordIntervalMs = 15 } = options;
  let answer: RequestListener = answerAsOllama({ ollamaUrl, wordIntervalMs });
  const server = createServer((request, reply) => answer(request, reply));
  await listen(server);
  const stopWatching = watchForOllama(ollamaUrl, checkIntervalMs, () => {
    answer = passThrough(ollamaUrl);
    options.onOllama?.(ollamaUrl);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => (stopWatching(), close(server)) };
}

function listen(server: Server): Promise<void> {
  // Ollama sends its headers with the first token, minutes later for a long prompt: no clock of ours may end that.
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
