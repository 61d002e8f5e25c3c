import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, cpSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { smallShow } from "../../services/inference-adapter/src/tokens/__fixtures__/small-vocabulary.js";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama/fake-ollama.js";
import { lastChat, question } from "../support/stack.js";

// The bundles alone, as in an image: no source and no package is in reach.
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-bundle-"));
const bundle = join(folder, "dist/bundle");
const pdf = readFileSync(
  join(root, "services/inference-adapter/src/sources/__fixtures__/two-pages.pdf"),
  "base64",
);

let ollama: FakeOllama;
let child: ChildProcess;
let url = "";

beforeAll(async () => {
  cpSync(join(root, "dist/bundle"), bundle, { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  ollama = await startFakeOllama();
  child = spawn(process.execPath, [join(bundle, "embedded.js"), "--port", "0"], {
    cwd: folder,
    env: { PATH: process.env["PATH"], OLLAMA_HOST: ollama.url, CACHE_PORT: "0", INFERENCE_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  await vi.waitFor(() => expect(output).toMatch(/gateway {3}(http:\S+)/), { timeout: 30_000 });
  url = /gateway {3}(http:\S+)/.exec(output)?.[1] ?? "";
});

afterAll(async () => {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
  await ollama.close();
  rmSync(folder, { recursive: true });
});

it("reads a PDF in its worker", async () => {
  const source = { type: "base64", media_type: "application/pdf", data: pdf };
  const messages = [{ role: "user", content: [{ type: "document", source }] }];
  const answer = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...question(), messages }),
  });
  expect(answer.status).toBe(200);
  expect(JSON.stringify(lastChat(ollama))).toContain("Invoice 4711");
});

it("counts in its worker", async () => {
  const worker = new Worker(join(bundle, "count.worker.js"));
  const ask = async (job: object) => {
    worker.postMessage(job, []);
    return ((await once(worker, "message")) as [{ result: unknown }])[0].result;
  };
  expect(await ask({ type: "load", id: 1, digest: "a", show: smallShow() })).toBeDefined();
  const texts = ["hello hello", "hell"];
  expect(await ask({ type: "count", id: 2, digest: "a", dialect: "ollama", texts })).toEqual([2, 1]);
  await worker.terminate();
});

it("has the status page, and knows its version", async () => {
  const page = await fetch(url, { headers: { accept: "text/html" } });
  expect(page.headers.get("content-type")).toMatch("text/html");
  const { version } = (await (await fetch(url)).json()) as { version?: string };
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
