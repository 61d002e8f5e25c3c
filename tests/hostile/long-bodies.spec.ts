import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findFreePort } from "../support/free-ports.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { postMessage, question } from "../support/stack.js";
import { expectCivil } from "./expect-civil.js";

// Many long requests at once, for services with little memory: none ends them.

const root = fileURLToPath(new URL("../../", import.meta.url));
const mebibyte = 1024 * 1024;
const heapMegabytes = 300;
let ollama: FakeOllama;
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  ollama = await startFakeOllama();
  const port = String(await findFreePort());
  url = `http://127.0.0.1:${port}`;
  const { PATH, HOME } = process.env;
  child = spawn(process.execPath, [`--max-old-space-size=${heapMegabytes}`, "dist/bundle/embedded.js"], {
    cwd: root,
    env: {
      PATH,
      HOME,
      API_PORT: port,
      CACHE_PORT: "0",
      INFERENCE_PORT: "0",
      OLLAMA_HOST: ollama.url,
      LOG_LEVEL: "silent",
    },
    stdio: "ignore",
  });
  const isReady = async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  await vi.waitFor(isReady, { timeout: 30_000, interval: 100 });
}, 60_000);
afterAll(async () => {
  if (child.kill("SIGKILL")) await once(child, "exit");
  await ollama.close();
});

const text = JSON.stringify(question({ messages: [{ role: "user", content: "a".repeat(31 * mebibyte) }] }));

it.each<[string, () => RequestInit]>([
  ["that say how long they are", () => ({ body: text })],
  // fetch calls a body in chunks `duplex`.
  ["in chunks", () => ({ body: new Blob([text]).stream(), duplex: "half" })],
])(
  "32 of 31 MB at once, %s, are each answered, or asked to come again",
  { timeout: 120_000 },
  async (_name, init) => {
    const ask = async () => {
      const response = await fetch(`${url}/v1/messages`, { method: "POST", ...init() });
      await expectCivil(response, 529);
      return response.status;
    };
    const statuses = await Promise.all(Array.from({ length: 32 }, ask));
    expect(new Set(statuses)).toEqual(new Set([400, 529]));
    expect((await postMessage(url, question())).status).toBe(200);
    expect(child.exitCode).toBe(null);
  },
);
