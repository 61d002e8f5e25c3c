import { describe, expect, it } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { MessagesRequest, StopReason } from "#anthropic/messages.js";
import { corpus, endingOf, toolsOf } from "../../../tool-rescue/__fixtures__/corpus.js";
import { cuts } from "../../../tool-rescue/__fixtures__/scan.js";
import type { GenerationEvent } from "../../inference-backend.js";
import { LostCallError } from "../../lost-call.error.js";
import { readWritten } from "./read-written.js";
import type { WrittenBlock } from "./written-answers.js";

const tool = {
  name: "Write",
  input_schema: {
    type: "object",
    properties: { file_path: { type: "string" }, content: { type: "string" }, mode: { type: "number" } },
    required: ["file_path"],
  },
};

interface Read {
  content: ({ text: string } | { thinking: string } | { name: string; json: string })[];
  stopReason: StopReason | undefined;
  rescues: string[];
  whole: [WrittenBlock[], string][];
  error?: unknown;
}

interface Settings {
  fields?: Partial<MessagesRequest>;
  stopReason?: StopReason;
  isLastTry?: boolean;
  isReadWhole?: boolean;
  think?: boolean;
}

async function read(
  pieces: string[],
  {
    fields = {},
    stopReason = "end_turn",
    isLastTry = false,
    isReadWhole = false,
    think = false,
  }: Settings = {},
): Promise<Read> {
  const request = toCanonicalRequest({
    model: "m",
    messages: [{ role: "user", content: "hi" }],
    tools: [tool],
    ...fields,
  });
  async function* written(): AsyncGenerator<GenerationEvent> {
    for (const text of pieces) yield { type: "text", text };
    yield { type: "end", stopReason } as GenerationEvent;
  }
  const found: Read = { content: [], stopReason: undefined, rescues: [], whole: [] };
  try {
    for await (const event of readWritten(written(), {
      request,
      think,
      prompt: "",
      isLastTry,
      isReadWhole,
      onRescue: ({ kind }) => found.rescues.push(kind),
      onWhole: (blocks, text) => found.whole.push([blocks, text]),
    }))
      add(found, event);
  } catch (error) {
    found.error = error;
  }
  return found;
}

function add(found: Read, event: GenerationEvent): void {
  const last = found.content.at(-1);
  if (event.type === "end") found.stopReason = event.stopReason;
  else if (event.type === "tool_use_start") found.content.push({ name: event.name, json: "" });
  else if (event.type === "tool_use_input") {
    if (!last || !("json" in last)) throw new Error("input without a call");
    last.json += event.partialJson;
  } else if (event.type === "thinking") {
    if (last && "thinking" in last) last.thinking += event.thinking;
    else found.content.push({ thinking: event.thinking });
  } else if (last && "text" in last) last.text += event.text;
  else found.content.push({ text: event.text });
}

const call = (path: string) =>
  `<tool_call>\n<function=Write>\n<parameter=file_path>\n${path}\n</parameter>\n</function>\n</tool_call>`;
const unknown = "<tool_call>\n<function=Nope>\n</function>\n</tool_call>";

