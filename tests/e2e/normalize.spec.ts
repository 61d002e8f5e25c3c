import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import { foldMessage } from "#anthropic/fold-message.js";
import { decodeEvents } from "#anthropic/sse.js";
import type { RunningService } from "#platform/bootstrap.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type Stack, lastChat, postMessage, startStack, untilStored } from "../support/stack.js";

interface Asker {
  home: string;
  date: string;
}
const alice: Asker = { home: "/home/alice", date: "2026-01-02" };
const bob: Asker = { home: "/root", date: "2026-02-03" };
const turns = ["first-turn", "first-turn-2.1.330", "after-tool-result", "after-tool-result-2.1.330"];

const stack: Stack = await startStack();
const gateways: RunningService[] = [];
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await stack.close();
});

/** A gateway over the same cache and model. */
async function startOther(env: NodeJS.ProcessEnv): Promise<string> {
  const { url: CACHE_URL } = stack.cache;
  const own = { API_PORT: "0", LOG_LEVEL: "silent", CACHE_URL, INFERENCE_URL: stack.adapter.url };
  const gateway = await startGateway({ ...own, ...env });
  gateways.push(gateway);
  return gateway.url;
}
const both = await startOther({ CACHE_NORMALIZE: "date,home", CACHE_STORE_PROMPTS: "true" });
const onlyHome = await startOther({ CACHE_NORMALIZE: "home" });
const onlyDate = await startOther({ CACHE_NORMALIZE: "date" });

/** From now on the questions are new to cache and model. */
let max_tokens = 1000;
const askNew = () => (max_tokens += 1);
const bodyOf = (name: string, { home, date }: Asker): object =>
  JSON.parse(
    JSON.stringify({ ...readClaudeCodeBody(name), stream: false, max_tokens })
      .replaceAll("/home/dev/.claude", `${home}/.claude`)
      .replaceAll("2026-01-02", date),
  ) as object;
const cacheOf = ({ headers }: Response) => headers.get("x-cache");
const note = (home: string) => `${home}/.claude/projects/-home-dev-demo/memory/note.md`;

beforeEach(() => {
  askNew();
  stack.ollama.reset();
  // The model names the folder that it was told.
  stack.ollama.script(({ body }) => {
    const home = /`(\S+)\/\.claude\/projects/.exec(JSON.stringify(body))?.[1] ?? "?";
    return [
      { text: `I note it in ${note(home)}.` },
      { toolCall: { name: "Write", arguments: { file_path: note(home), content: "<HOME>/.claude" } } },
    ];
  });
});

async function askAndStore(url: string, name: string, asker: Asker): Promise<Response> {
  const response = await postMessage(url, bodyOf(name, asker));
  await response.text();
  await untilStored(stack, response);
  return response;
}

describe.each(turns)("Claude Code's %s from another HOME on another day", (name) => {
  it("hits, and the replay carries the asker's own path", async () => {
    await askAndStore(both, name, alice);
    for (const stream of [false, true]) {
      const response = await postMessage(both, { ...bodyOf(name, bob), stream });
      expect(cacheOf(response)).toBe("hit");
      const message = stream
        ? await foldMessage(decodeEvents(response.body as AsyncIterable<Uint8Array>))
        : await response.json();
      expect(message).toMatchObject({
        content: [
          { text: `I note it in ${note("/root")}.` },
          { input: { file_path: note("/root"), content: "<HOME>/.claude" } },
        ],
      });
      expect(JSON.stringify(message)).not.toContain("/home/alice");
    }
    expect(stack.ollama.generations()).toBe(1);
  });

  it("misses where nothing is normalised, or only the other of both", async () => {
    for (const url of [stack.url, onlyHome, onlyDate]) {
      askNew();
      await askAndStore(url, name, alice);
      const response = await postMessage(url, bodyOf(name, bob));
      expect(cacheOf(response)).toBe("miss");
      await response.text();
    }
  });

  it("hits where only that differs which is normalised", async () => {
    await askAndStore(onlyHome, name, alice);
    expect(cacheOf(await postMessage(onlyHome, bodyOf(name, { ...alice, home: bob.home })))).toBe("hit");
    askNew();
    await askAndStore(onlyDate, name, alice);
    expect(cacheOf(await postMessage(onlyDate, bodyOf(name, { ...alice, date: bob.date })))).toBe("hit");
  });
});

it("the model gets the asker's own path and day", async () => {
  await askAndStore(both, "first-turn-2.1.330", bob);
  const sent = JSON.stringify(lastChat(stack.ollama));
  expect(sent).toContain("/root/.claude/projects/");
  expect(sent).toContain("Today's date is 2026-02-03.");
  expect(sent).not.toContain("<HOME>");
});

it("the cache holds the asker's path nowhere, with CACHE_STORE_PROMPTS too", async () => {
  const { headers } = await askAndStore(both, "first-turn-2.1.330", alice);
  const info = await fetch(`${stack.cache.url}/entries/${headers.get("x-cache-key")}/info`);
  const text = await info.text();
  expect(text).toContain("<HOME>/.claude/projects/-home-dev-demo/memory/note.md");
  expect(text).toContain("Primary working directory: /home/dev/demo");
  expect(text).not.toContain("alice");
});

it("two HOMEs that ask at the same time share no generation", async () => {
  stack.ollama.script(({ body }) => [
    { delayMs: 300 },
    { text: /`(\S+)\/\.claude\/projects/.exec(JSON.stringify(body))?.[1] ?? "?" },
  ]);
  const texts = await Promise.all(
    [alice, bob].map(async (asker) => {
      const response = await postMessage(both, bodyOf("first-turn", asker));
      return ((await response.json()) as { content: { text: string }[] }).content[0]?.text;
    }),
  );
  expect(texts).toEqual(["/home/alice", "/root"]);
  expect(stack.ollama.generations()).toBe(2);
});
