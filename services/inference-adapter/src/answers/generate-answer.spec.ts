import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest, StopReason } from "#anthropic/messages.js";
import type { GenerationEnd, GenerationEvent } from "../backends/inference-backend.js";
import { UnsupportedSchemaError } from "../backends/unsupported-schema.error.js";
import { generateAnswer } from "./generate-answer.js";
import { toAnswerRule } from "./to-answer-rule.js";

const end = (stopReason: StopReason = "end_turn", outputTokens = 10): GenerationEnd => ({
  type: "end",
  stopReason,
  stopSequence: null,
  inputTokens: 100,
  outputTokens,
  loadSeconds: 0,
  prefillSeconds: 0,
  decodeSeconds: 0,
});
const says = (...texts: string[]): GenerationEvent[] => [
  ...texts.map((text): GenerationEvent => ({ type: "text", text })),
  end(),
];
const calls = (...list: [name: string, json: string][]): GenerationEvent[] => [
  ...list.flatMap(([name, partialJson]): GenerationEvent[] => [
    { type: "tool_use_start", name },
    { type: "tool_use_input", partialJson },
  ]),
  end("tool_use"),
];
const thinks: GenerationEvent = { type: "thinking", thinking: "Hm." };

const add = {
  name: "add",
  input_schema: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer", minimum: 1 } },
    required: ["a", "b"],
    additionalProperties: false,
  },
};
const look = { name: "look", input_schema: { type: "object", properties: { at: { type: "string" } } } };

/** Asks, with what the model does in each run. */
async function ask(fields: Partial<MessagesRequest>, ...runs: (GenerationEvent[] | Error)[]) {
  return askOf(false, fields, ...runs);
}

async function askOf(
  forcesCalls: boolean,
  fields: Partial<MessagesRequest>,
  ...runs: (GenerationEvent[] | Error)[]
) {
  const asked: CanonicalRequest[] = [];
  let left = 0;
  async function* run(request: CanonicalRequest): AsyncGenerator<GenerationEvent> {
    asked.push(request);
    const script = runs[asked.length - 1];
    if (!script) throw new Error("the model was asked once more");
    if (script instanceof Error) throw script;
    try {
      yield* script;
    } finally {
      left += 1;
    }
  }
  const request = toCanonicalRequest({ model: "m", messages: [{ role: "user", content: "hi" }], ...fields });
  const events = await collect(generateAnswer(request, toAnswerRule(request), run, forcesCalls));
  return { events, asked, left };
}
const formatOf = (request: CanonicalRequest | undefined) => request?.output_config?.format?.schema;
const textOf = (request: CanonicalRequest | undefined) => JSON.stringify(request?.messages.at(-1)?.content);
const called = (name: string, input: object): unknown[] => [
  { type: "tool_use_start", name },
  { type: "tool_use_input", partialJson: JSON.stringify(input) },
  expect.objectContaining({ type: "end", stopReason: "tool_use" }),
];

describe("no demand", () => {
  it.each<[string, Partial<MessagesRequest>]>([
    ["nothing", {}],
    ["auto", { tools: [add], tool_choice: { type: "auto" } }],
    ["none", { tools: [add], tool_choice: { type: "none" } }],
    ["a format of another kind", { output_config: { format: { type: "x" } as never } }],
  ])("%s: every event passes, the request is the same", async (_case, fields) => {
    const { events, asked } = await ask(fields, [thinks, ...says("a", "b")]);
    expect(events).toEqual([thinks, ...says("a", "b")]);
    expect(JSON.stringify(asked[0]?.messages)).toContain('"text":"hi"');
    expect(asked[0]?.messages[0]?.content).toHaveLength(1);
  });
});

describe("disable_parallel_tool_use", () => {
  const single = { tools: [add], tool_choice: { type: "auto" as const, disable_parallel_tool_use: true } };

  it("ends behind the first call and leaves the backend", async () => {
    const { events, left } = await ask(single, [
      { type: "text", text: "So:" },
      { type: "tool_use_start", name: "add" },
      { type: "tool_use_input", partialJson: '{"a": 1, "b": ' },
      { type: "tool_use_input", partialJson: '"}"}' },
      ...calls(["add", "{}"]),
    ]);
    expect(events.map(({ type }) => type)).toEqual([
      "text",
      "tool_use_start",
      "tool_use_input",
      "tool_use_input",
      "end",
    ]);
    expect(events.at(-1)).toMatchObject({ stopReason: "tool_use" });
    expect(left).toBe(1);
  });

  it.each<[string, GenerationEvent[]]>([
    ["text", says("no call")],
    ["a call that is cut", [{ type: "tool_use_start", name: "add" }, end("max_tokens")]],
  ])("lets pass: %s", async (_case, script) => {
    expect((await ask(single, script)).events).toEqual(script);
  });
});

