import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Stack, type StackOptions, lastChat, question, startStack, writes } from "../support/stack.js";

const stacks: Stack[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function start(adapter: NodeJS.ProcessEnv, options: StackOptions = {}): Promise<Stack> {
  const stack = await startStack({ ...options, adapter: { MODEL_WARMUP: "true", ...adapter } });
  stacks.push(stack);
  return stack;
}

interface Health {
  status: number;
  model: { state?: string; message?: string } | undefined;
}

/** As the gateway tells it, which passes on what the adapter says. */
async function ready({ url }: Stack): Promise<Health> {
  const response = await fetch(`${url}/health/ready`);
  const { details } = (await response.json()) as { details: { inference: { model?: Health["model"] } } };
  return { status: response.status, model: details.inference.model };
}

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
const untilReady = (stack: Stack) =>
  until(async () => expect(await ready(stack)).toMatchObject({ status: 200, model: { state: "ready" } }));

const system = "You are careful. ".repeat(300);
const tools = ["Read", "Write"].map((name) => ({
  name,
  description: "What it is for. ".repeat(700),
  input_schema: { type: "object" as const },
}));

interface Chat {
  messages: { role: string; content: string }[];
  tools?: unknown[];
  options: { num_predict?: number };
}
/** The evaluations of prefixes, by how many tools they had. */
const evaluations = ({ ollama }: Stack): number[] =>
  ollama.requests
    .filter(({ path }) => path === "/api/chat")
    .map(({ body }) => body as Chat)
    .filter(({ messages, options }) => messages.at(-1)?.content === "." && options.num_predict === 1)
    .map((chat) => chat.tools?.length ?? 0);

describe("a model that is absent", () => {
  it("is pulled, and meanwhile readiness and requests are told how far it is", async () => {
    const models = [{ name: "other:1b" }];
    const ollama = { models, tokenDelayMs: 400, version: "0.17.4" };
    const stack = await start({ MODEL_PULL: "true" }, { ollama });
    await until(async () => {
      const { status, model } = await ready(stack);
      expect({ status, state: model?.state }).toEqual({
        status: 503,
        state: expect.stringMatching(/^pulling [1-9]\d* %$/) as string,
      });
    });
    for (const model of ["qwen3-coder", "claude-sonnet-4-5"]) {
      const refused = await stack.post(question({ model, stream: true }));
      expect(refused.status).toBe(529);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({
        error: { type: "overloaded_error", message: expect.stringMatching(/pulled: \d+ %/) as string },
      });
    }
    expect((await stack.post(question({ model: "other" }))).status).toBe(200);
    stack.ollama.knobs.tokenDelayMs = 0;
    await untilReady(stack);
    expect((await stack.post(question())).status).toBe(200);
  });

  it("and not to be pulled is told to be missing", async () => {
    const stack = await start({}, { ollama: { models: [{ name: "other:1b" }] } });
    await until(async () =>
      expect(await ready(stack)).toMatchObject({ status: 503, model: { state: "missing" } }),
    );
  });
});

describe("a model that Ollama is slow to describe", () => {
  const slow = (showMs: number) => ({ models: [{ name: "m:latest", showMs }, { name: "m:8b" }] });
  const startSlow = (showMs: number) => {
    const model = { MODEL_NAME: "m", MODEL_PULL: "true" };
    return start(model, { ollama: slow(showMs), gateway: { MODEL_NAME: "m" } });
  };
  const pulls = ({ ollama }: Stack) => ollama.requests.filter(({ path }) => path === "/api/pull");

  it("is waited for: no other answers in its place, and it is not pulled", async () => {
    const stack = await startSlow(2500);
    for (const model of ["m", "claude-sonnet-4-5"]) {
      const response = await stack.post(question({ model }));
      expect([response.status, response.headers.get("x-served-model")]).toEqual([200, "m:latest"]);
    }
    expect(pulls(stack)).toEqual([]);
  });

  it("for long is told so, and answers when it is described", async () => {
    const stack = await startSlow(60_000);
    const refused = await stack.post(question({ model: "m" }));
    expect(refused.status).toBe(529);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refused.json()).toMatchObject({
      error: { type: "overloaded_error", message: "The backend has not described the model m:latest yet" },
    });
    expect((await stack.post(question({ model: "m:8b" }))).headers.get("x-served-model")).toBe("m:8b");
    stack.ollama.models[0]!.showMs = 0;
    await until(async () =>
      expect((await stack.post(question({ model: "m" }))).headers.get("x-served-model")).toBe("m:latest"),
    );
    expect(pulls(stack)).toEqual([]);
  });
});

