import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenOnFreePort } from "../../embedded/src/__fixtures__/listen-on-free-port.js";
import { findFreePort } from "../support/free-ports.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { startInferenceAdapter } from "../../services/inference-adapter/src/start-inference-adapter.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const taken = await listenOnFreePort();
const takenPort = String(taken.port);
/** Takes connections and answers nothing. */
const silentUrl = `http://127.0.0.1:${takenPort}`;
const freePort = String(await findFreePort());
const abort = new AbortController();
let ollama: FakeOllama;
beforeAll(async () => (ollama = await startFakeOllama()));
afterAll(async () => {
  abort.abort();
  taken.server.close();
  await ollama.close();
});

const run = async (program: string, env: NodeJS.ProcessEnv) => {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [`dist/bundle/${program}.js`], {
    cwd: root,
    env: { PATH, HOME, OLLAMA_HOST: ollama.url, MODEL_WARMUP: "true", LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "ignore", "pipe"],
    signal: abort.signal,
    killSignal: "SIGKILL",
  });
  child.on("error", () => {});
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const startedAt = performance.now();
  const [code] = (await once(child, "close")) as [number | null];
  return { code, errors, seconds: (performance.now() - startedAt) / 1000 };
};

describe("a port that is taken", () => {
  const cannotListen = /^Cannot listen: .*EADDRINUSE.*\n$/;
  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["gateway", { API_PORT: takenPort, CACHE_URL: silentUrl, INFERENCE_URL: silentUrl }, cannotListen],
    ["cache", { CACHE_PORT: takenPort }, cannotListen],
    ["inference-adapter", { INFERENCE_PORT: takenPort }, cannotListen],
    // By its own cache service, which is up by then.
    [
      "embedded",
      { API_PORT: "0", CACHE_PORT: freePort, INFERENCE_PORT: freePort },
      /^INFERENCE_PORT \d+ is taken/,
    ],
  ])("ends the process soon: %s", async (program, env, message) => {
    const { code, errors, seconds } = await run(program, env);
    expect(errors).toMatch(message);
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(15);
  });

  it("leaves nothing running, and the model alone, of a service that was started in a process", async () => {
    await expect(
      startInferenceAdapter({
        INFERENCE_PORT: takenPort,
        OLLAMA_HOST: ollama.url,
        MODEL_WARMUP: "true",
        LOG_LEVEL: "silent",
      }),
    ).rejects.toThrow("EADDRINUSE");
    // A look at the model that had begun comes to its end.
    await delay(2000);
    const asked = ollama.requests.length;
    await delay(5000);
    expect(ollama.requests.length).toBe(asked);
    expect(ollama.loads()).toBe(0);
  });
});
