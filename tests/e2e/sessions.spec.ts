import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Message } from "#anthropic/messages.js";
import { type Stack, question, startStack, untilStored, writes } from "../support/stack.js";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ gateway: { CACHE_MAX_TTL: "3600" } });
});
afterEach(() => stack.ollama.reset());
afterAll(async () => {
  connection.destroy();
  await stack.close();
});

type Headers = Record<string, string>;
const patience = { timeout: 10_000, interval: 20 };
const session = (agent?: string): Headers => ({
  "x-claude-code-session-id": randomUUID(),
  ...(agent === undefined ? {} : { "x-claude-code-agent-id": agent }),
});
const countsAnswers = () => stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));

/** What a client asks in turn comes on one connection. */
const connection = new Agent({ keepAlive: true, maxSockets: 1 });

function post(body: object, headers: Headers, agent = connection): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent, headers: { "content-type": "application/json", ...headers } };
    request(`${stack.url}/v1/messages`, options, (answer) => {
      const init = { status: answer.statusCode ?? 0, headers: answer.headers as Headers };
      void buffer(answer).then((bytes) => resolve(new Response(new Uint8Array(bytes), init)), reject);
    })
      .on("error", reject)
      .end(JSON.stringify(body));
  });
}

/** Asks and reads the whole answer. */
async function ask(
  body: object,
  headers: Headers,
  agent = connection,
): Promise<{ cache: string | null; text: string }> {
  const response = await post(body, headers, agent);
  const { content } = (await response.json()) as Message;
  if (response.headers.get("x-cache") !== "bypass") await untilStored(stack, response);
  return { cache: response.headers.get("x-cache"), text: (content[0] as { text: string }).text };
}

describe("a session that asks the same again", () => {
  it("gets another answer each time, which takes the place of the one before", async () => {
    countsAnswers();
    const asked = question();
    const own = session();
    expect(await ask(asked, own)).toEqual({ cache: "miss", text: "Answer 1." });
    expect(await ask(asked, own)).toEqual({ cache: "refresh", text: "Answer 2." });
    await vi.waitFor(async () => {
      const current = await stack.post(asked, { "cache-control": "only-if-cached" });
      expect(await current.json()).toMatchObject({ content: [{ text: "Answer 2." }] });
    }, patience);
    expect(await ask(asked, session())).toEqual({ cache: "hit", text: "Answer 2." });
    expect(await ask(asked, own)).toEqual({ cache: "refresh", text: "Answer 3." });
    expect(stack.ollama.generations()).toBe(3);
  });

  it("gets another answer after a hit too", async () => {
    countsAnswers();
    const asked = question();
    await ask(asked, {});
    const own = session();
    expect(await ask(asked, own)).toEqual({ cache: "hit", text: "Answer 1." });
    expect(await ask(asked, own)).toEqual({ cache: "refresh", text: "Answer 2." });
  });

  it("gets another answer as a stream to a question that was answered at once, and the other way round", async () => {
    const asked = question();
    const own = session();
    await post({ ...asked, stream: true }, own);
    expect((await ask(asked, own)).cache).toBe("refresh");
    expect((await post({ ...asked, stream: true }, own)).headers.get("x-cache")).toBe("refresh");
  });

  it("does not count in the hit ratio", async () => {
    const ratio = async () =>
      /llm_cache_hit_ratio (\S+)/.exec(await (await fetch(`${stack.url}/metrics`)).text())?.[1];
    const asked = question();
    const own = session();
    await ask(asked, own);
    const before = await ratio();
    await ask(asked, own);
    expect(await ratio()).toBe(before);
  });

  it("gets the stored answer where it takes nothing else", async () => {
    const asked = question();
    const own = session();
    await ask(asked, own);
    const response = await stack.post(asked, { ...own, "cache-control": "only-if-cached" });
    expect(response.headers.get("x-cache")).toBe("hit");
  });
});

