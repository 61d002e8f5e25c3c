import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "../support/free-ports.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { postMessage, question, readEvents } from "../support/stack.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-hangup-"));
const log = join(folder, "log");
let ollama: FakeOllama;
let url: string;
let child: ChildProcess;
beforeAll(async () => {
  ollama = await startFakeOllama();
  // Whatever has to be built is built here.
  await once(spawn(process.execPath, ["scripts/prepare-only.mjs"], { cwd: root, stdio: "ignore" }), "close");
}, 180_000);
beforeEach(async () => (url = `http://127.0.0.1:${await findFreePort()}`));
afterEach(() => {
  ollama.script(undefined);
  child.kill("SIGTERM");
});
afterAll(async () => {
  await ollama.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { PATH, HOME } = process.env;
  const ports = { API_PORT: new URL(url).port, CACHE_PORT: "0", INFERENCE_PORT: "0" };
  child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH, HOME, OLLAMA_HOST: ollama.url, INFERENCE_MODE: "chat", ...ports, ...env },
    stdio: "ignore",
  });
  const isLive = () =>
    fetch(`${url}/health/ready`).then(
      ({ status }) => status,
      () => undefined,
    );
  await expect.poll(isLive, { timeout: 25_000, interval: 100 }).toBe(200);
}

describe.skipIf(process.platform === "win32")("SIGHUP", () => {
  it.each([
    ["a service", ["dist/bundle/embedded.js"]],
    ["npm start", ["scripts/start.mjs"]],
  ])("lets the answers under way finish without LOG_FILE, however often: %s", async (_name, args) => {
    await start(args);
    ollama.script([{ text: "Some " }, { delayMs: 3000 }, { text: "words." }]);
    const reading = readEvents(await postMessage(url, question({ stream: true })));
    const ended = once(child, "exit");
    child.kill("SIGHUP");
    await delay(1000);
    child.kill("SIGHUP");
    expect((await reading).at(-1)).toEqual({ type: "message_stop" });
    expect(await ended).toEqual([0, null]);
  });

  it("reopens LOG_FILE and does nothing else", async () => {
    await start(["scripts/start.mjs"], { LOG_FILE: log });
    ollama.script([{ text: "Some " }, { delayMs: 3000 }, { text: "words." }]);
    const reading = readEvents(await postMessage(url, question({ stream: true })));
    renameSync(log, `${log}.1`);
    child.kill("SIGHUP");
    await expect.poll(() => existsSync(log), { timeout: 10_000 }).toBe(true);
    const before = readFileSync(`${log}.1`, "utf8");
    expect(before).toContain('"gateway listening"');
    expect((await reading).at(-1)).toEqual({ type: "message_stop" });
    expect((await postMessage(url, question())).status).toBe(200);
    await expect.poll(() => readFileSync(log, "utf8"), { timeout: 10_000 }).toContain('"cache miss"');
    expect(readFileSync(`${log}.1`, "utf8")).toBe(before);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
