// A scripted stand-in for servers of OpenAI's chat API. It speaks as vLLM, SGLang, llama.cpp's server or LM Studio
// do (`kind`), recites what the scripted tiny models do (../fake-ollama/tiny-model), and has faults to play.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { recitalFor, toScript } from "../fake-ollama/tiny-model.js";
import { play, type Step } from "../fake-ollama/script.js";
import { type ChatBody, toWire } from "./to-wire.js";
import { contextRefusal, countPrompt, describeModels, type FakeServerKind } from "./server-kinds.js";
import { ChunkWriter, finishReason } from "./chunk-writer.js";

export type { FakeServerKind } from "./server-kinds.js";

/** Played in place of an answer, or behind its first piece. */
export type Fault =
  | { status: number; body: unknown; headers?: Record<string, string> }
  /** Before the headers, nothing ever comes. */
  | { silent: true }
  /** Behind the first piece: this text as it is, then the end of the body or a reset or silence. */
  | { raw: string; afterwards: "end" | "reset" | "silence" };

export interface FakeOpenAiOptions {
  kind?: FakeServerKind;
  models?: string[];
  contextLength?: number;
  /** A key that every request must bring. */
  apiKey?: string;
  /** Before every piece of an answer. */
  pieceDelayMs?: number;
}

export interface RecordedRequest {
  path: string;
  body: unknown;
  headers: IncomingMessage["headers"];
  /** The client went away before it had the whole answer. */
  isAborted: boolean;
}

export class FakeOpenAi {
  readonly requests: RecordedRequest[] = [];
  /** The next answers' faults, one each. */
  readonly faults: Fault[] = [];
  /** True: nothing but chats is answered, as by a process that was stopped. */
  isDeaf = false;
  /** What a model says in place of its recital. */
  steps: Step[] | undefined;
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => void this.serve(request, response));

  constructor(readonly options: FakeOpenAiOptions) {
    this.server.on("connection", (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get chats(): RecordedRequest[] {
    return this.requests.filter(({ path }) => path === "/v1/chat/completions");
  }

  async start(): Promise<this> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parseBody(await text(request));
    const path = request.url ?? "/";
    const recorded: RecordedRequest = { path, body, headers: request.headers, isAborted: false };
    this.requests.push(recorded);
    response.once("close", () => (recorded.isAborted = !response.writableFinished));
    const { apiKey } = this.options;
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`)
      return reply(response, 401, { error: { message: "Invalid API Key", code: 401 } });
    if (path === "/v1/chat/completions") return this.chat(body as ChatBody, response);
    if (!this.isDeaf) this.answer(path, body, response);
  }

  private answer(path: string, body: unknown, response: ServerResponse): void {
    const models = describeModels(this.options);
    if (path in models) return reply(response, 200, models[path]);
    const count = countPrompt(this.options.kind, path, body as ChatBody);
    if (count) return reply(response, 200, count);
    reply(response, 404, { error: { message: "File Not Found", type: "not_found_error", code: 404 } });
  }

  private async chat(body: ChatBody, response: ServerResponse): Promise<void> {
    const fault = this.faults.shift();
    if (fault && "silent" in fault) return;
    if (fault && "status" in fault) {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      return reply(response, fault.status, fault.body);
    }
    const models = this.options.models ?? ["tiny"];
    if (this.options.kind !== "llama.cpp" && !models.includes(body.model))
      return reply(response, 404, {
        error: { message: `The model \`${body.model}\` does not exist.`, code: 404 },
      });
    const refusal = contextRefusal(this.options, body);
    if (refusal) return reply(response, 400, refusal);
    await this.recite(body, response, fault);
  }

  private async recite(body: ChatBody, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const wire = toWire(body);
    const thinks = body.chat_template_kwargs?.enable_thinking === true;
    const script = this.steps ?? toScript(recitalFor(wire, thinks), wire, thinks);
    const room = (this.options.contextLength ?? 4096) - countTokens(body);
    const writer = new ChunkWriter(response, this.options.kind);
    writer.begin();
    let hasCall = false;
    for (const step of play(script, Math.min(body.max_tokens ?? Infinity, room), [])) {
      if (response.destroyed) return;
      if (fault && "raw" in fault && writer.pieces > 0) return breakOff(response, fault);
      await (this.options.pieceDelayMs ? sleep(this.options.pieceDelayMs) : turn());
      hasCall ||= "toolCall" in step;
      if ("done" in step)
        writer.end(finishReason(step.done.reason, hasCall), countTokens(body), step.done.evalCount);
      else writer.write(step);
    }
  }
}

export async function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  return new FakeOpenAi(options).start();
}

async function breakOff(
  response: ServerResponse,
  { raw, afterwards }: { raw: string; afterwards: string },
): Promise<void> {
  response.write(raw);
  if (afterwards === "end") response.end();
  if (afterwards !== "reset") return;
  await sleep(10); // what was written is to arrive
  response.socket?.resetAndDestroy();
}

const countTokens = (body: ChatBody): number =>
  (countPrompt("vllm", "/tokenize", body) as { count: number }).count;

function reply(response: ServerResponse, status: number, body: unknown): void {
  const json = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json" }).end(json);
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
