import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { foldMessage } from "#anthropic/fold-message.js";
import { type Stack, lastChat, readEvents, startStack, writes } from "../support/stack.js";

const run = promisify(execFile);
const folder = new URL("../../libs/anthropic/src/__fixtures__/claude-code/", import.meta.url);

interface Fixture {
  url: string;
  headers: Record<string, string>;
  body: { model: string; tools?: { name: string }[]; messages: unknown[] } & Record<string, unknown>;
}

const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, Fixture] => [
    name,
    JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Fixture,
  ]);
const turns = fixtures.filter(([, { url }]) => !url.includes("count_tokens"));
const counts = fixtures.filter(([, { url }]) => url.includes("count_tokens"));
const fixture = (name: string) => fixtures.find(([known]) => known === `${name}.json`)?.[1] as Fixture;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ gateway: { MODEL_ALIASES: "qwen-small=tiny" } });
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

function send({ url, headers, body }: Fixture, changed: object = {}): Promise<Response> {
  const { Connection: _connection, ...sent } = headers;
  return fetch(stack.url + url, {
    method: "POST",
    headers: { ...sent, "cache-control": "no-store" },
    body: JSON.stringify({ ...body, ...changed }),
  });
}

/** What the model says; a title is asked for as JSON. */
const sayingOf = ({ body }: Fixture): string =>
  "output_config" in body && (body.output_config as { format?: unknown } | undefined)?.format
    ? '{"title": "Understood."}'
    : "Understood.";

describe.each(turns)("the recorded request %s", (_name, recorded) => {
  it("is answered whole", async () => {
    stack.ollama.script(writes(sayingOf(recorded)));
    const response = await send(recorded, { stream: false });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      type: "message",
      model: recorded.body.model,
      content: [{ type: "text", text: sayingOf(recorded) }],
    });
  });

  it("is answered as a stream", async () => {
    stack.ollama.script(writes(sayingOf(recorded)));
    const response = await send(recorded, { stream: true });
    expect(response.status).toBe(200);
    const events = await readEvents(response);
    const message = await foldMessage(
      (async function* () {
        yield* events;
      })(),
    );
    expect(message).toMatchObject({ content: [{ text: sayingOf(recorded) }], stop_reason: "end_turn" });
  });

  it("reaches the model without the billing line, and with a user first", async () => {
    await send(recorded);
    const sent = lastChat(stack.ollama);
    expect(JSON.stringify(sent)).not.toContain("x-anthropic-billing-header");
    const roles = (sent["messages"] as { role: string }[]).map(({ role }) => role);
    expect(roles.slice(0, 2)).toEqual(["system", "user"]);
    expect(roles.slice(1)).not.toContain("system");
  });
});

it.each(counts)("%s is counted", async (_name, recorded) => {
  const response = await send(recorded);
  expect(response.status).toBe(200);
  const { input_tokens } = (await response.json()) as { input_tokens: number };
  expect(input_tokens).toBeGreaterThan(0);
});

describe("tool search", () => {
  it("offers the found tools and tells the model of them", async () => {
    await send(fixture("after-tool-search-2.1.330"));
    const sent = lastChat(stack.ollama);
    const names = (sent["tools"] as { function: { name: string } }[]).map((tool) => tool.function.name);
    const { tools = [] } = fixture("after-tool-search-2.1.330").body;
    expect(names.toSorted()).toEqual(
      tools
        .map(({ name }) => name)
        .filter((name) => name !== "DeferredToolPlaceholder")
        .toSorted(),
    );
    const results = (sent["messages"] as { role: string; content: string }[]).filter(
      ({ role }) => role === "tool",
    );
    expect(results.map(({ content }) => content).join()).toMatch(/Tool \w+ is available now\./);
  });
});

describe("GET /claude-code/env", () => {
  it("is enough for a shell", async () => {
    const script = `eval "$(curl -s ${stack.url}/claude-code/env)"; env`;
    const { stdout } = await run("sh", ["-c", script], { env: { PATH: process.env["PATH"] } });
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining([
        `ANTHROPIC_BASE_URL=${stack.url}`,
        "ANTHROPIC_MODEL=qwen3-coder",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS=75536",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS=8192",
      ]),
    );
  });

  it("leads to the gateway and nowhere else while there is no model, and fails", async () => {
    const name = "ghost'$(touch x)`:1b";
    const empty = await startStack({ gateway: { MODEL_NAME: name }, adapter: { MODEL_NAME: name } });
    const line = `eval "$(curl -sS ${empty.url}/claude-code/env || echo false)" && echo begun; echo "$ANTHROPIC_BASE_URL $ANTHROPIC_MODEL"`;
    const { stdout, stderr } = await run("sh", ["-c", line], { env: { PATH: process.env["PATH"] } });
    expect(stdout).toBe(`${empty.url} ${name}\n`);
    expect(stderr).toContain("Run this line again");
    expect((await fetch(`${empty.url}/claude-code/env`)).status).toBe(503);
    await empty.close();
    const gone = await run("sh", ["-c", line], { env: { PATH: process.env["PATH"] } });
    expect(gone.stdout).toBe(" \n");
  });

  it("names the way that the client came", async () => {
    const { stdout } = await run("curl", [
      "-s",
      "-H",
      "Host: localhost:8001",
      `${stack.url}/claude-code/env`,
    ]);
    expect(stdout).toContain("export ANTHROPIC_BASE_URL='http://localhost:8001'\n");
  });

  it("names the TLS of a proxy in front", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const lines = await (await fetch(`${stack.url}/claude-code/env`, { headers })).text();
    expect(lines).toContain(`export ANTHROPIC_BASE_URL='${stack.url.replace("http:", "https:")}'\n`);
  });
});
