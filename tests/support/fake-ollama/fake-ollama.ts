// A scripted stand-in for Ollama that imitates the wire recorded from a real one (__fixtures__).
// `node fake-ollama.ts` runs it as a program: PORT, HOST, FAKE_OLLAMA_{MODELS,SCRIPT} (JSON),
// FAKE_OLLAMA_{TOKEN_DELAY_MS,NUM_PARALLEL,NUM_CTX}; turn its knobs at /__fake/… (see fake-ollama-server).
// Syntax that node can strip only, and imports through package.json, which node, tsc and vitest all resolve.
import { FakeOllamaServer } from "#fake-ollama/fake-ollama-server.js";
import { type FakeModel } from "#fake-ollama/models.js";
import { type Script } from "#fake-ollama/script.js";

export type { FakeModel } from "#fake-ollama/models.js";
export { defaultModels } from "#fake-ollama/models.js";
export type { FakeToolCall, Script, Step } from "#fake-ollama/script.js";

/** `undefined` leaves the answer to the default behaviour. `generation` counts from 1. */
export type ScriptFunction = (request: RecordedRequest, generation: number) => Script | undefined;

export interface RecordedRequest {
  method: string;
  path: string;
  /** Parsed JSON, or the text where it is none. */
  body: unknown;
  /** Milliseconds since 1970. */
  at: number;
  /** The client went away before it had the whole answer. */
  aborted: boolean;
}

export interface FakeKnobs {
  /** Before every line of an answer. */
  tokenDelayMs: number;
  numParallel: number;
  /** The window of a request without `num_ctx`. */
  defaultNumCtx: number;
}

export interface FakeOllamaOptions extends Partial<FakeKnobs> {
  host?: string;
  port?: number;
  models?: readonly FakeModel[];
  version?: string;
  script?: Script | ScriptFunction;
}

export interface FakeOllama {
  readonly url: string;
  readonly port: number;
  readonly requests: RecordedRequest[];
  readonly knobs: FakeKnobs;
  readonly models: FakeModel[];
  /** What is loaded now, by full name. */
  readonly loaded: Map<string, unknown>;
  /** Calls of /api/chat and /api/generate that ran, or wait to run, the model. */
  generations(): number;
  /** How often a model was loaded; a changed num_ctx loads it anew. */
  loads(): number;
  /** Slots in use now. */
  running(): number;
  /** For every answer from now on, or for the next `times`; those with `times` queue up and go first. */
  script(script: Script | ScriptFunction | undefined, times?: number): void;
  /** Takes connections but answers nothing until `unhang`, as a stopped process does. */
  hang(): void;
  unhang(): void;
  /** Forgets scripts, requests and counts, unhangs, unloads the models. */
  reset(): void;
  /** Stops listening and breaks every connection; `resume` listens on the same port again. */
  stop(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const fake = new FakeOllamaServer(options);
  await fake.resume();
  return fake;
}

function optionsFrom(environment: NodeJS.ProcessEnv): FakeOllamaOptions {
  const number = (name: string): number | undefined =>
    environment[name] === undefined ? undefined : Number(environment[name]);
  const json = (name: string): unknown => JSON.parse(environment[name] ?? "null") ?? undefined;
  return {
    host: environment["HOST"],
    port: number("PORT") ?? 11_434,
    models: json("FAKE_OLLAMA_MODELS") as FakeModel[] | undefined,
    script: json("FAKE_OLLAMA_SCRIPT") as Script | undefined,
    tokenDelayMs: number("FAKE_OLLAMA_TOKEN_DELAY_MS"),
    numParallel: number("FAKE_OLLAMA_NUM_PARALLEL"),
    defaultNumCtx: number("FAKE_OLLAMA_NUM_CTX"),
  };
}

if (import.meta.filename === process.argv[1]) {
  const fake = await startFakeOllama(optionsFrom(process.env));
  console.log(`fake Ollama listens on ${fake.url}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void fake.close());
}
