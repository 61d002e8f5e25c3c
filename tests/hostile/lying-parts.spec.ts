import fc from "fast-check";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningService } from "#platform/bootstrap.js";
import { startGateway } from "../../services/gateway/src/start-gateway.js";
import { type Stack, postMessage, question, startStack, writes } from "../support/stack.js";
import { expectCivil, thoroughness } from "./expect-civil.js";

// Whatever the other side sends: an answer, or an error that somebody foresaw.

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, -1, 1e308, "", "\ud800", [null], {}, [[]], { __proto__: null }),
);
const options = (numRuns: number) => ({ numRuns: numRuns * thoroughness });
const patience = { timeout: 600_000 };

describe("Ollama", () => {
  let stack: Stack;
  beforeAll(async () => {
    const limits = { IDLE_TIMEOUT_MS: "1000", FIRST_EVENT_TIMEOUT_MS: "2000" };
    stack = await startStack({ adapter: limits });
  });
  afterAll(() => stack.close());

  const call = fc.record({
    id: anything,
    function: fc.oneof(
      anything,
      fc.record({ name: fc.oneof(anything, fc.constant("Bash")), arguments: anything }),
    ),
  });
  const chunk = fc.record(
    {
      model: anything,
      message: fc.oneof(
        anything,
        fc.record(
          {
            role: anything,
            content: fc.oneof(anything, fc.string()),
            thinking: anything,
            tool_calls: fc.oneof(anything, fc.array(call, { maxLength: 2 })),
          },
          { requiredKeys: [] },
        ),
      ),
      done: fc.oneof(anything, fc.boolean()),
      done_reason: fc.oneof(anything, fc.constantFrom("stop", "length", "load", "unload")),
      error: anything,
      eval_count: anything,
      prompt_eval_count: anything,
      prompt_eval_duration: anything,
    },
    { requiredKeys: [] },
  );
  const usual = fc.constantFrom(
    { message: { role: "assistant", content: "Hi <tool_call>{" }, done: false },
    { message: { content: "" }, done: true, done_reason: "stop", eval_count: 3 },
  );
  const line = fc.oneof(
    fc.oneof(chunk, usual).map((value) => `${JSON.stringify(value)}\n`),
    fc.constantFrom(
      "\n",
      "{",
      "null\n",
      '{"message":',
      "\u0000\n",
      "data: {}\n",
      "\ufeff{}\n",
      '{"done":true}',
    ),
    fc.string({ unit: "binary" }),
  );

  it("sends any lines", patience, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 5 }),
        fc.boolean(),
        fc.boolean(),
        async (lines, stream, hasTools) => {
          stack.ollama.script([...lines.map((raw) => ({ raw })), { cut: "end" }]);
          const tools = hasTools ? [{ name: "Bash", input_schema: { type: "object" } }] : undefined;
          await expectCivil(await stack.post(question({ stream, tools })), 529);
        },
      ),
      options(250),
    );
    stack.ollama.script(writes("Well again."));
    expect((await stack.post(question())).status).toBe(200);
  });

  it("refuses with any body", patience, async () => {
    const status = fc.constantFrom(201, 302, 400, 403, 404, 418, 429, 500, 503, 599);
    await fc.assert(
      fc.asyncProperty(status, fc.oneof(anything, fc.record({ error: anything })), async (code, body) => {
        stack.ollama.script([{ status: code, body }]);
        const response = await stack.post(question());
        expect(response.status).not.toBe(200);
        await expectCivil(response, 529);
      }),
      options(60),
    );
  });
});

