import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startFakeOllama, type FakeOllama } from "./fake-ollama.js";

let fake: FakeOllama;
beforeEach(async () => {
  fake = await startFakeOllama();
});
afterEach(() => fake.close());

const chat = (content = "hi", more: object = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${fake.url}/api/chat`, {
    method: "POST",
    body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content }], ...more }),
    signal,
  });
const linesOf = async (response: Promise<Response>): Promise<string[]> =>
  (await (await response).text()).trim().split("\n");
const isSettled = async (promise: Promise<unknown>, withinMs: number): Promise<boolean> =>
  Promise.race([promise.then(() => true), sleep(withinMs, false)]);

it("plays a script once, then the one for every answer, then none", async () => {
  fake.script([{ text: "every" }]);
  fake.script([{ text: "once" }, { done: { reason: "length", promptEvalCount: 7, evalCount: 9 } }], 1);
  const [once1, end] = await linesOf(chat());
  expect(once1).toContain('"content":"once"');
  expect(JSON.parse(end ?? "")).toMatchObject({ done_reason: "length", prompt_eval_count: 7, eval_count: 9 });
  expect((await linesOf(chat()))[0]).toContain('"content":"every"');
  fake.script(undefined);
  expect((await linesOf(chat()))[0]).toContain('"content":"Hello"');
});

it("asks a script function with the request and the number of the generation", async () => {
  fake.script(({ path }, generation) =>
    path === "/api/chat" && generation === 2 ? [{ text: "scripted" }] : undefined,
  );
  expect((await linesOf(chat()))[0]).toContain("Hello");
  expect((await linesOf(chat()))[0]).toContain('"content":"scripted"');
});

it("writes raw bytes and adds no end of its own", async () => {
  fake.script([{ text: "a" }, { raw: '{"error":"unexpected EOF"}\n' }]);
  const lines = await linesOf(chat());
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('{"error":"unexpected EOF"}');
});

it("cuts a stream by EOF or by a reset, and blames neither on the client", async () => {
  fake.script([{ text: "a" }, { cut: "end" }], 1);
  expect(await linesOf(chat())).toHaveLength(1);
  fake.script([{ text: "a" }, { cut: "reset" }], 1);
  await expect(linesOf(chat())).rejects.toThrow();
  expect(fake.requests.map((request) => request.aborted)).toEqual([false, false]);
});

it("answers an error instead of a stream", async () => {
  fake.script([{ status: 503, body: { error: "server busy" } }]);
  const response = await chat();
  expect([response.status, await response.json()]).toEqual([503, { error: "server busy" }]);
});

it("holds headers back until the first line", async () => {
  fake.script([{ headersDelayMs: 80 }, { text: "a" }]);
  const startedAt = Date.now();
  const response = await chat();
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(75);
  await response.text();
});

it("has one slot: others wait, and a client's disconnect frees it", async () => {
  const leaver = new AbortController();
  const endless = await chat("@@loop", {}, leaver.signal);
  const waiting = linesOf(chat());
  expect(await isSettled(waiting, 60)).toBe(false);
  expect([fake.running(), fake.generations()]).toEqual([1, 2]);
  leaver.abort();
  await expect(endless.text()).rejects.toThrow();
  expect((await waiting).length).toBeGreaterThan(5);
  expect(fake.requests.map((request) => request.aborted)).toEqual([true, false]);
  expect(fake.running()).toBe(0);
});

it("skips a client that left the queue", async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const endless = await chat("@@loop", {}, first.signal);
  const left = chat("hi", {}, second.signal);
  await vi.waitFor(() => expect(fake.generations()).toBe(2));
  const third = linesOf(chat());
  second.abort();
  await expect(left).rejects.toThrow();
  first.abort();
  await endless.body?.cancel().catch(() => undefined);
  expect((await third).length).toBeGreaterThan(5);
});

it("keeps the slot through prompt evaluation even when the client has left", async () => {
  fake.script([{ headersDelayMs: 150 }, { text: "a" }], 1);
  const leaver = new AbortController();
  const left = chat("hi", {}, leaver.signal);
  await vi.waitFor(() => expect(fake.running()).toBe(1));
  leaver.abort();
  await expect(left).rejects.toThrow();
  const next = linesOf(chat());
  expect(await isSettled(next, 60)).toBe(false);
  expect((await next).length).toBeGreaterThan(5);
});

it("runs two at once with numParallel 2", async () => {
  fake.knobs.numParallel = 2;
  const leaver = new AbortController();
  await chat("@@loop", {}, leaver.signal);
  expect((await linesOf(chat())).length).toBeGreaterThan(5);
  leaver.abort();
});

it("hangs and goes on", async () => {
  fake.hang();
  const answer = linesOf(chat());
  const version = fetch(`${fake.url}/api/version`);
  expect(await isSettled(Promise.race([answer, version]), 60)).toBe(false);
  fake.unhang();
  expect((await version).status).toBe(200);
  expect((await answer).length).toBeGreaterThan(5);
});

it("stops and resumes on the same port", async () => {
  const { port } = fake;
  const broken = await chat("@@loop");
  await fake.stop();
  await expect(broken.text()).rejects.toThrow();
  await expect(chat()).rejects.toThrow();
  await fake.resume();
  expect(fake.port).toBe(port);
  expect((await chat()).status).toBe(200);
  expect(fake.requests[0]?.aborted).toBe(false);
});

it("counts loads, and no generation for an empty request", async () => {
  await chat("hi", { messages: [] });
  expect([fake.loads(), fake.generations()]).toEqual([1, 0]);
  await linesOf(chat("hi", { options: { num_ctx: 8192 } }));
  await linesOf(chat("hi", { options: { num_ctx: 8192 } }));
  expect([fake.loads(), fake.generations()]).toEqual([2, 2]);
});

it("pulls a model with progress lines", async () => {
  const pulled = await fetch(`${fake.url}/api/pull`, { method: "POST", body: '{"model":"new:1b"}' });
  const statuses = (await pulled.text()).trim().split("\n");
  expect(statuses.at(0)).toBe('{"status":"pulling manifest"}');
  expect(statuses.at(-1)).toBe('{"status":"success"}');
  expect((await chat("hi", { model: "new:1b" })).status).toBe(200);
});

it("runs as a program of its own, with its knobs over HTTP", async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/fake-ollama.ts`], {
    env: { ...process.env, PORT: "0", FAKE_OLLAMA_MODELS: '[{"name":"mine"}]' },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = /http:\S+/u.exec(line)?.[0] ?? "";
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body) });
  await post("/__fake/script", { script: [{ text: "scripted" }], times: 1 });
  const answer = await post("/api/chat", { model: "mine", messages: [{ role: "user", content: "hi" }] });
  expect(await answer.text()).toContain("scripted");
  expect(await (await fetch(`${url}/__fake/requests`)).json()).toMatchObject({ generations: 1 });
  await post("/__fake/reset", {});
  expect(await (await fetch(`${url}/__fake/requests`)).json()).toMatchObject({
    requests: [],
    generations: 0,
  });
  child.kill();
  await once(child, "exit");
});
