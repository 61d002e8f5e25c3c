import Anthropic, { type ClientOptions } from "@anthropic-ai/sdk";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { expect, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { decodeEvents } from "#anthropic/sse.js";
import type { RunningService } from "#platform/bootstrap.js";
import { startCache } from "../../services/cache/src/start-cache.js";
import { toEntryStore } from "../../embedded/src/in-process-entries.js";
import { toCreateMessage } from "../../embedded/src/in-process-inference.js";
import type { CreateMessage } from "../../services/gateway/src/inference/inference-call.js";
import { InProcess } from "../../services/gateway/src/in-process.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { startInferenceAdapter } from "../../services/inference-adapter/src/start-inference-adapter.js";
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from "./fake-ollama/fake-ollama.js";

export interface StackOptions {
  ollama?: FakeOllamaOptions;
  /** Environment of each service, over what connects them. */
  gateway?: NodeJS.ProcessEnv;
  cache?: NodeJS.ProcessEnv;
  adapter?: NodeJS.ProcessEnv;
}

/** The three real services on free ports. */
export interface Services {
  gateway: RunningService;
  cache: RunningService;
  adapter: RunningService;
  close(): Promise<void>;
}

/** The same before a fake Ollama. */
export interface Stack extends Services {
  url: string;
  ollama: FakeOllama;
  /** The official SDK, without its retries. */
  client(options?: ClientOptions): Anthropic;
  /** `POST /v1/messages`, for what the SDK does not show. */
  post(body: object | string, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
}

/** The services call each other as in `npm start`; otherwise over HTTP. */
export const isOneProcess = process.env["STACK"] === "one-process";
const quiet = { LOG_LEVEL: "silent", DRAIN_TIMEOUT_MS: "0" };

/** `OLLAMA_HOST` stands in the adapter's environment. */
export async function startServices(options: Omit<StackOptions, "ollama">): Promise<Services> {
  const cache = await startCache({ ...quiet, CACHE_PORT: "0", ...options.cache });
  const adapter = await startInferenceAdapter({ ...quiet, INFERENCE_PORT: "0", ...options.adapter });
  const gateway = await startGateway(
    { ...quiet, API_PORT: "0", CACHE_URL: cache.url, INFERENCE_URL: adapter.url, ...options.gateway },
    isOneProcess ? toInProcess(options, cache, adapter) : undefined,
  );
  return {
    gateway,
    cache,
    adapter,
    close: async () => {
      for (const service of [gateway, adapter, cache]) await service.close();
    },
  };
}

/** What a test puts between the services stays between them. */
function toInProcess({ gateway }: StackOptions, cache: RunningService, adapter: RunningService): InProcess {
  return new InProcess(
    gateway?.["INFERENCE_URL"] === undefined ? withFrozenObjects(toCreateMessage(adapter)) : undefined,
    gateway?.["CACHE_URL"] === undefined ? toEntryStore(cache) : undefined,
  );
}

/** Both sides have the same objects: who changes one that he was given fails. */
function withFrozenObjects(create: CreateMessage): CreateMessage {
  return async (call) => {
    const answer = await create({ ...call, request: freeze(call.request) });
    return { ...answer, events: frozen(answer.events) };
  };
}

async function* frozen<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  for await (const item of items) yield freeze(item);
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

export async function startStack({ ollama: fake, ...options }: StackOptions = {}): Promise<Stack> {
  const ollama = await startFakeOllama(fake);
  const services = await startServices({
    ...options,
    // The mode that most scripts speak of; raw-mode.spec.ts goes the other way.
    adapter: { OLLAMA_HOST: ollama.url, INFERENCE_MODE: "chat", ...options.adapter },
  });
  const { url } = services.gateway;
  return {
    ...services,
    url,
    ollama,
    client: (clientOptions) => clientFor(url, clientOptions),
    post: (body, headers, signal) => postMessage(url, body, headers, signal),
    close: async () => {
      await services.close();
      await ollama.close();
    },
  };
}

export function clientFor(baseURL: string, options: ClientOptions = {}): Anthropic {
  return new Anthropic({ baseURL, apiKey: "dummy", maxRetries: 0, ...options });
}

export function postMessage(
  url: string,
  body: object | string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
    signal: signal ?? null,
  });
}

/** A small request that nobody has asked before. */
export function question(changed: object = {}) {
  return {
    model: "qwen3-coder",
    max_tokens: 1024,
    messages: [{ role: "user" as const, content: `Say hello to ${randomUUID()}.` }],
    ...changed,
  };
}

/** All events of a streamed answer. */
export function readEvents({ body }: Response): Promise<MessageStreamEvent[]> {
  return collect(decodeEvents(body as AsyncIterable<Uint8Array>));
}

/** Waits until the answer with these headers is in the cache: nobody else waits for that. */
export async function untilStored({ cache }: Pick<Stack, "cache">, { headers }: Response): Promise<void> {
  const key = headers.get("x-cache-key");
  await vi.waitFor(async () => expect((await fetch(`${cache.url}/entries/${key}`)).status).toBe(200), {
    timeout: 10_000,
    interval: 20,
  });
}

/** Takes connections and never answers, as a stopped process does. */
export async function startHungServer(): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What the fake Ollama was last asked to generate. */
export function lastChat({ requests }: FakeOllama): Record<string, unknown> {
  const request = requests.findLast(({ path, method }) => path === "/api/chat" && method === "POST");
  if (!request) throw new Error("nothing was asked of /api/chat");
  return request.body as Record<string, unknown>;
}

/** A text that the model writes token by token. */
export const writes = (text: string) => [{ text }];