describe("a forced call", () => {
  const forced = { tools: [look, add], tool_choice: { type: "tool" as const, name: "add" } };
  const any = { tools: [look, add], tool_choice: { type: "any" as const } };

  it("is asked for at the end, with all tools, held to a schema", async () => {
    const { asked } = await ask(
      { ...forced, stop_sequences: ["}"] },
      says('{"name": "add", "arguments": {"a": 1, "b": 2}}'),
    );
    expect(asked[0]?.tools).toHaveLength(2);
    expect(asked[0]?.stop_sequences).toBeUndefined();
    expect(textOf(asked[0])).toMatch(/"hi".*Call the tool add now/);
    expect(formatOf(asked[0])).toMatchObject({
      properties: { name: { const: "add" }, arguments: add.input_schema },
    });
  });

  it.each<[string, Partial<MessagesRequest>, GenerationEvent[]]>([
    ["JSON in pieces", forced, says('{"name": "add", ', '"arguments": {"a": 1, "b": 2}}\n')],
    ["JSON in a fence", forced, says('```json\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n```')],
    ["the arguments alone, where one tool is meant", forced, says('{"a": 1, "b": 2}')],
    ["values as text", forced, says('{"name": "add", "arguments": {"a": "1", "b": "2"}}')],
    ["a call of the backend's own", forced, calls(["add", '{"a":1,"b":2}'])],
    ["two of them", any, calls(["add", '{"a":1,"b":2}'], ["look", "{}"])],
    ["any tool", any, says('{"name": "add", "arguments": {"a": 1, "b": 2}}')],
  ])("comes out as one call: %s", async (_case, fields, script) => {
    expect((await ask(fields, script)).events).toEqual(called("add", { a: 1, b: 2 }));
  });

  it("is left to a backend that forces calls, and asked for by a schema when that fails", async () => {
    const { events, asked } = await askOf(
      true,
      forced,
      says("No."),
      says('{"name": "add", "arguments": {"a": 1, "b": 2}}'),
    );
    expect(formatOf(asked[0])).toBeUndefined();
    expect(asked[0]?.tool_choice).toEqual(forced.tool_choice);
    expect(formatOf(asked[1])).toBeDefined();
    expect(events).toEqual(called("add", { a: 1, b: 2 }));
  });

  it("is thought over first", async () => {
    const { events } = await ask(forced, [thinks, ...says('{"a": 1, "b": 2}')]);
    expect(events).toEqual([thinks, ...called("add", { a: 1, b: 2 })]);
  });

  it.each<[string, GenerationEvent[], RegExp]>([
    ["text", says("I would rather not."), /no call of add/],
    ["nothing", says(), /no call of add/],
    ["another tool", says('{"name": "look", "arguments": {}}'), /no call of add/],
    ["a tool that nobody knows", calls(["sub", "{}"]), /no call of add/],
    ["values that do not match", says('{"name": "add", "arguments": {"a": 1, "b": 0}}'), /\/b/],
    ["a value that is missing", calls(["add", '{"a":1}']), /"b"/],
    ["broken arguments", calls(["add", '{"a":']), /no call of add/],
  ])("is asked for once more, with what was wrong: %s", async (_case, script, fault) => {
    const { events, asked } = await ask(
      { ...forced, thinking: { type: "adaptive" } },
      script,
      says('{"name": "add", "arguments": {"a": 1, "b": 2}}'),
    );
    expect(events).toEqual(called("add", { a: 1, b: 2 }));
    expect(asked).toHaveLength(2);
    expect(textOf(asked[1])?.replaceAll("\\", "")).toMatch(fault);
    expect(asked[1]?.thinking).toBeUndefined();
    expect(formatOf(asked[1])).toBeDefined();
  });

  it.each<[string, GenerationEvent[]]>([
    ["wrong", says("No.")],
    ["cut", [{ type: "text", text: "{" }, end("max_tokens")]],
  ])(
    "behind a first try that is %s has its own tokens, and those of the client's prompt",
    async (_case, first) => {
      const call = says('{"a": 1, "b": 2}').slice(0, -1);
      const { events } = await ask(forced, first, [...call, { ...end("end_turn", 7), inputTokens: 250 }]);
      expect(events.at(-1)).toMatchObject({ type: "end", inputTokens: 100, outputTokens: 7 });
    },
  );

  it("is an error when it is wrong again", async () => {
    await expect(ask(forced, says("No."), says("No!"))).rejects.toMatchObject({
      type: "api_error",
      message: "The model did not answer as the request demands: that is no call of add",
    });
  });

  describe("that the output limit cuts", () => {
    const cut: GenerationEvent[] = [{ type: "text", text: '{"name": "add", "argu' }, end("max_tokens")];

    it("is asked for once more without the schema, in which small models lose themselves", async () => {
      const { events, asked } = await ask(forced, cut, calls(["add", '{"a":1,"b":2}']));
      expect(events).toEqual(called("add", { a: 1, b: 2 }));
      expect(formatOf(asked[1])).toBeUndefined();
      expect(asked[1]?.messages).toHaveLength(1);
    });

    it.each<[string, GenerationEvent[]]>([
      ["says something else", says("Well.")],
      ["is cut again", [{ type: "text", text: "{" }, end("max_tokens")]],
    ])("stays text, and its end says so, where the second %s", async (_case, second) => {
      expect((await ask(forced, cut, second)).events).toEqual(cut);
    });
  });

  it("is no call where the output limit cut it before its arguments, though it needs none", async () => {
    const ping = { name: "ping", input_schema: { type: "object" } };
    const begun: GenerationEvent[] = [{ type: "tool_use_start", name: "ping" }, end("max_tokens")];
    const demand = { tools: [ping], tool_choice: { type: "any" as const } };
    expect((await ask(demand, begun, begun)).events.at(-1)).toMatchObject({ stopReason: "max_tokens" });
    const { events } = await ask(demand, begun, calls(["ping", "{}"]));
    expect(events).toEqual(called("ping", {}));
  });

  it("is only told, where the backend has no use for the schema", async () => {
    const { events, asked } = await ask(
      forced,
      new UnsupportedSchemaError("no"),
      calls(["add", '{"a":1,"b":2}']),
    );
    expect(events).toEqual(called("add", { a: 1, b: 2 }));
    expect(formatOf(asked[1])).toBeUndefined();
    expect(textOf(asked[1])).toContain("Call the tool add now. Answer with the call only.");
  });

  it("other failures are not tried again", async () => {
    await expect(ask(forced, new Error("down"))).rejects.toThrow("down");
  });

  it("takes any arguments where the tool's schema is nonsense", async () => {
    const odd = { name: "odd", input_schema: { type: 5, $ref: "#/nowhere" } };
    const { events } = await ask(
      { tools: [odd], tool_choice: { type: "any" } },
      says('{"name": "odd", "arguments": {"x": 1}}'),
    );
    expect(events).toEqual(called("odd", { x: 1 }));
  });

  it("stands before an answer that has begun", async () => {
    const { asked } = await ask(
      {
        ...forced,
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "So:" },
        ],
      },
      says('{"a": 1, "b": 2}'),
    );
    expect(asked[0]?.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(JSON.stringify(asked[0]?.messages[0])).toContain("Call the tool add now");
  });
});