describe("not the same asker", () => {
  it.each<[string, Headers, Headers]>([
    ["another session", session(), session()],
    [
      "an agent of the session",
      { "x-claude-code-session-id": "s" },
      { ...session("a"), "x-claude-code-session-id": "s" },
    ],
    [
      "another agent of the session",
      { ...session("a"), "x-claude-code-session-id": "t" },
      { ...session("b"), "x-claude-code-session-id": "t" },
    ],
    ["who names no session", session(), {}],
    ["who names an agent only", session(), { "x-claude-code-agent-id": "a" }],
  ])("%s: a hit", async (_name, first, second) => {
    const asked = question();
    await ask(asked, first);
    expect((await ask(asked, second)).cache).toBe("hit");
    expect(stack.ollama.generations()).toBe(1);
  });

  it("names no session, and hits as often as it likes", async () => {
    const asked = question();
    await ask(asked, {});
    for (let count = 0; count < 3; count++) expect((await ask(asked, {})).cache).toBe("hit");
  });
});

describe("an answer that was sent whole", () => {
  it("to a client that then hangs up has arrived", async () => {
    countsAnswers();
    const asked = question();
    const own = session();
    await (await stack.post(asked, { ...own, connection: "close" })).text();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await ask(asked, own)).toEqual({ cache: "refresh", text: "Answer 2." });
  });

  it("and is asked for on another connection was lost on its way: a hit, once", async () => {
    countsAnswers();
    const asked = question();
    const own = session();
    await ask(asked, own, new Agent({ keepAlive: true }));
    expect(await ask(asked, own)).toEqual({ cache: "hit", text: "Answer 1." });
    expect(await ask(asked, own)).toEqual({ cache: "refresh", text: "Answer 2." });
  });
});

describe("an answer that a session has not had whole", () => {
  const slowly = Array.from({ length: 10 }, (_, index) => [{ text: `${index} ` }, { delayMs: 50 }]).flat();

  async function askAndLeave(body: object, headers: Headers): Promise<Response> {
    const leaving = new AbortController();
    const response = await stack.post({ ...body, stream: true }, headers, leaving.signal);
    await response.body?.getReader().read();
    leaving.abort();
    return response;
  }

  it("is joined while it runs, and only then counts as had", async () => {
    stack.ollama.script(slowly);
    const asked = question();
    const own = session();
    await askAndLeave(asked, own);
    expect((await ask(asked, own)).cache).toBe("coalesced");
    expect(stack.ollama.generations()).toBe(1);
    expect((await ask(asked, own)).cache).toBe("refresh");
  });

  it("is a hit when it has ended", async () => {
    stack.ollama.script(slowly);
    const asked = question();
    const own = session();
    await untilStored(stack, await askAndLeave(asked, own));
    expect((await ask(asked, own)).cache).toBe("hit");
    expect(stack.ollama.generations()).toBe(1);
  });

  it("may have failed, and is a miss", async () => {
    stack.ollama.script([{ text: "Half" }, { cut: "reset" }], 1);
    const asked = question();
    const own = session();
    await (await stack.post({ ...asked, stream: true }, own)).text();
    expect((await ask(asked, own)).cache).toBe("miss");
  });
});

it("two retries of one session at the same time share one new answer", async () => {
  stack.ollama.script([{ text: "Slow " }, { delayMs: 500 }, { text: "answer." }]);
  const asked = question();
  const own = session();
  await ask(asked, own);
  await ask(question(), own);
  const answers = await Promise.all([stack.post(asked, own), stack.post(asked, own)]);
  const results = answers.map(({ headers }) => String(headers.get("x-cache")));
  expect(results.toSorted()).toEqual(["coalesced", "refresh"]);
  expect(stack.ollama.generations()).toBe(3);
});

it("no-store leaves no mark", async () => {
  const asked = question();
  const own = session();
  const once = { ...own, "cache-control": "no-store" };
  for (let count = 0; count < 2; count++) expect((await ask(asked, once)).cache).toBe("bypass");
  expect((await ask(asked, own)).cache).toBe("miss");
});
