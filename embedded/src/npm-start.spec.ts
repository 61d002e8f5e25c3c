import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../tests/support/free-ports.js";
import { listenOnFreePort } from "./__fixtures__/listen-on-free-port.js";

const script = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const running = new Set<ChildProcess>();
const taken = await listenOnFreePort();

// Whatever has to be built is built here.
beforeAll(() => npmStart(["--help"]).ended, 180_000);
afterEach(() => running.forEach((child) => child.kill("SIGTERM")));
afterAll(() => taken.server.close());

/** What `npm start -- …` runs, with an Ollama that is not there. */
function npmStart(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    // Other tests take the default ports between our look at them and our listening there.
    env: {
      PATH,
      HOME,
      CACHE_PORT: "0",
      INFERENCE_PORT: "0",
      OLLAMA_HOST: "127.0.0.1:9",
      CONNECT_TIMEOUT_MS: "500",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  const ended = once(child, "close").then(([code]) => (running.delete(child), code as number | null));
  return { child, output, ended };
}

async function isUp({ output }: ReturnType<typeof npmStart>): Promise<string> {
  await expect.poll(() => output.stdout + output.stderr, { timeout: 25_000 }).toContain("Ctrl-C stops it");
  return output.stdout;
}

describe("npm start", () => {
  it("comes up, tells where, answers, and ends on Ctrl-C", async () => {
    const port = await findFreePort();
    const start = npmStart(["--port", String(port)]);
    const text = await isUp(start);
    expect(text).toContain(`gateway   http://localhost:${port}\n`);
    expect(text).toContain("Ollama does not answer at http://127.0.0.1:9");
    expect(text).toContain(
      `eval "$(curl -sS http://localhost:${port}/claude-code/env || echo false)" && claude\n`,
    );
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toMatchObject({ service: "gateway" });
    const signalledAt = performance.now();
    start.child.kill("SIGINT");
    expect(await start.ended).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(5000);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
  });

  it("takes a Ctrl-C that npm hands on once more as one, and ends on SIGTERM", async () => {
    const first = npmStart(["--port", "0"]);
    await isUp(first);
    first.child.kill("SIGINT");
    first.child.kill("SIGINT");
    expect(await first.ended).toBe(0);
    const second = npmStart([], { npm_config_port: "0" });
    await isUp(second);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  it("tells that a key is needed where a file has the keys", async () => {
    const start = npmStart(["--port", "0"], { API_KEYS_FILE: "/dev/null" });
    expect(await isUp(start)).toContain("export ANTHROPIC_AUTH_TOKEN=<your key>");
  });

  it("writes its log soon, and all of it before it ends", async () => {
    const start = npmStart(["--port", "0"]);
    const url = /gateway {3}(http:\S+)/.exec(await isUp(start))?.[1] ?? "";
    const ask = () => fetch(`${url}/v1/messages`, { method: "POST", body: JSON.stringify(asked) });
    const asked = { model: "qwen3-coder", messages: [{ role: "user", content: "Hi" }] };
    const logged = () => start.output.stdout.split('"msg":"cache error"').length - 1;
    await ask();
    await expect.poll(logged, { timeout: 5000 }).toBe(1);
    for (let count = 0; count < 30; count++) await ask();
    start.child.kill("SIGTERM");
    expect(await start.ended).toBe(0);
    expect(logged()).toBe(31);
  });

  it("says that the port is taken", async () => {
    const { ended, output } = npmStart(["--port", String(taken.port)]);
    expect(await ended).toBe(1);
    expect(output.stderr).toContain(
      `port ${taken.port} is taken: stop what listens there or start with --port N\n`,
    );
  });

  it("lists the faults of all three services at once", async () => {
    const { ended, output } = npmStart([], {
      API_PORT: "none",
      CACHE_MAX_MEMORY_MB: "0",
      CONTEXT_LENGTH: "many",
      LOG_LEVEL: "loud",
    });
    expect(await ended).toBe(1);
    expect(output.stderr).toContain("The configuration has 4 fault(s):\n");
    for (const name of ["API_PORT", "CACHE_MAX_MEMORY_MB", "CONTEXT_LENGTH", "LOG_LEVEL"])
      expect(output.stderr).toMatch(new RegExp(`^  ${name} must be `, "m"));
  });

  it("refuses an unknown option and shows the known ones", async () => {
    const { ended, output } = npmStart(["--verbose"]);
    expect(await ended).toBe(1);
    expect(output.stderr).toContain("Unknown option '--verbose'");
    expect(output.stderr).toContain("--port N");
  });
});