describe.each<[string, string, Settings, Partial<Read>]>([
  ["text", "Hello <b> there.\n", {}, { content: [{ text: "Hello <b> there.\n" }], stopReason: "end_turn" }],
  [
    "text and a call, without the blanks between",
    `Writing.\n\n${call("/a")}\n`,
    {},
    {
      content: [{ text: "Writing." }, { name: "Write", json: '{"file_path":"/a"}' }],
      stopReason: "tool_use",
      rescues: [],
    },
  ],
  [
    "two calls",
    `${call("/a")}\n${call("/b")}`,
    {},
    {
      content: [
        { name: "Write", json: '{"file_path":"/a"}' },
        { name: "Write", json: '{"file_path":"/b"}' },
      ],
    },
  ],
  [
    "a call without its outer tag, which counts as rescued",
    call("/a").slice(12),
    {},
    { content: [{ name: "Write", json: '{"file_path":"/a"}' }], rescues: ["qwen3_xml"], whole: [] },
  ],
  [
    "thinking before a call",
    `<think>Hm.</think>\n${call("/a")}`,
    { think: true },
    { content: [{ thinking: "Hm." }, { name: "Write", json: '{"file_path":"/a"}' }], whole: [] },
  ],
  [
    "a call that was cut: its input is not closed",
    "Go.\n<tool_call>\n<function=Write>\n<parameter=file_path>\n/some/pa",
    { stopReason: "max_tokens" },
    {
      content: [{ text: "Go." }, { name: "Write", json: '{"file_path":"/some/pa' }],
      stopReason: "max_tokens",
    },
  ],
  [
    "a call that was cut before its first value stays text",
    "Go.\n<tool_call>\n<function=Write>\n<param",
    { stopReason: "max_tokens" },
    { content: [{ text: "Go.\n<tool_call>\n<function=Write>\n<param" }], stopReason: "max_tokens" },
  ],
  [
    "a call that lacks what is required, which is the client's to judge",
    "<tool_call>\n<function=Write>\n<parameter=content>\nx\n</parameter>",
    {},
    { content: [{ name: "Write", json: '{"content":"x"}' }], stopReason: "tool_use" },
  ],
  [
    "a call of an unknown tool, on the last try",
    `Go.\n${unknown}`,
    { isLastTry: true },
    { content: [{ text: `Go.\n${unknown}` }], stopReason: "end_turn" },
  ],
  [
    "a stop sequence in the text",
    "One. END Two.",
    { fields: { stop_sequences: ["END"] } },
    { content: [{ text: "One. " }], stopReason: "stop_sequence" },
  ],
  [
    "a stop sequence in an argument does not count",
    call("/END"),
    { fields: { stop_sequences: ["END"] } },
    { content: [{ name: "Write", json: '{"file_path":"/END"}' }], stopReason: "tool_use" },
  ],
  [
    "a call of a tool that the request only names",
    "<tool_call>\n<function=WebFetch>\n<parameter=url>\nhttp://a\n</parameter>\n</function>\n</tool_call>",
    {
      fields: {
        tools: [tool, { name: "ToolSearch", input_schema: { type: "object" } }],
        messages: [
          { role: "user", content: "hi" },
          { role: "system", content: "Deferred tools:\nWebFetch\nWebSearch" },
        ],
      },
    },
    { content: [{ name: "WebFetch", json: '{"url":"http://a"}' }], stopReason: "tool_use" },
  ],
])("%s", (_case, written, settings, expected) => {
  it.each(cuts(written))("at %s", async (_cut, pieces) => {
    const found = await read(pieces, settings);
    expect(found.error).toBeUndefined();
    expect(found).toMatchObject(expected);
  });

  it.each(cuts(written))("at %s, where nobody reads along", async (_cut, pieces) => {
    const found = await read(pieces, { ...settings, isReadWhole: true });
    expect(found.error).toBeUndefined();
    expect(found).toMatchObject(expected);
  });
});

it("asks for another try where a call cannot be read, and keeps what was written", async () => {
  const { content, error } = await read([`Go.\n${unknown}\nDone.`]);
  expect(content).toEqual([{ text: "Go.\n" }]);
  expect(error).toBeInstanceOf(LostCallError);
  expect(error).toMatchObject({ unread: `${unknown}\nDone.`, end: { stopReason: "end_turn" } });
});

it("does not take a tag in code or in a sentence for a call", async () => {
  for (const text of [
    `See:\n\`\`\`\n${unknown}\n\`\`\`\n`,
    "The tag <tool_call> begins a call.",
    "It is `<tool_call>`.",
  ])
    expect(await read([text])).toMatchObject({ content: [{ text }], stopReason: "end_turn" });
});