describe("a JSON answer", () => {
  const schema = {
    type: "object",
    properties: { n: { type: "integer", maximum: 9 } },
    required: ["n"],
  };
  const format = { output_config: { effort: "low", format: { type: "json_schema" as const, schema } } };

  it("is held to its schema, and told it", async () => {
    const { events, asked } = await ask(format, says('{"n": ', "7}"));
    expect(events).toEqual(says('{"n": 7}'));
    expect(formatOf(asked[0])).toEqual(schema);
    expect(textOf(asked[0])).toContain("JSON schema");
  });

  it("loses its fence", async () => {
    expect((await ask(format, says("```json\n", '{"n": 7}\n```\n'))).events).toEqual(says('{"n": 7}'));
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "Seven.", /no JSON/],
    ["JSON in prose", 'Here: {"n": 7}', /no JSON/],
    ["a value that does not match", '{"n": 70}', /\/n/],
    ["another type", "[7]", /does not match/],
  ])("is generated once more: %s", async (_case, text, fault) => {
    const { events, asked } = await ask(format, says(text), says('{"n": 7}'));
    expect(events.slice(0, -1)).toEqual(says('{"n": 7}').slice(0, -1));
    expect(textOf(asked[1])).toMatch(fault);
  });

  it("is an error when it is wrong again", async () => {
    await expect(ask(format, says("Seven."), says('{"n": 70}'))).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringContaining("did not answer as the request demands: the JSON") as string,
    });
  });

  it.each<StopReason>(["max_tokens", "stop_sequence"])(
    "that %s cuts is passed on as it is",
    async (reason) => {
      const cut: GenerationEvent[] = [{ type: "text", text: '{"n": ' }, end(reason)];
      expect((await ask(format, cut)).events).toEqual(cut);
    },
  );

  describe("while tools are offered", () => {
    const withTools = { ...format, tools: [look, add] };

    it("does not keep the model from calling them", async () => {
      const script: GenerationEvent[] = [{ type: "text", text: "Let me see." }, ...calls(["look", "{}"])];
      const { events, asked } = await ask(withTools, script);
      expect(events).toEqual(script);
      expect(formatOf(asked[0])).toBeUndefined();
    });

    it("is held to the schema where it did not come by itself", async () => {
      const { events, asked } = await ask(withTools, says("It is seven."), says('{"n": 7}'));
      expect(events).toMatchObject([{ type: "text", text: '{"n": 7}' }, { type: "end" }]);
      expect(formatOf(asked[1])).toEqual(schema);
    });

    it("ends behind one call where only one is wanted", async () => {
      const tool_choice = { type: "auto" as const, disable_parallel_tool_use: true };
      const { events } = await ask({ ...withTools, tool_choice }, calls(["look", "{}"], ["look", "{}"]));
      expect(events.filter(({ type }) => type === "tool_use_start")).toHaveLength(1);
    });
  });
});
