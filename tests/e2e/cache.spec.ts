import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { foldMessage } from "#anthropic/fold-message.js";
import { mintToolUseId } from "#anthropic/ids.js";
import type { Message } from "#anthropic/messages.js";
import { decodeEvents } from "#anthropic/sse.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import {
  type Stack,
  lastChat,
  postMessage,
  question,
  startStack,
  untilStored,
  writes,
} from "../support/stack.js";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

const readTool: Anthropic.Tool = { name: "Read", input_schema: { type: "object" } };
const reads = (path: string) => ({ toolCall: { name: "Read", arguments: { path } } });
const cacheOf = ({ headers }: Response) => headers.get("x-cache");

async function messageOf(response: Response): Promise<Message> {
  if (response.headers.get("content-type")?.startsWith("application/json"))
    return (await response.json()) as Message;
  return foldMessage(decodeEvents(response.body as AsyncIterable<Uint8Array>));
}

/** Asks, reads the whole answer, and waits until it is stored. */
async function askAndStore(body: object, headers?: Record<string, string>): Promise<Response> {
  const response = await stack.post(body, headers);
  await response.text();
  await untilStored(stack, response);
  return response;
}

const contentWithoutIds = ({ content }: Message) => content.map((block) => ({ ...block, id: undefined }));

describe("an answer that was given", () => {
  it("is given again, in both modes, with ids of its own each time", async () => {
    stack.ollama.script([{ text: "Two files." }, reads("a"), reads("b")]);
    const asked = question({ tools: [readTool] });
    const answers: Message[] = [];
    const results: (string | null)[] = [];
    for (const stream of [false, true, false, true]) {
      const response = await stack.post({ ...asked, stream });
      results.push(cacheOf(response));
      answers.push(await messageOf(response));
      if (results.length === 1) await untilStored(stack, response);
    }
    expect(results).toEqual(["miss", "hit", "hit", "hit"]);
    expect(stack.ollama.generations()).toBe(1);
    const [first] = answers.map(contentWithoutIds);
    for (const answer of answers) {
      expect(contentWithoutIds(answer)).toEqual(first);
      expect(answer).toMatchObject({ stop_reason: "tool_use", usage: answers[0]?.usage });
    }
    const ids = answers.flatMap((message) => [
      message.id,
      ...message.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])),
    ]);
    expect(new Set(ids).size).toBe(12);
  });

  it("is found for a stream too that was asked first", async () => {
    const asked = question();
    await askAndStore({ ...asked, stream: true });
    expect(cacheOf(await stack.post(asked))).toBe("hit");
  });

  it("comes with its age, its key and who gave it", async () => {
    const asked = question({ model: "claude-opus-9" });
    const first = await askAndStore(asked);
    const second = await stack.post(asked);
    expect(Object.fromEntries(second.headers)).toMatchObject({
      "x-cache": "hit",
      "x-cache-key": first.headers.get("x-cache-key"),
      "x-served-model": "qwen3-coder:30b",
      age: expect.stringMatching(/^\d+$/) as string,
    });
    expect(((await second.json()) as Message).model).toBe("claude-opus-9");
  });

  it("is found under every name of the model, and beside everything that means nothing", async () => {
    const asked = question();
    await askAndStore(asked);
    const { content } = asked.messages[0] ?? {};
    const hint = { cache_control: { type: "ephemeral" } };
    for (const changed of [
      { model: "claude-opus-9" },
      { model: "qwen3-coder:30b" },
      { metadata: { user_id: "somebody else" } },
      { messages: [{ role: "user", content: [{ type: "text", text: content, ...hint }] }] },
      { system: [{ type: "text", text: "x-anthropic-billing-header: cc_version=9;" }] },
    ])
      expect(cacheOf(await stack.post({ ...asked, ...changed }))).toBe("hit");
  });

  it("keeps the next turn findable, though its ids are new", async () => {
    stack.ollama.script([reads("a")], 1);
    const asked = question({ tools: [readTool] });
    await askAndStore(asked);
    stack.ollama.script(writes("The file is empty."));
    const secondTurn = async () => {
      const { content } = await messageOf(await stack.post(asked));
      const tool_use_id = (content[0] as { id: string }).id;
      return {
        ...asked,
        messages: [
          ...asked.messages,
          { role: "assistant", content },
          { role: "user", content: [{ type: "tool_result", tool_use_id, content: "" }] },
        ],
      };
    };
    const [one, two] = [await secondTurn(), await secondTurn()];
    expect(one).not.toEqual(two);
    await askAndStore(one);
    expect(cacheOf(await stack.post(two))).toBe("hit");
  });

  it("is given for an ending at the output limit too", async () => {
    stack.ollama.script(writes("one two three four"));
    const asked = question({ max_tokens: 2 });
    await askAndStore(asked);
    const again = await stack.post(asked);
    expect(cacheOf(again)).toBe("hit");
    expect(await again.json()).toMatchObject({ stop_reason: "max_tokens" });
  });

  it.each<[string, object]>([
    ["another message", { messages: [{ role: "user", content: "Something else" }] }],
    ["another model", { model: "tiny" }],
    ["another system prompt", { system: "Be brief." }],
    ["a tool", { tools: [readTool] }],
    ["another tool", { tools: [{ ...readTool, description: "reads" }] }],
    ["another output limit", { max_tokens: 1000 }],
    ["a temperature", { temperature: 0.5 }],
    ["thinking", { thinking: { type: "adaptive" } }],
    ["an output format", { output_config: { format: { type: "json_schema", schema: {} } } }],
    ["another turn", { messages: [...question().messages, { role: "assistant", content: "Hi" }] }],
  ])("is not given for %s", async (_name, changed) => {
    const asked = question();
    await askAndStore(asked);
    expect(cacheOf(await stack.post({ ...asked, ...changed }))).toBe("miss");
  });
});