it("fails where a call that was begun ends as none", async () => {
  const { error } = await read(["<tool_call>\n<function=Write>\n<parameter=content>\nx", "y"]);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).not.toBeInstanceOf(LostCallError);
});

describe.each([
  ["XML with text behind a value", "<tool_call>\n<function=Write>\n<parameter=content>\nx", "y"],
  [
    "JSON that lacks a bracket before text",
    '<tool_call>\n{"name": "Write", "arguments": {"content": "x"}',
    "\nDone.",
  ],
  [
    "JSON with quotes in quotes",
    '<tool_call>\n{"name": "Write", "arguments": {"content": "echo "',
    'hi""}}\n</tool_call>',
  ],
  ["a string that is not closed", '<tool_call>\n{"name": "Write", "arguments": {"content": "x', "\n"],
])("a call that breaks off where nobody reads along: %s", (_case, ...parts) => {
  const written = parts.join("");

  it("is asked for once more", async () => {
    const { content, error } = await read(["Go.\n", ...parts], { isReadWhole: true });
    expect(content).toEqual([{ text: "Go.\n" }]);
    expect(error).toBeInstanceOf(LostCallError);
    expect(error).toMatchObject({ unread: written });
  });

  it("is text on the last try", async () => {
    const { content, error } = await read(["Go.\n", ...parts], { isReadWhole: true, isLastTry: true });
    expect(error).toBeUndefined();
    expect(content).toEqual([{ text: `Go.\n${written}` }]);
  });

  it("is unfinished where the output limit cut it", async () => {
    const { content, error } = await read([parts[0]], { isReadWhole: true, stopReason: "max_tokens" });
    expect(error).toBeUndefined();
    expect(content).toEqual((await read([parts[0]], { stopReason: "max_tokens" })).content);
  });
});

it("gives back what was written, for the next prompt", async () => {
  const written = `Writing.\n\n\n${call("/a")}`;
  const { whole } = await read([written]);
  expect(whole).toEqual([[[{ text: "Writing." }, { name: "Write", input: { file_path: "/a" } }], written]]);
});

describe.each(corpus)("%s", (_file, cases) => {
  it.each(cases)("$name: where nobody reads along nothing breaks off", async (corpusCase) => {
    if (endingOf(corpusCase) !== "finished") return;
    const settings = { fields: { tools: toolsOf(corpusCase) }, isLastTry: true, isReadWhole: true };
    for (const [cut, pieces] of cuts(corpusCase.output)) {
      const { content, error } = await read(pieces, settings);
      expect(error, cut).toBeUndefined();
      expect(withoutBlanks(content), cut).toEqual(expectedOf(corpusCase));
    }
  });

  it.each(cases)("$name: nothing is lost", async (corpusCase) => {
    const isCut = endingOf(corpusCase) === "cut";
    const settings: Settings = {
      fields: { tools: toolsOf(corpusCase) },
      stopReason: isCut ? "max_tokens" : "end_turn",
      isLastTry: true,
    };
    for (const [cut, pieces] of cuts(corpusCase.output)) {
      const { content, error } = await read(pieces, settings);
      if (error !== undefined) expect(error).toBeInstanceOf(ApiError);
      else if (endingOf(corpusCase) === "finished")
        expect(withoutBlanks(content), cut).toEqual(expectedOf(corpusCase));
    }
  });
});

type Part = { text: string } | { thinking: string } | { name: string; json: string };

/** Blanks before a call are dropped on purpose. */
const withoutBlanks = (content: Part[]) =>
  content.flatMap((part): object[] =>
    "json" in part
      ? [{ tool: part.name, input: JSON.parse(part.json) as unknown }]
      : "text" in part && part.text.trim() !== ""
        ? [{ text: part.text.trim() }]
        : [],
  );

const expectedOf = ({ expected }: (typeof corpus)[number][1][number]) =>
  expected.flatMap((part): object[] =>
    "tool" in part ? [part] : part.text.trim() === "" ? [] : [{ text: part.text.trim() }],
  );