describe("a model that was loaded", () => {
  it("is loaded again when Ollama has been restarted", async () => {
    const stack = await start({});
    await untilReady(stack);
    expect(stack.ollama.loads()).toBe(1);
    await stack.ollama.stop();
    stack.ollama.loaded.clear();
    await stack.ollama.resume();
    await until(() => expect(stack.ollama.loads()).toBe(2));
    await untilReady(stack);
  });

  it("is loaded again when its digest has changed, and answers of the old one are not replayed", async () => {
    const stack = await start({});
    await untilReady(stack);
    const asked = question();
    await stack.post(asked);
    const [model] = stack.ollama.models;
    if (model) model.digest = "another";
    stack.ollama.loaded.clear();
    await until(() => expect(stack.ollama.loads()).toBe(2));
    await until(async () => {
      const answer = await stack.post(asked);
      expect([answer.headers.get("x-cache"), answer.status]).toEqual(["miss", 200]);
    });
  });

  it("stays away where another one has taken its place, and that is no failure", async () => {
    const stack = await start({});
    await untilReady(stack);
    await stack.post(question({ model: "tiny" }));
    stack.ollama.loaded.delete("qwen3-coder:30b");
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(stack.ollama.loaded.has("qwen3-coder:30b")).toBe(false);
    expect(await ready(stack)).toMatchObject({ status: 200, model: { state: "ready" } });
  });

  it("may leave by itself where it is kept for a while only", async () => {
    const stack = await start({ MODEL_KEEP_ALIVE: "10m" });
    await untilReady(stack);
    stack.ollama.loaded.clear();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(stack.ollama.loads()).toBe(1);
    expect((await ready(stack)).status).toBe(200);
  });
});

describe("the longest prompt prefix seen lately", () => {
  it("is evaluated in steps when the model is loaded again", async () => {
    const stack = await start({});
    await untilReady(stack);
    await stack.post(question({ system, tools }));
    await stack.post(question({ system: "short" }));
    expect(evaluations(stack)).toEqual([]);
    await stack.ollama.stop();
    stack.ollama.loaded.clear();
    await stack.ollama.resume();
    await until(() => expect(evaluations(stack)).toEqual([2]));
    expect((lastChat(stack.ollama) as unknown as Chat).messages[0]).toMatchObject({
      role: "system",
      content: system,
    });
  });

  it("outlives the adapter in a file, where that is wanted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-warm-up-"));
    folders.push(folder);
    const file = { MODEL_WARMUP_FILE: join(folder, "prefixes.json") };
    const first = await start(file);
    await untilReady(first);
    await first.post(question({ system, tools, messages: [{ role: "user", content: "The secret" }] }));
    await first.adapter.close();
    const second = await start(file);
    await untilReady(second);
    await until(() => expect(evaluations(second)).toEqual([2]));
    expect(JSON.stringify(second.ollama.requests)).not.toContain("secret");
  });

  it("stands in no log, whatever fails", async () => {
    const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-warm-up-"));
    folders.push(folder);
    const log = join(folder, "log");
    const MODEL_WARMUP_FILE = join(folder, "prefixes.json");
    writeFileSync(MODEL_WARMUP_FILE, "a secret");
    const stack = await start({ LOG_LEVEL: "info", LOG_FILE: log, MODEL_WARMUP_FILE });
    await untilReady(stack);
    await stack.post(question({ system: `A secret. ${system}`, tools }));
    await stack.ollama.stop();
    stack.ollama.loaded.clear();
    stack.ollama.script(() => [{ status: 500, body: { error: 'unexpected "A secret. You are"' } }]);
    await stack.ollama.resume();
    await until(() => expect(readFileSync(log, "utf8")).toContain("no prompt prefix evaluated"));
    expect(readFileSync(log, "utf8")).toContain("the warm-up file cannot be read");
    expect(readFileSync(log, "utf8")).not.toContain("secret");
  });

  it("is left to a real request that comes first, and holds none up but for one step", async () => {
    const stack = await start({});
    await untilReady(stack);
    const many = Array.from({ length: 10 }, (_, index) => ({ ...tools[0]!, name: `T${index}` }));
    await stack.post(question({ system, tools: many }));
    await stack.ollama.stop();
    stack.ollama.loaded.clear();
    await stack.ollama.resume();
    stack.ollama.script(({ body }) =>
      (body as Chat).messages.at(-1)?.content === "."
        ? [{ headersDelayMs: 2000 }, { text: "x" }]
        : writes("Hi."),
    );
    await until(() => expect(evaluations(stack)).toHaveLength(1));
    const startedAt = performance.now();
    expect((await stack.post(question())).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(evaluations(stack)).toHaveLength(1);
  });
});

describe("an Ollama that answers probes but does not generate", () => {
  it("is noticed after the first event limit, in health too, and again when it is well", async () => {
    const stack = await start({ FIRST_EVENT_TIMEOUT_MS: "2000" });
    await untilReady(stack);
    stack.ollama.script([{ delayMs: 600_000 }]);
    expect((await stack.post(question())).status).toBe(504);
    await until(async () =>
      expect(await ready(stack)).toMatchObject({
        status: 503,
        model: { state: "stuck", message: expect.stringContaining("silent for 2 s") as string },
      }),
    );
    expect((await fetch(`${stack.url}/health`)).status).toBe(503);
    expect((await fetch(`${stack.url}/health/live`)).status).toBe(200);
    stack.ollama.script(undefined);
    await untilReady(stack);
    expect((await stack.post(question())).status).toBe(200);
  });

  it("has its model loaded before it is tried out, where it was unloaded", async () => {
    const stack = await start({ FIRST_EVENT_TIMEOUT_MS: "2000", MODEL_WARMUP: "false" });
    await untilReady(stack);
    stack.ollama.script([{ delayMs: 600_000 }]);
    expect((await stack.post(question())).status).toBe(504);
    stack.ollama.loaded.clear();
    const isLoad = ({ body }: { body: unknown }) => (body as Partial<Chat>).messages?.length === 0;
    await until(() => expect(stack.ollama.requests.some(isLoad)).toBe(true));
  });
});
