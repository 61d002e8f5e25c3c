import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Message } from "#anthropic/messages.js";
import {
  type Stack,
  type StackOptions,
  question,
  readEvents,
  startStack,
  untilStored,
  writes,
} from "../support/stack.js";

let stack: Stack;
afterEach(() => stack.close());
const start = async (options?: StackOptions) => (stack = await startStack(options));

const patience = { timeout: 15_000, interval: 20 };
const slowly = Array.from({ length: 20 }, (_, index) => [{ text: `${index} ` }, { delayMs: 50 }]).flat();
const whole = expect.stringMatching(/^0 1 2 .* 19 $/) as string;
const cacheOf = ({ headers }: Response) => headers.get("x-cache");
const untilIdle = () => vi.waitFor(() => expect(stack.ollama.running()).toBe(0), patience);

/** Asks, waits for the first bytes or until the model runs, and leaves. */
async function askAndLeave(body: { stream?: boolean } & object): Promise<Response | undefined> {
  const leaving = new AbortController();
  const asked = stack.post(body, {}, leaving.signal);
  const response = body.stream ? await asked : undefined;
  if (response) await response.body?.getReader().read();
  else await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), patience);
  leaving.abort();
  if (!response) await expect(asked).rejects.toThrow();
  return response;
}

it("a client that comes back again and again leaves one recorder, and finds its answer", async () => {
  await start();
  const longer = Array.from({ length: 20 }, (_, index) => [{ text: `${index} ` }, { delayMs: 200 }]).flat();
  stack.ollama.script(longer);
  const asked = question();
  for (let time = 0; time < 20; time++) await askAndLeave({ ...asked, stream: true });
  const server = stack.adapter.app.getHttpServer();
  const connections = promisify(server.getConnections.bind(server));
  await vi.waitFor(async () => expect(await connections()).toBeLessThan(8), patience);
  expect(stack.ollama.running()).toBe(1);
  const again = await stack.post({ ...asked, stream: true });
  expect(cacheOf(again)).toBe("coalesced");
  expect((await readEvents(again)).at(-1)).toEqual({ type: "message_stop" });
  await untilStored(stack, again);
  expect(stack.ollama.generations()).toBe(1);
});

describe.each([true, false])("a client that leaves in the middle of an answer (stream: %s)", (stream) => {
  it("finds it when it has ended: a hit, of one generation", async () => {
    await start();
    stack.ollama.script(slowly);
    const asked = question();
    await askAndLeave({ ...asked, stream });
    await untilIdle();
    await vi.waitFor(async () => {
      const cached = await stack.post(asked, { "cache-control": "only-if-cached" });
      expect(cacheOf(cached)).toBe("hit");
    }, patience);
    const again = await stack.post(asked);
    expect(cacheOf(again)).toBe("hit");
    expect(await again.json()).toMatchObject({ content: [{ text: whole }], stop_reason: "end_turn" });
    expect(stack.ollama.generations()).toBe(1);
  });

  it("joins it while it runs, from the first event", async () => {
    await start();
    stack.ollama.script(slowly);
    const asked = question();
    await askAndLeave({ ...asked, stream });
    const again = await stack.post({ ...asked, stream: true });
    expect(cacheOf(again)).toBe("coalesced");
    const events = await readEvents(again);
    expect(events[0]?.type).toBe("message_start");
    const texts = events.flatMap((event) =>
      event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : [],
    );
    expect(texts.join("")).toEqual(whole);
    expect(events.at(-1)?.type).toBe("message_stop");
    expect(stack.ollama.generations()).toBe(1);
  });

  it("leaves its slot to the next request, and nothing in the cache", async () => {
    await start({ ollama: { tokenDelayMs: 20 }, adapter: { DETACH_GRACE_MS: "60000" } });
    stack.ollama.script([{ text: "word ", forever: true }], 1);
    const deserted = question();
    await askAndLeave({ ...deserted, stream });
    stack.ollama.script(writes("For you."));
    const next = await stack.post(question());
    expect(((await next.json()) as Message).content).toMatchObject([{ text: "For you." }]);
    expect(stack.ollama.requests.find(({ path }) => path === "/api/chat")?.aborted).toBe(true);
    await untilStored(stack, next); // what was to be stored before is stored
    const again = await stack.post(deserted);
    expect(cacheOf(again)).toBe("miss");
    expect(stack.ollama.generations()).toBe(3);
  });
});

it("an answer that does not end within the grace is given up, and is not stored", async () => {
  await start({ ollama: { tokenDelayMs: 20 }, adapter: { DETACH_GRACE_MS: "300" } });
  stack.ollama.script([{ text: "word ", forever: true }], 1);
  const asked = question({ stream: true });
  await askAndLeave(asked);
  await untilIdle();
  stack.ollama.script(writes("Anew."));
  const again = await stack.post({ ...asked, stream: false });
  expect(cacheOf(again)).toBe("miss");
  expect(await again.json()).toMatchObject({ content: [{ text: "Anew." }] });
});

it("a client that left and one that stays are one generation, stored once whole", async () => {
  await start({ adapter: { DETACH_GRACE_MS: "0" } });
  stack.ollama.script(slowly);
  const asked = question({ stream: true });
  const staying = await stack.post(asked);
  await askAndLeave(asked);
  expect((await readEvents(staying)).at(-1)?.type).toBe("message_stop");
  await untilStored(stack, staying);
  expect(cacheOf(await stack.post(asked))).toBe("hit");
  expect(stack.ollama.generations()).toBe(1);
});

it("a client that left under no-store leaves nothing in the cache", async () => {
  await start();
  stack.ollama.script(slowly);
  const asked = question({ stream: true });
  const leaving = new AbortController();
  const response = await stack.post(asked, { "cache-control": "no-store" }, leaving.signal);
  await response.body?.getReader().read();
  leaving.abort();
  await untilIdle();
  stack.ollama.script(writes("Anew."));
  await untilStored(stack, await stack.post(question()));
  expect((await stack.post(asked, { "cache-control": "only-if-cached" })).status).toBe(504);
});
