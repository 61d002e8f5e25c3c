import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../../tests/support/free-ports.js";
import { type DemoEngine, type DemoEngineOptions, startDemoEngine } from "./demo-engine.js";

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function startDemo(options: Partial<DemoEngineOptions> = {}): Promise<DemoEngine> {
  const demo = await startDemoEngine({
    ollamaUrl: `http://127.0.0.1:${await findFreePort()}`,
    checkIntervalMs: 20,
    wordIntervalMs: 0,
    ...options,
  });
  opened.push(demo);
  return demo;
}

interface DemoLine {
  message: { content: string };
}

async function chat({ url }: DemoEngine, body: object): Promise<DemoLine[]> {
  const answer = await fetch(`${url}/api/chat`, { method: "POST", body: JSON.stringify(body) });
  return (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as DemoLine);
}

const question = { model: "qwen3-coder:demo", messages: [{ role: "user", content: "Who are you?" }] };

describe("the demo engine", () => {
  it("lists one model that says what it is", async () => {
    const { url } = await startDemo();
    const { models } = (await (await fetch(`${url}/api/tags`)).json()) as { models: object[] };
    expect(models).toMatchObject([
      { name: "qwen3-coder:demo", digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  it("answers word by word that it is a demo and how to get the real thing", async () => {
    const lines = await chat(await startDemo(), { ...question, tools: [{ type: "function" }] });
    const text = lines.map(({ message }) => message.content).join("");
    expect(text).toMatch(
      /^This is the demo engine of llm-selfhost, not a language model\..*ollama pull qwen3-coder/,
    );
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: "stop", eval_count: lines.length - 1 });
    expect(JSON.stringify(lines)).not.toContain("tool_calls");
  });

  it("stops at the asked length", async () => {
    const lines = await chat(await startDemo(), { ...question, options: { num_predict: 3 } });
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ done_reason: "length", eval_count: 3 });
  });

  it("loads when there is nothing to answer", async () => {
    const lines = await chat(await startDemo(), { ...question, messages: [] });
    expect(lines).toMatchObject([{ done: true, done_reason: "load" }]);
  });

  it.each([
    ["another model", { ...question, model: "llama3" }, 404, /llama3/],
    ["no JSON", "{", 400, /JSON/],
  ])("refuses %s", async (_name, body, status, message) => {
    const { url } = await startDemo();
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${url}/api/chat`, { method: "POST", body: text });
    expect(answer.status).toBe(status);
    expect(await errorOf(answer)).toMatch(message);
  });

  it("makes way for Ollama as soon as it appears, and says so once", async () => {
    const port = await findFreePort();
    const ollamaUrl = `http://127.0.0.1:${port}`;
    let calls = 0;
    const appeared = Promise.withResolvers<string>();
    const demo = await startDemo({ ollamaUrl, onOllama: (url) => (calls++, appeared.resolve(url)) });
    await chat(demo, question);
    const ollama = await startEchoingOllama(port);
    expect(await appeared.promise).toBe(ollamaUrl);
    const answer = await fetch(`${demo.url}/api/chat?x=1`, { method: "POST", body: "hello" });
    expect(answer.headers.get("x-from")).toBe("ollama");
    expect(await answer.text()).toBe(`POST /api/chat?x=1 127.0.0.1:${port} hello`);
    await closeServer(ollama);
    const refused = await fetch(`${demo.url}/api/version`);
    expect([refused.status, await errorOf(refused)]).toEqual([502, expect.stringContaining("ECONNREFUSED")]);
    expect(calls).toBe(1);
  });

  it("ends Ollama's work when its client leaves, and the answer when Ollama breaks off", async () => {
    const port = await findFreePort();
    const ollamaUrl = `http://127.0.0.1:${port}`;
    const appeared = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    await startEchoingOllama(port, left.resolve);
    const demo = await startDemo({ ollamaUrl, onOllama: () => appeared.resolve() });
    await appeared.promise;
    const client = new AbortController();
    await fetch(`${demo.url}/endless`, { signal: client.signal });
    client.abort();
    await left.promise;
    const cut = await fetch(`${demo.url}/cut`);
    await expect(cut.text()).rejects.toThrow();
  });
});

async function errorOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: string }).error;
}

/** Says what it was asked; `/endless` never ends, `/cut` breaks off. */
async function startEchoingOllama(port: number, onClientLeft = () => {}): Promise<Server> {
  const server = createServer(async (request, reply) => {
    if (request.url === "/api/tags") return reply.end('{"models":[]}');
    reply.writeHead(200, { "x-from": "ollama" });
    if (request.url === "/endless") return reply.on("close", onClientLeft).write("first");
    if (request.url === "/cut") return reply.write("first", () => reply.destroy());
    const body = (await Array.fromAsync(request)).join("");
    return reply.end(`${request.method} ${request.url} ${request.headers.host} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  opened.push({ close: () => closeServer(server) });
  return server;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