describe("a request's own wishes", () => {
  it("no-cache generates anew and replaces", async () => {
    const asked = question();
    stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));
    await askAndStore(asked);
    const fresh = await stack.post(asked, { "cache-control": "no-cache" });
    expect(cacheOf(fresh)).toBe("refresh");
    expect(await messageOf(fresh)).toMatchObject({ content: [{ text: "Answer 2." }] });
    await vi.waitFor(
      async () => {
        const again = await stack.post(asked);
        expect(cacheOf(again)).toBe("hit");
        expect(await messageOf(again)).toMatchObject({ content: [{ text: "Answer 2." }] });
      },
      { timeout: 10_000, interval: 20 },
    );
  });

  it("max-age takes no answer that has just ended, but joins one that is under way", async () => {
    const asked = question();
    stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));
    await askAndStore(asked);
    const fresh = await stack.post(asked, { "cache-control": "max-age=0" });
    expect(cacheOf(fresh)).toBe("miss");
    expect(await messageOf(fresh)).toMatchObject({ content: [{ text: "Answer 2." }] });
    stack.ollama.script([{ text: "slow" }, { delayMs: 1500 }, { text: "ly" }]);
    const other = question();
    const both = await Promise.all(
      [1, 2].map(() => stack.post({ ...other, stream: true }, { "cache-control": "max-age=0" })),
    );
    expect(new Set(both.map(cacheOf))).toEqual(new Set(["coalesced", "miss"]));
    await Promise.all(both.map((response) => response.text()));
  });

  it("no-store neither reads nor stores, however often", async () => {
    const asked = question();
    stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));
    for (const answer of [1, 2, 3]) {
      const response = await stack.post(asked, { "cache-control": "no-store" });
      expect(cacheOf(response)).toBe("bypass");
      expect(await messageOf(response)).toMatchObject({ content: [{ text: `Answer ${answer}.` }] });
    }
    const response = await stack.post(asked, { "cache-control": "only-if-cached" });
    expect(response.status).toBe(504);
  });

  it("only-if-cached runs no model", async () => {
    const asked = question();
    const missed = await stack.post(asked, { "cache-control": "only-if-cached" });
    expect(missed.status).toBe(504);
    expect(cacheOf(missed)).toBe("miss");
    expect(missed.headers.get("x-should-retry")).toBe("false");
    expect(await missed.json()).toMatchObject({ type: "error", error: { type: "timeout_error" } });
    expect(stack.ollama.generations()).toBe(0);
    await askAndStore(asked);
    expect(cacheOf(await stack.post(asked, { "cache-control": "only-if-cached" }))).toBe("hit");
  });

  it("max-age takes what is younger", async () => {
    const asked = question();
    await askAndStore(asked);
    expect(cacheOf(await stack.post(asked, { "cache-control": "max-age=3600" }))).toBe("hit");
    const old = await stack.post(asked, { "cache-control": "max-age=0, only-if-cached" });
    expect(old.status).toBe(504);
  });

  it("x-cache-ttl bounds how long it is kept", async () => {
    const asked = question();
    await askAndStore(asked, { "x-cache-ttl": "1" });
    await vi.waitFor(
      async () => {
        const response = await stack.post(asked, { "cache-control": "only-if-cached" });
        expect(response.status).toBe(504);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it("x-cache-ttl of 0 stores nothing, of nonsense is refused", async () => {
    const asked = question();
    expect(cacheOf(await stack.post(asked, { "x-cache-ttl": "0" }))).toBe("bypass");
    expect((await stack.post(asked, { "x-cache-ttl": "soon" })).status).toBe(400);
  });
});

describe("what is never stored", () => {
  it.each<[string, Parameters<Stack["ollama"]["script"]>[0], number]>([
    ["an error of the backend", [{ status: 500, body: { error: "out of memory" } }], 500],
    ["an answer that is cut", [{ text: "Half of" }, { cut: "end" }], 500],
    ["an answer that is torn off", [{ text: "Half of" }, { cut: "reset" }], 500],
    ["an error in the middle", [{ text: "Half" }, { raw: '{"error":"unexpected EOF"}\n' }], 500],
    ["garbage in the middle", [{ text: "Half" }, { raw: "{garbage\n" }], 500],
    ["an empty answer", [{ done: { evalCount: 1 } }], 200],
  ])("%s", async (_name, script, status) => {
    stack.ollama.script(script);
    const asked = question();
    for (const stream of [false, true]) {
      const response = await stack.post({ ...asked, stream });
      if (!stream) expect(response.status).toBe(status);
      await response.text();
    }
    const bad = await stack.post(asked);
    await bad.text();
    stack.ollama.script(undefined);
    await askAndStore(question()); // whatever was stored before is stored now
    const key = bad.headers.get("x-cache-key");
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect((await fetch(`${stack.cache.url}/entries/${key}`)).status).toBe(404);
  });
});

describe("a model that was pulled anew", () => {
  it("gives new answers under new keys", async () => {
    const asked = question({ model: "tiny" });
    const before = await askAndStore(asked);
    const model = stack.ollama.models.find(({ name }) => name === "tiny:latest");
    if (!model) throw new Error("tiny is missing");
    model.digest = "e".repeat(64);
    // The adapter and the gateway look again after some seconds each.
    let after = await stack.post(asked);
    await vi.waitFor(
      async () => {
        after = await stack.post(asked);
        expect(cacheOf(after)).toBe("miss");
      },
      { timeout: 25_000, interval: 250 },
    );
    expect(after.headers.get("x-cache-key")).not.toBe(before.headers.get("x-cache-key"));
    expect(stack.ollama.generations()).toBe(2);
  });
});

describe("a model that is replaced while a question is on its way", () => {
  it("has the other one's answer given, but not stored as its own", async () => {
    await askAndStore(question({ model: "tiny" }));
    const model = stack.ollama.models.find(({ name }) => name === "tiny:latest");
    if (!model) throw new Error("tiny is missing");
    const { digest } = model;
    model.digest = "d".repeat(64);
    const response = await stack.post(question({ model: "tiny", max_tokens: 77 }));
    expect(response.status).toBe(200);
    await response.text();
    await askAndStore(question({ model: "tiny-think" })); // whatever was stored before is stored now
    model.digest = digest;
    const key = response.headers.get("x-cache-key");
    expect((await fetch(`${stack.cache.url}/entries/${key}`)).status).toBe(404);
  });
});

describe("other gateways over the same cache", () => {
  const env = () => ({
    API_PORT: "0",
    LOG_LEVEL: "silent",
    CACHE_URL: stack.cache.url,
    INFERENCE_URL: stack.adapter.url,
  });

  it("share the answers", async () => {
    const other = await startGateway(env());
    try {
      const asked = question();
      await askAndStore(asked);
      expect(cacheOf(await postMessage(other.url, asked))).toBe("hit");
    } finally {
      await other.close();
    }
  });

  it("take no part with CACHE_TTL=0", async () => {
    const other = await startGateway({ ...env(), CACHE_TTL: "0" });
    try {
      const asked = question();
      await askAndStore(asked);
      for (let count = 0; count < 2; count++)
        expect(cacheOf(await postMessage(other.url, asked))).toBe("bypass");
      expect(stack.ollama.generations()).toBe(3);
      expect(await (await fetch(other.url)).json()).toMatchObject({ cache: "off" });
    } finally {
      await other.close();
    }
  });

  it("take no part in samples with CACHE_SAMPLED=false", async () => {
    const other = await startGateway({ ...env(), CACHE_SAMPLED: "false" });
    try {
      const ask = async (temperature: number) =>
        cacheOf(await postMessage(other.url, question({ temperature })));
      expect(await ask(0.7)).toBe("bypass");
      expect(await ask(0)).toBe("miss");
    } finally {
      await other.close();
    }
  });
});

describe("a conversation that quotes the ids of its calls, as smolagents writes it", () => {
  const asking = (id: string) => ({
    ...question({ max_tokens: 901 }),
    messages: [
      { role: "user", content: "Weather?" },
      { role: "assistant", content: `Calling tools:\n[{'id': '${id}', 'function': 'weather'}]` },
      { role: "user", content: "Observation:\nsunny" },
    ],
  });

  it("is the same in the next run, and the model sees what is there", async () => {
    const first = mintToolUseId();
    expect(cacheOf(await askAndStore(asking(first)))).toBe("miss");
    expect(JSON.stringify(lastChat(stack.ollama))).toContain(first);
    expect(cacheOf(await stack.post(asking(mintToolUseId())))).toBe("hit");
  });

  it("has an answer for itself where that quotes one too", async () => {
    const ask = async (id: string) => {
      stack.ollama.script([{ text: `Call ${id} says: sunny.` }]);
      const response = await stack.post({ ...asking(id), max_tokens: 902 });
      return [cacheOf(response), JSON.stringify(await messageOf(response)).includes(id)];
    };
    expect(await ask(mintToolUseId())).toEqual(["miss", true]);
    expect(await ask(mintToolUseId())).toEqual(["miss", true]);
  });
});

it("a hit streams as an answer that the SDK accepts", async () => {
  stack.ollama.script([{ thinking: "Hm." }, { text: "Yes." }, reads("a")]);
  const asked = question({ model: "tiny-think", thinking: { type: "adaptive" }, tools: [readTool] });
  await askAndStore(asked);
  const stream = stack.client().messages.stream(asked);
  const events = await collect(stream);
  const message = await stream.finalMessage();
  expect(events.at(-1)?.type).toBe("message_stop");
  expect(message.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
  expect(message.content[2]).toMatchObject({ input: { path: "a" } });
  expect(stack.ollama.generations()).toBe(1);
});
