import {
  describeBackend,
  describeFaults,
  type Fault,
  shortClocks,
  type BackendUnderTest,
} from "../backend.contract.js";
import {
  type FakeOpenAi,
  type FakeServerKind,
  type Fault as Played,
  startFakeOpenAi,
} from "../../../../../tests/support/fake-openai/fake-openai.js";
import { serverTraits } from "./map-server-kind.js";
import { OpenAiClient } from "./openai.client.js";
import { OpenAiCompatibleBackend } from "./openai-compatible.backend.js";
import { OpenAiServer } from "./openai-server.js";
import { ServerTokenCounter } from "./server-token-counter.js";

const windowTokens = 2048;

const played: Record<Fault, Played> = {
  "no such model": {
    status: 404,
    body: { error: { message: "The model `tiny` does not exist.", code: 404 } },
  },
  "a bad request": { status: 400, body: { error: { message: "no", code: 400 } } },
  "a fault of its own": { status: 500, body: { error: { message: "EngineCore died", code: 500 } } },
  "a full queue": { status: 503, body: { error: { message: "busy", code: 503 } } },
  "an end too early": { raw: "", afterwards: "end" },
  "a reset": { raw: "", afterwards: "reset" },
  garbage: { raw: "data: <html>\n\n", afterwards: "silence" },
  "an error": { raw: 'data: {"error":{"message":"EngineCore died","code":500}}\n\n', afterwards: "silence" },
  silence: { raw: "", afterwards: "silence" },
};

async function start(kind: FakeServerKind, clocks: typeof shortClocks): Promise<BackendUnderTest> {
  const fake = await startFakeOpenAi({ kind, contextLength: windowTokens });
  const client = new OpenAiClient({ baseUrl: fake.url, apiKey: "", connectTimeoutMs: 500 });
  const server = new OpenAiServer(client);
  return {
    backend: new OpenAiCompatibleBackend(server, clocks),
    counter: new ServerTokenCounter(server),
    model: "tiny",
    thinkingModel: serverTraits[kind].takesTemplateSettings ? "tiny" : undefined,
    windowTokens,
    faults: faultsOf(fake),
    close: () => fake.close(),
  };
}

const faultsOf = (fake: FakeOpenAi) => ({
  play: (fault: Fault) => void fake.faults.push(played[fault]),
  hang: () => void (fake.isDeaf = true),
  asked: () => fake.chats.length,
  givenUp: () => fake.chats.filter(({ isAborted }) => isAborted).length,
  stop: () => fake.close(),
});

const patient = { firstEventTimeoutMs: 30_000, idleTimeoutMs: 30_000, probeIntervalMs: 15_000 };

for (const kind of ["vllm", "sglang", "llama.cpp", "lm-studio", "other"] as const)
  describeBackend(`an OpenAI-compatible backend on the wire of ${kind}`, () => start(kind, patient));
describeFaults("an OpenAI-compatible backend", () => start("vllm", shortClocks));
