import {
  type BackendUnderTest,
  describeBackend,
  describeFaults,
  type Fault,
  shortClocks,
} from "../backend.contract.js";
import {
  claimRealOllama,
  clocksForLostSlots,
  slotsMayGetLost,
} from "../../../../../tests/support/claim-real-ollama.js";
import {
  type FakeOllama,
  type Script,
  startFakeOllama,
} from "../../../../../tests/support/fake-ollama/fake-ollama.js";
import { TokenCounter } from "../../tokens/token-counter.js";
import { OllamaPromptSource } from "./ollama-prompt-source.js";
import { makeBackend } from "./__fixtures__/make-backend.js";
import { parseOllamaHost } from "./parse-ollama-host.js";

const windowTokens = 2048;
const hello: Script = [{ text: "Hello" }];
/** Silence that lasts until the other side leaves. */
const silence = { delayMs: 600_000 };

const played: Record<Fault, Script> = {
  "no such model": [{ status: 404, body: { error: "model 'tiny' not found" } }],
  "a bad request": [{ status: 400, body: { error: "no" } }],
  "a fault of its own": [{ status: 500, body: { error: "llama runner died" } }],
  "a full queue": [{ status: 503, body: { error: "server busy" } }],
  "an end too early": [...hello, { cut: "end" }],
  "a reset": [...hello, { cut: "reset" }],
  garbage: [...hello, { raw: "<html>\n" }, silence],
  "an error": [...hello, { raw: '{"error":"llama runner died"}\n' }, silence],
  silence: [...hello, silence],
};

const patient = { firstEventTimeoutMs: 60_000, idleTimeoutMs: 60_000, probeIntervalMs: 15_000 };

function backendAt(baseUrl: string, clocks: typeof shortClocks): Omit<BackendUnderTest, "close"> {
  return {
    backend: makeBackend({ mode: "chat", baseUrl, keepAlive: "5m", connectTimeoutMs: 500, ...clocks })
      .backend,
    counter: new TokenCounter(new OllamaPromptSource(baseUrl, 500)),
    model: "tiny:latest",
    thinkingModel: "tiny-think:latest",
    windowTokens,
  };
}

async function startFake(clocks: typeof shortClocks): Promise<BackendUnderTest> {
  const fake = await startFakeOllama();
  const tested = backendAt(fake.url, clocks);
  const close = async () => {
    await tested.counter.close();
    await fake.close();
  };
  return { ...tested, faults: faultsOf(fake), close };
}

const faultsOf = (fake: FakeOllama) => {
  const chats = () => fake.requests.filter(({ path }) => path === "/api/chat");
  return {
    play: (fault: Fault) => fake.script(played[fault], 1),
    hang: () => fake.hang(),
    asked: () => chats().length,
    givenUp: () => chats().filter(({ aborted }) => aborted).length,
    stop: () => fake.close(),
  };
};

describeBackend("the Ollama backend", () => startFake(patient));
describeFaults("the Ollama backend", () => startFake(shortClocks));

const host = process.env["REAL_OLLAMA_HOST"];
if (host)
  describeBackend(
    "the Ollama backend on a real Ollama",
    async () => {
      const release = await claimRealOllama();
      const tested = backendAt(parseOllamaHost(host), clocksForLostSlots);
      const close = async () => {
        await tested.counter.close();
        await release();
      };
      return { ...tested, close };
    },
    slotsMayGetLost,
  );
