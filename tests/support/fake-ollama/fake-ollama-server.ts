// Listens, records, and finds the answer. Its own knobs over HTTP, answered even while it hangs:
// POST /__fake/script {script?, times?, tokenDelayMs?, numParallel?, defaultNumCtx?}, POST /__fake/reset,
// POST /__fake/hang, POST /__fake/unhang, GET /__fake/requests.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type {
  FakeKnobs,
  FakeOllama,
  FakeOllamaOptions,
  RecordedRequest,
  ScriptFunction,
} from "#fake-ollama/fake-ollama.js";
import { reply, type Exchange } from "#fake-ollama/generation.js";
import { defaultModels, fullName, type FakeModel } from "#fake-ollama/models.js";
import { createRoutes, type LoadedModel } from "#fake-ollama/routes.js";
import type { Script } from "#fake-ollama/script.js";
import { Slots } from "#fake-ollama/slots.js";
import { Refusal } from "#fake-ollama/wire.js";

export class FakeOllamaServer implements FakeOllama {
  readonly requests: RecordedRequest[] = [];
  readonly knobs: FakeKnobs;
  readonly models: FakeModel[];
  readonly version: string;
  readonly slots = new Slots();
  readonly loaded = new Map<string, LoadedModel>();
  port: number;
  loadCount = 0;
  generationCount = 0;
  readonly #host: string;
  readonly #initialScript: Script | ScriptFunction | undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #routes = createRoutes(this);
  #nextScripts: { script: Script | ScriptFunction; times: number }[] = [];
  #everyScript: Script | ScriptFunction | undefined;
  #hung: PromiseWithResolvers<void> | undefined;
  #life = new AbortController();
  #listening = false;

  constructor(options: FakeOllamaOptions) {
    const { tokenDelayMs = 0, numParallel = 1, defaultNumCtx = 4096 } = options;
    this.knobs = { tokenDelayMs, numParallel, defaultNumCtx };
    this.models = (options.models ?? defaultModels).map((model) => ({
      ...model,
      name: fullName(model.name),
    }));
    this.port = options.port ?? 0;
    this.version = options.version ?? "0.0.0";
    this.#host = options.host ?? "127.0.0.1";
    this.#initialScript = this.#everyScript = options.script;
  }

  get url(): string {
    return `http://${this.#host}:${this.port}`;
  }
  generations(): number {
    return this.generationCount;
  }
  loads(): number {
    return this.loadCount;
  }
  running(): number {
    return this.slots.running;
  }

  script(script: Script | ScriptFunction | undefined, times = Infinity): void {
    if (script && times < Infinity) {
      this.#nextScripts.push({ script, times });
      return;
    }
    this.#nextScripts = [];
    this.#everyScript = script;
  }

  /** The script for the generation that begins now. */
  takeScript(request: RecordedRequest, generation: number): Script | undefined {
    const [next] = this.#nextScripts;
    if (next && --next.times <= 0) this.#nextScripts.shift();
    const script = next?.script ?? this.#everyScript;
    return typeof script === "function" ? script(request, generation) : script;
  }

  hang(): void {
    this.#hung ??= Promise.withResolvers<void>();
  }

  unhang(): void {
    this.#hung?.resolve();
    this.#hung = undefined;
  }

  reset(): void {
    this.unhang();
    this.script(this.#initialScript);
    this.requests.length = this.generationCount = this.loadCount = 0;
    this.loaded.clear();
  }

  async stop(): Promise<void> {
    if (!this.#listening) return;
    this.#listening = false;
    this.#life.abort();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async resume(): Promise<void> {
    if (this.#listening) return;
    this.#life = new AbortController();
    this.#server.listen(this.port, this.#host);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
    this.#listening = true;
  }

  async close(): Promise<void> {
    this.unhang();
    await this.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? "/", "http://fake");
    const method = request.method ?? "GET";
    const recorded: RecordedRequest = { method, path, body: undefined, at: Date.now(), aborted: false };
    const gone = new AbortController();
    const exchange: Exchange = { response, signal: gone.signal, life: this.#life.signal, isCut: false };
    response.once("close", () => {
      recorded.aborted = !response.writableFinished && !exchange.isCut && this.#listening;
      gone.abort();
    });
    try {
      recorded.body = parseBody(await text(request));
      if (path.startsWith("/__fake/")) return this.#turnKnob(path, recorded.body, response);
      this.requests.push(recorded);
      await this.#hung?.promise;
      if (gone.signal.aborted) return;
      if (isForeign(request, this.#host)) response.writeHead(403, { "Content-Length": 0 }).end();
      else await this.#answer(recorded, exchange);
    } catch (error) {
      if (response.headersSent || gone.signal.aborted) return void response.destroy();
      const status = error instanceof Refusal ? error.status : 500;
      reply(response, status, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #answer(recorded: RecordedRequest, exchange: Exchange): Promise<void> {
    const plain = { "Content-Type": "text/plain" };
    const route = this.#routes[recorded.path];
    if (!route) return reply(exchange.response, 404, "404 page not found", plain);
    if (route.method !== recorded.method.replace("HEAD", "GET"))
      return reply(exchange.response, 405, "405 method not allowed", { Allow: route.method, ...plain });
    if (recorded.method === "POST" && recorded.body === "") throw new Refusal(400, "missing request body");
    if (recorded.method === "POST" && typeof recorded.body !== "object")
      throw new Refusal(400, "invalid character in JSON");
    await route.handle(recorded.body ?? {}, exchange, recorded);
  }

  #turnKnob(path: string, body: unknown, response: ServerResponse): void {
    const { script, times, ...knobs } = (body || {}) as {
      script?: Script;
      times?: number;
    } & Partial<FakeKnobs>;
    switch (path) {
      case "/__fake/requests":
        return reply(response, 200, {
          requests: this.requests,
          generations: this.generationCount,
          loads: this.loadCount,
        });
      case "/__fake/script":
        if ("script" in (body as object)) this.script(script ?? undefined, times);
        Object.assign(this.knobs, knobs);
        break;
      case "/__fake/reset":
        this.reset();
        break;
      case "/__fake/hang":
        this.hang();
        break;
      case "/__fake/unhang":
        this.unhang();
        break;
      default:
        return reply(response, 404, { error: `no knob ${path}` });
    }
    reply(response, 200, {});
  }
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Bound to loopback, Ollama answers a foreign Host or Origin with 403 and nothing else. */
function isForeign({ headers }: IncomingMessage, boundTo: string): boolean {
  const isLocal = (host: string): boolean => /^(localhost|.+\.localhost|[\d.]+|\[.*\])(:\d+)?$/u.test(host);
  if (!isLocal(boundTo) || boundTo === "0.0.0.0") return false;
  return (
    !isLocal(headers.host ?? "") || (headers.origin !== undefined && !isLocal(new URL(headers.origin).host))
  );
}
