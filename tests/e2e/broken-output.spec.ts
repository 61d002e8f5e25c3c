import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "../support/free-ports.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { postMessage, question, readEvents } from "../support/stack.js";

// `npm start` with an output that nobody takes: requests are answered, and a signal ends it.

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = "dist/bundle/embedded.js";
/** So many lines are more than a terminal takes in. */
const fillingCount = 300;
const isScriptMissing =
  process.platform !== "linux" || spawnSync("script", ["--version"]).error !== undefined;
let ollama: FakeOllama;
let url: string;
let child: ChildProcess;
beforeAll(async () => (ollama = await startFakeOllama()));
beforeEach(async () => (url = `http://127.0.0.1:${await findFreePort()}`));
afterEach(() => ollama.script(undefined));
afterAll(() => ollama.close());

function environment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  const connections = {
    OLLAMA_HOST: ollama.url,
    API_PORT: new URL(url).port,
    CACHE_PORT: "0",
    INFERENCE_PORT: "0",
  };
  return { PATH, HOME, INFERENCE_MODE: "chat", LOG_LEVEL: "trace", ...connections, ...env };
}

const isLive = () =>
  fetch(`${url}/health/ready`).then(
    ({ status }) => status,
    () => undefined,
  );
const isUp = () => expect.poll(isLive, { timeout: 25_000, interval: 100 }).toBe(200);
const answers = async (count: number) => {
  for (let asked = 0; asked < count; asked += 10)
    for (const { status } of await Promise.all(
      Array.from({ length: 10 }, () => postMessage(url, question())),
    ))
      expect(status).toBe(200);
};

describe.skipIf(process.platform !== "linux")("an output that cannot be written", () => {
  afterEach(() => child.kill("SIGKILL"));

  it.each<[string, () => number | "pipe"]>([
    ["a full disk", () => openSync("/dev/full", "a")],
    ["a closed pipe", () => "pipe"],
  ])("does not matter: %s", async (_name, open) => {
    const output = open();
    child = spawn(process.execPath, [program], {
      cwd: root,
      env: environment(),
      stdio: ["ignore", output, output],
    });
    if (typeof output === "number") closeSync(output);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const ended = once(child, "exit");
    await isUp();
    await delay(1000);
    await answers(10);
    expect(child.exitCode).toBe(null);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("does not matter when Ollama appears", async () => {
    const disk = openSync("/dev/full", "a");
    const code = `
      import { startEmbedded } from "./dist/embedded/src/start-embedded.js";
      import { reportOllama } from "./dist/embedded/src/report-start.js";
      const embedded = await startEmbedded(process.env);
      await reportOllama(embedded, process.env.OLLAMA_HOST);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await embedded.close(0);
      process.exit(7);`;
    child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      cwd: root,
      env: environment(),
      stdio: ["ignore", disk, "ignore"],
    });
    closeSync(disk);
    expect(await once(child, "exit")).toEqual([7, null]);
  });
});

describe.skipIf(isScriptMissing)("a terminal", () => {
  let terminal: ChildProcess;
  let pid: number;
  let shown: string;

  /** The service is the only child of the terminal. */
  async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    shown = "";
    terminal = spawn("script", ["-qec", `exec ${process.execPath} ${program}`, "/dev/null"], {
      cwd: root,
      env: { ...environment(env), SHELL: "/bin/sh" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    terminal.stdout?.setEncoding("utf8").on("data", (text: string) => (shown += text));
    await isUp();
    await expect.poll(() => shown, { timeout: 10_000 }).toContain("Ctrl-C stops it");
    pid = Number(readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, "utf8"));
    expect(pid).toBeGreaterThan(0);
  }
  const isThere = () => {
    try {
      // One that has ended may not have been waited for.
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };
  const hasEnded = () => expect.poll(isThere, { timeout: 15_000 }).toBe(false);
  afterEach(() => {
    if (isThere()) process.kill(pid, "SIGKILL");
    terminal.kill("SIGKILL");
  });

  it("shows readable lines", async () => {
    await start({ LOG_LEVEL: "info" });
    await answers(10);
    await expect.poll(() => shown, { timeout: 5000 }).toMatch(/INFO.*cache miss/);
    expect(shown).not.toContain('"level":');
    process.kill(pid, "SIGTERM");
    await hasEnded();
  });

  it("that stands still holds up neither requests nor the end", async () => {
    await start();
    terminal.kill("SIGSTOP");
    await answers(fillingCount);
    process.kill(pid, "SIGTERM");
    await hasEnded();
  });

  it("that is closed lets the answers under way finish", async () => {
    await start();
    ollama.script([{ text: "Some " }, { delayMs: 2000 }, { text: "words." }]);
    const reading = readEvents(await postMessage(url, question({ stream: true })));
    terminal.kill("SIGKILL");
    expect((await reading).at(-1)).toEqual({ type: "message_stop" });
    await hasEnded();
  });

  it("that stands still lets a second signal through", async () => {
    await start();
    terminal.kill("SIGSTOP");
    await answers(fillingCount);
    ollama.script([{ text: "Some words" }, { delayMs: 60_000 }]);
    const reading = readEvents(await postMessage(url, question({ stream: true }))).catch(() => {});
    process.kill(pid, "SIGTERM");
    await delay(1000);
    expect(isThere()).toBe(true);
    process.kill(pid, "SIGTERM");
    await hasEnded();
    await reading;
  });
});
