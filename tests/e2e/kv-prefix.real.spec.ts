import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimRealOllama } from "../support/claim-real-ollama.js";
import { postMessage, type Services, startServices } from "../support/stack.js";

// The canonical form goes to the model too, so a real Ollama finds its KV prefix again from turn to turn.

const host = process.env["REAL_OLLAMA_HOST"];
const fixtures = new URL("../../libs/anthropic/src/__fixtures__/claude-code/", import.meta.url);

interface Body {
  model: string;
  stream?: boolean;
  system: { text: string }[];
  messages: unknown[];
  tools: { description: string }[];
}

/** A request of the real client, with tools about as long as the real ones. */
async function readBody(name: string): Promise<Body> {
  const { body } = JSON.parse(await readFile(new URL(`${name}.json`, fixtures), "utf8")) as { body: Body };
  for (const tool of body.tools) tool.description = `${tool.description} which does things. `.repeat(40);
  return { ...body, model: "tiny", stream: false };
}

it.skipIf(!process.env["CI"])("on CI a real Ollama is there: REAL_OLLAMA_HOST", () =>
  expect(host).toBeTruthy(),
);

describe.skipIf(!host)("the second turn of a session", () => {
  let services: Services | undefined;
  let url = "";
  let release: () => Promise<void>;

  beforeAll(async () => {
    release = await claimRealOllama();
    services = await startServices({
      gateway: { MODEL_NAME: "tiny" },
      adapter: { OLLAMA_HOST: host, MODEL_NAME: "tiny" },
    });
    url = services.gateway.url;
  }, 600_000);
  afterAll(async () => {
    await services?.close();
    await release();
  });

  async function prefillMs(body: Body): Promise<number> {
    const response = await postMessage(url, body, { "cache-control": "no-store" });
    expect(response.status).toBe(200);
    return Number(/prefill;dur=([\d.]+)/.exec(response.headers.get("server-timing") ?? "")?.[1]);
  }

  // It is measured, and the machine may be busy with other tests: a prefix that is evaluated again fails each time.
  const measured = { timeout: 120_000, retry: 2 };
  it("evaluates only what is new, also under another billing block", measured, async () => {
    const first = await readBody("first-turn-2.1.330");
    const second = await readBody("after-tool-result-2.1.330");
    first.tools[0]!.description += ` Made at ${Date.now()}.`;
    second.tools = first.tools;
    second.messages = [...first.messages.slice(0, 1), ...second.messages.slice(1)];
    second.system[0]!.text = "x-anthropic-billing-header: cc_version=2.1.330.zzz; cc_entrypoint=sdk-cli;";
    const whole = await prefillMs(first);
    expect(await prefillMs(second)).toBeLessThan(whole / 4);
    first.tools[0]!.description = `Now otherwise ${Date.now()}. ${first.tools[0]!.description}`;
    expect(await prefillMs(first), "another prefix is evaluated anew").toBeGreaterThan(whole / 4);
  });
});