/** A server that answers each path with what was set last. */
async function startLiar() {
  const answers = new Map<string, { status?: number; type?: string; body: string }>();
  const server = createServer((request, response) => {
    const path = [...answers.keys()].find((prefix) => request.url?.startsWith(prefix));
    const {
      status = 200,
      type = "application/json",
      body = "",
    } = (path && answers.get(path)) || { status: 404 };
    request.resume().once("end", () => response.writeHead(status, { "content-type": type }).end(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("a foreign server at INFERENCE_URL", () => {
  let liar: Awaited<ReturnType<typeof startLiar>>;
  let gateway: RunningService;
  beforeAll(async () => {
    liar = await startLiar();
    gateway = await startGateway({
      API_PORT: "0",
      LOG_LEVEL: "silent",
      DRAIN_TIMEOUT_MS: "0",
      CACHE_URL: "http://127.0.0.1:1",
      INFERENCE_URL: liar.url,
    });
    liar.answers.set("/v1/models", { body: JSON.stringify({ data: [{ id: "m", type: "model" }] }) });
  });
  afterAll(async () => {
    await gateway.close();
    liar.close();
  });

  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const whole = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 1 },
    },
    { type: "message_stop" },
  ];
  const field = fc.constantFrom(
    "type",
    "message",
    "index",
    "content_block",
    "delta",
    "usage",
    "error",
    "__proto__",
  );
  /** One of the usual events, as it is or with a part replaced. */
  const event = fc.oneof(
    fc.constantFrom<unknown>(...whole),
    fc
      .tuple(fc.constantFrom(...whole), field, anything)
      .map(([usual, name, value]) => ({ ...usual, [name]: value })),
    fc.record({ type: fc.constantFrom("ping", "error", "new_event", "message_stop"), error: anything }),
    anything,
  );
  const encode = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

  it("streams any events", patience, async () => {
    const outcomes = { answered: 0, refused: 0 };
    const events = fc.oneof(
      fc.array(event, { maxLength: 8 }),
      fc.tuple(fc.nat(whole.length - 1), event).map(([at, value]) => (whole as unknown[]).with(at, value)),
    );
    await fc.assert(
      fc.asyncProperty(events, fc.boolean(), async (sent, stream) => {
        liar.answers.set("/v1/messages", { type: "text/event-stream", body: sent.map(encode).join("") });
        outcomes[
          await expectCivil(await postMessage(gateway.url, { ...question({ stream }), model: "m" }), 529)
        ] += 1;
      }),
      options(300),
    );
    expect(Math.min(outcomes.answered, outcomes.refused)).toBeGreaterThan(5);
  });

  it("answers with any text", patience, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.constantFrom(200, 204, 301, 400, 500, 529),
        async (body, status) => {
          liar.answers.set("/v1/messages", { status, body });
          await expectCivil(await postMessage(gateway.url, { ...question(), model: "m" }), 529);
        },
      ),
      options(80),
    );
  });

  it("lists any models", patience, async () => {
    const card = fc.record(
      { id: fc.oneof(anything, fc.constant("m")), max_input_tokens: anything, fingerprint: anything },
      { requiredKeys: [] },
    );
    const list = fc.oneof(
      anything,
      fc.record({ data: fc.oneof(anything, fc.array(fc.oneof(card, anything), { maxLength: 3 })) }),
    );
    await fc.assert(
      fc.asyncProperty(list, async (models) => {
        const own = await startGateway({
          API_PORT: "0",
          LOG_LEVEL: "silent",
          DRAIN_TIMEOUT_MS: "0",
          CACHE_URL: "http://127.0.0.1:1",
          INFERENCE_URL: liar.url,
        });
        liar.answers.set("/v1/models", { body: JSON.stringify(models) });
        try {
          await expectCivil(await postMessage(own.url, { ...question(), model: "m" }), 529);
          await expectCivil(await fetch(`${own.url}/v1/models`), 529);
          expect((await fetch(`${own.url}/health`)).status).toBeLessThan(504);
          expect((await fetch(`${own.url}/`)).status).toBe(200);
        } finally {
          await own.close();
        }
      }),
      options(30),
    );
  });
});

describe("a cache service that lies", () => {
  let liar: Awaited<ReturnType<typeof startLiar>>;
  let stack: Stack;
  beforeAll(async () => {
    liar = await startLiar();
    stack = await startStack({ gateway: { CACHE_URL: liar.url } });
    stack.ollama.script(writes("From the model."));
  });
  afterAll(async () => {
    await stack.close();
    liar.close();
  });

  const block = fc.oneof(
    anything,
    fc.record(
      {
        type: fc.oneof(anything, fc.constantFrom("text", "thinking", "tool_use", "new")),
        text: anything,
        thinking: anything,
        signature: anything,
        input: anything,
      },
      { requiredKeys: ["type"] },
    ),
  );
  const entry = fc.record({
    version: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>(1) }, { weight: 1, arbitrary: anything }),
    storedAt: fc.oneof(fc.constantFrom<unknown>(0, 1e15, Date.now(), -1e308), anything),
    servedModel: fc.oneof(fc.string(), anything),
    gpuSeconds: fc.oneof(fc.constantFrom<unknown>(1, -1, 1e308), anything),
    message: fc.record({
      id: anything,
      type: fc.constant("message"),
      role: anything,
      content: fc.oneof(anything, fc.array(block, { minLength: 1, maxLength: 3 })),
      stop_reason: anything,
      stop_sequence: anything,
      usage: fc.oneof(
        anything,
        fc.record({ input_tokens: anything, output_tokens: fc.oneof(fc.nat(), anything) }),
      ),
    }),
  });

  it("has any entry for every question", patience, async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(entry, anything), fc.boolean(), async (found, stream) => {
        liar.answers.set("/entries/", { body: JSON.stringify(found) });
        const response = await stack.post(question({ stream }));
        expect(response.status).toBe(200);
        expect(await expectCivil(response)).toBe("answered");
      }),
      options(250),
    );
  });
});
