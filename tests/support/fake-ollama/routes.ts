// What every path of Ollama answers.
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedRequest } from "#fake-ollama/fake-ollama.js";
import type { FakeOllamaServer } from "#fake-ollama/fake-ollama-server.js";
import { reply, writeAnswer, writeChunk, type Exchange } from "#fake-ollama/generation.js";
import {
  capabilitiesOf,
  describe,
  digestOf,
  fullName,
  show,
  timestamp,
  type FakeModel,
} from "#fake-ollama/models.js";
import { play } from "#fake-ollama/script.js";
import { recitalFor, renderPrompt, toScript } from "#fake-ollama/tiny-model.js";
import { keepAliveMs, refuseMalformed, refuseUnsupported, Refusal, type Wire } from "#fake-ollama/wire.js";

export interface LoadedModel {
  model: FakeModel;
  numCtx: number;
  expiresAt: number;
}

type Handle = (wire: Wire, exchange: Exchange, recorded: RecordedRequest) => void | Promise<void>;
export type Routes = Record<string, { method: "GET" | "POST"; handle: Handle }>;

export function createRoutes(fake: FakeOllamaServer): Routes {
  const get = (answer: () => unknown): Routes[string] => ({
    method: "GET",
    handle: (_wire, { response }) => reply(response, 200, answer()),
  });
  const post = (handle: Handle): Routes[string] => ({ method: "POST", handle });
  return {
    "/": get(() => "Ollama is running"),
    "/api/version": get(() => ({ version: fake.version })),
    "/api/tags": get(() => ({
      models: fake.models.map((model) => ({ ...describe(model), modified_at: timestamp() })),
    })),
    "/api/ps": get(() => ({ models: [...fake.loaded.values()].map(toRunning) })),
    "/api/show": post(async (wire, { response }) => {
      const model = findModel(fake, wire);
      if (model.showMs) await sleep(model.showMs, undefined, { ref: false });
      return reply(response, 200, show(model, wire.verbose === true));
    }),
    "/api/pull": post((wire, exchange) => pull(fake, wire, exchange)),
    "/api/chat": post((wire, exchange, recorded) => generate(fake, wire, exchange, recorded)),
    "/api/generate": post((wire, exchange, recorded) => generate(fake, wire, exchange, recorded)),
  };
}

function toRunning({ model, numCtx, expiresAt }: LoadedModel) {
  const { size, ...rest } = describe(model);
  return { ...rest, size, expires_at: timestamp(expiresAt), size_vram: size, context_length: numCtx };
}

function findModel(fake: FakeOllamaServer, wire: Wire): FakeModel {
  const name = wire.model ?? wire.name ?? "";
  if (!/^[\w.-]+(\/[\w.-]+)*(:[\w.-]+)?$/u.test(name)) throw new Refusal(400, "model is required");
  const model = fake.models.find((candidate) => candidate.name === fullName(name));
  if (!model) throw new Refusal(404, `model '${name}' not found`);
  return model;
}

async function pull(fake: FakeOllamaServer, wire: Wire, { response, signal }: Exchange): Promise<void> {
  const model: FakeModel = { name: fullName(wire.model ?? wire.name ?? "") };
  const digest = `sha256:${digestOf(model)}`;
  const layer = { status: `pulling ${digest.slice(7, 19)}`, digest, total: 4_268_363 };
  const progress = [0, 1_067_090, 2_134_181, 4_268_363].map((completed) => ({
    ...layer,
    ...(completed && { completed }),
  }));
  const ends = ["verifying sha256 digest", "writing manifest", "success"].map((status) => ({ status }));
  if (wire.stream !== false)
    for (const line of [{ status: "pulling manifest" }, ...progress, ...ends]) {
      await sleep(fake.knobs.tokenDelayMs);
      if (signal.aborted) return;
      await writeChunk(response, `${JSON.stringify(line)}\n`, signal);
    }
  if (!fake.models.some(({ name }) => name === model.name)) fake.models.push(model);
  if (wire.stream === false) reply(response, 200, { status: "success" });
  else response.end();
}

/** Loads the model where it isn't with this window; returns the window. */
function load(fake: FakeOllamaServer, wire: Wire, model: FakeModel): number {
  const numCtx = Math.min(wire.options?.num_ctx || fake.knobs.defaultNumCtx, model.contextLength ?? 131_072);
  if (fake.loaded.get(model.name)?.numCtx !== numCtx) fake.loadCount += 1;
  fake.loaded.set(model.name, { model, numCtx, expiresAt: Date.now() + keepAliveMs(wire.keep_alive) });
  return numCtx;
}

async function generate(
  fake: FakeOllamaServer,
  wire: Wire,
  exchange: Exchange,
  recorded: RecordedRequest,
): Promise<void> {
  const kind = recorded.path === "/api/chat" ? "chat" : "generate";
  refuseMalformed(wire);
  const keepMs = keepAliveMs(wire.keep_alive);
  const model = findModel(fake, wire);
  const head = { model: wire.model ?? "", created_at: timestamp() };
  const empty = kind === "chat" ? { message: { role: "assistant", content: "" } } : { response: "" };
  const isIdle = kind === "chat" ? !wire.messages?.length : !wire.prompt;
  if (isIdle && keepMs === 0) {
    fake.loaded.delete(model.name);
    return reply(exchange.response, 200, { ...head, ...empty, done: true, done_reason: "unload" });
  }
  refuseUnsupported(wire, model);
  const numCtx = load(fake, wire, model);
  if (isIdle) return reply(exchange.response, 200, { ...head, ...empty, done: true, done_reason: "load" });

  const prompt = renderPrompt(wire);
  const promptTokens = Math.ceil(prompt.length / 4);
  const { _debug_render_only: rendersOnly } = wire;
  if (rendersOnly) {
    const rendered = { done: false, _debug_info: { rendered_template: prompt } };
    return reply(exchange.response, 200, { ...head, message: { role: "", content: "" }, ...rendered });
  }
  if (wire.truncate === false && promptTokens > numCtx)
    throw new Refusal(400, "the input length exceeds the context length");

  fake.generationCount += 1;
  const generation = fake.generationCount;
  if (!(await fake.slots.acquire(() => fake.knobs.numParallel, exchange.signal))) return;
  try {
    const thinks = kind === "chat" && capabilitiesOf(model).includes("thinking") && wire.think !== false;
    const script = fake.takeScript(recorded, generation) ?? toScript(recitalFor(wire, thinks), wire, thinks);
    await writeAnswer(
      play(script, outputLimit(wire, numCtx, promptTokens), [wire.options?.stop ?? []].flat()),
      {
        exchange,
        model: head.model,
        kind,
        stream: wire.stream !== false,
        promptTokens: Math.min(promptTokens, numCtx),
        tokenDelayMs: () => fake.knobs.tokenDelayMs,
      },
    );
  } finally {
    fake.slots.release();
  }
}

function outputLimit(wire: Wire, numCtx: number, promptTokens: number): number {
  const asked = wire.options?.num_predict ?? -1;
  const room = wire.shift === false ? Math.max(1, numCtx - promptTokens + 1) : Infinity;
  return Math.min(asked > 0 ? asked : Infinity, room);
}
