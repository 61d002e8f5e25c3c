import { afterEach, describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";
import { decodeEvents } from "#anthropic/sse.js";
import { type Stack, type StackOptions, question, startStack, writes } from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());
const start = async (options?: StackOptions) => (stack = await startStack(options));

const patience = { timeout: 15_000, interval: 20 };
const cacheOf = ({ headers }: Response) => headers.get("x-cache");

/** Asks for a stream, reads its first bytes, and leaves. */
async function askAndLeave(body: object): Promise<void> {
  const leaving = new AbortController();
  const response = await stack.post({ ...body, stream: true }, {}, leaving.signal);
  await response.body?.getReader().read();
  leaving.abort();
}

const read = { name: "Read", input_schema: { type: "object" as const } };
const endless = [{ text: "word ", forever: true }];
const aToken = { tokenDelayMs: 20 };
const slowly = Array.from({ length: 20 }, (_, index) => [{ text: `${index} ` }, { delayMs: 50 }]).flat();

describe("identical requests at the same time", () => {
  it("make one generation, whole for everybody, with ids of their own", async () => {
    await start();
    stack.ollama.script([...slowly, { toolCall: { name: "Read", arguments: { path: "a" } } }]);
    const asked = question({ tools: [{ name: "Read", input_schema: { type: "object" } }] });
    const answers = await Promise.all(
      [false, true, false, true, true].map(async (stream) => {
        const response = await stack.post({ ...asked, stream });
        const bytes = response.body as AsyncIterable<Uint8Array>;
        const message = stream
          ? await foldMessage(decodeEvents(bytes))
          : ((await response.json()) as Message);
        return { result: cacheOf(response), message };
      }),
    );
    expect(stack.ollama.generations()).toBe(1);
    const results = answers.map(({ result }) => String(result));
    expect(results.toSorted()).toEqual(["coalesced", "coalesced", "coalesced", "coalesced", "miss"]);
    const texts = answers.map(({ message }) => JSON.stringify(message.content[0]));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("0 1 2 3");
    const ids = answers.flatMap(({ message }) => [message.id, (message.content[1] as { id: string }).id]);
    expect(new Set(ids).size).toBe(10);
  });

  it("are joined late too, from the first event", async () => {
    await start();
    stack.ollama.script(slowly);
    const asked = question({ stream: true });
    const first = await stack.post(asked);
    const events = decodeEvents(first.body as AsyncIterable<Uint8Array>);
    for (let count = 0; count < 8; count++) await events.next();
    const second = await stack.post(asked);
    expect(cacheOf(second)).toBe("coalesced");
    const [rest, message] = await Promise.all([
      collect(events),
      foldMessage(decodeEvents(second.body as AsyncIterable<Uint8Array>)),
    ]);
    expect(rest.at(-1)?.type).toBe("message_stop");
    expect(message.content).toMatchObject([{ text: expect.stringMatching(/^0 1 2 .* 19 $/) as string }]);
    expect(stack.ollama.generations()).toBe(1);
  });

  it("fail together where their generation fails", async () => {
    await start();
    stack.ollama.script([{ text: "Half" }, { delayMs: 300 }, { cut: "reset" }]);
    const asked = question();
    const answers = await Promise.all([1, 2, 3].map(() => stack.post(asked)));
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
    expect(stack.ollama.generations()).toBe(1);
  });

  it.each(["no-store", "no-cache"])("are not joined under %s", async (directive) => {
    await start({ adapter: { INFERENCE_CONCURRENCY: "2" }, ollama: { numParallel: 2 } });
    stack.ollama.script(slowly);
    const asked = question();
    const headers = { "cache-control": directive };
    await Promise.all([stack.post(asked, headers), stack.post(asked, headers)]);
    expect(stack.ollama.generations()).toBe(2);
  });
});

describe("a client that leaves", () => {
  it("frees the model after the grace", async () => {
    await start({ ollama: aToken, adapter: { DETACH_GRACE_MS: "300" } });
    stack.ollama.script(endless);
    await askAndLeave(question());
    expect(stack.ollama.running()).toBe(1);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(0), patience);
    expect(stack.ollama.requests.findLast(({ path }) => path === "/api/chat")?.aborted).toBe(true);
  });

  it.each([
    ["a chat", {}, [{ raw: '{"message":{"role":"assistant","content":""},"done":false}\n' }]],
    ["blanks before a call", { tools: [read] }, [{ text: "\n" }]],
    ["a call that cannot be read yet", { tools: [read] }, [{ text: "<tool_call>\nx" }]],
  ])("frees the model where nothing was passed on: %s", async (_case, fields, script) => {
    await start({ adapter: { DETACH_GRACE_MS: "300", INFERENCE_MODE: "auto" } });
    stack.ollama.script([...script, { delayMs: 600_000 }]);
    await askAndLeave(question(fields));
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(0), patience);
  });

  it("frees the model at once when another request waits", async () => {
    await start({ ollama: aToken, adapter: { DETACH_GRACE_MS: "60000" } });
    stack.ollama.script(endless, 1);
    await askAndLeave(question());
    stack.ollama.script(writes("For you."));
    const response = await stack.post(question());
    expect(await response.json()).toMatchObject({ content: [{ text: "For you." }] });
  });

  it("finds its generation again, and the whole answer", async () => {
    await start();
    stack.ollama.script(slowly);
    const asked = question();
    await askAndLeave(asked);
    const retry = await stack.post({ ...asked, stream: false });
    expect(cacheOf(retry)).toBe("coalesced");
    expect(await retry.json()).toMatchObject({
      content: [{ text: expect.stringMatching(/^0 1 2 .* 19 $/) as string }],
    });
    expect(stack.ollama.generations()).toBe(1);
  });

  it("leaves an answer that is stored when it is finished", async () => {
    await start();
    stack.ollama.script(slowly);
    const asked = question();
    await askAndLeave(asked);
    await vi.waitFor(async () => {
      const response = await stack.post(asked, { "cache-control": "only-if-cached" });
      expect(cacheOf(response)).toBe("hit");
    }, patience);
    expect(stack.ollama.generations()).toBe(1);
  });

  it("takes nothing from the others who listen", async () => {
    await start({ adapter: { DETACH_GRACE_MS: "0" } });
    stack.ollama.script(slowly);
    const asked = question();
    const staying = stack.post(asked);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), patience);
    await askAndLeave(asked);
    expect((await staying).status).toBe(200);
  });

  it("before anything came leaves nothing behind", async () => {
    await start({ adapter: { DETACH_GRACE_MS: "0" } });
    stack.ollama.script([{ delayMs: 700 }, { text: "Too late." }]);
    const leaving = new AbortController();
    const asked = stack.post(question(), {}, leaving.signal);
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), patience);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await vi.waitFor(() => expect(stack.ollama.running()).toBe(0), patience);
    stack.ollama.script(undefined);
    expect((await stack.post(question())).status).toBe(200);
  });
});
