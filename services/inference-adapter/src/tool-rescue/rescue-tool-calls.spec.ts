import { describe, expect, it, vi } from "vitest";
import type { StopReason, Tool } from "#anthropic/messages.js";
import type { GenerationEvent } from "../backends/inference-backend.js";
import { rescueToolCalls } from "./rescue-tool-calls.js";

const tools: Tool[] = [
  {
    name: "Bash",
    input_schema: {
      type: "object",
      properties: { command: { type: "string" }, timeout: { type: "number" } },
      required: ["command"],
    },
  },
];
const leaked =
  "<function=Bash>\n<parameter=command>\nls\n</parameter>\n<parameter=timeout>\n5\n</parameter>\n</function>\n</tool_call>";
const bare = '{"name": "Bash", "arguments": {"command": "ls", "timeout": 5}}';
const rescued: GenerationEvent[] = [
  { type: "tool_use_start", name: "Bash" },
  { type: "tool_use_input", partialJson: '{"command":"ls","timeout":5}' },
];
const real: GenerationEvent[] = [
  { type: "tool_use_start", name: "Bash" },
  { type: "tool_use_input", partialJson: '{"command":"pwd"}' },
];

const text = (content: string): GenerationEvent => ({ type: "text", text: content });
const thinking: GenerationEvent = { type: "thinking", thinking: "Hm." };
const end = (stopReason: StopReason): GenerationEvent => ({
  type: "end",
  stopReason,
  stopSequence: null,
  inputTokens: 1,
  outputTokens: 2,
  loadSeconds: 0,
  prefillSeconds: 0,
  decodeSeconds: 0,
});

async function* streamOf(events: GenerationEvent[]): AsyncGenerator<GenerationEvent> {
  yield* events;
}

async function rescue(events: GenerationEvent[], known = tools) {
  const onRescue = vi.fn();
  const output = await Array.fromAsync(
    rescueToolCalls(streamOf(events), known, ({ kind }) => onRescue(kind)),
  );
  return { output, kinds: onRescue.mock.calls.flat() };
}

describe("rescueToolCalls", () => {
  it.each<[string, GenerationEvent[], GenerationEvent[]]>([
    [
      "a leaked call makes the end a tool_use",
      [text(leaked), end("end_turn")],
      [...rescued, end("tool_use")],
    ],
    [
      "bare JSON after thinking",
      [thinking, text(bare), end("end_turn")],
      [thinking, ...rescued, end("tool_use")],
    ],
    ["max_tokens stays", [text(leaked), end("max_tokens")], [...rescued, end("max_tokens")]],
    ["a stop sequence stays", [text(leaked), end("stop_sequence")], [...rescued, end("stop_sequence")]],
    [
      "text before goes out first",
      [text("Hi.\n"), text(leaked), end("end_turn")],
      [text("Hi.\n"), ...rescued, end("tool_use")],
    ],
    [
      "a leaked call, then a real one",
      [text(leaked), ...real, end("tool_use")],
      [...rescued, ...real, end("tool_use")],
    ],
    [
      "a real call, then a leaked one",
      [...real, text(leaked), end("tool_use")],
      [...real, ...rescued, end("tool_use")],
    ],
    [
      "bare JSON beside a real call is text",
      [...real, text(bare), end("tool_use")],
      [...real, text(bare), end("tool_use")],
    ],
    [
      "bare JSON before a real call is text",
      [text(bare), ...real, end("tool_use")],
      [text(bare), ...real, end("tool_use")],
    ],
    [
      "the start of a call before a real one is text",
      [text("<function=Bash>"), ...real, end("tool_use")],
      [text("<function=Bash>"), ...real, end("tool_use")],
    ],
    [
      "no call",
      [text("a < b"), text(" and {"), end("end_turn")],
      [text("a < b"), text(" and {"), end("end_turn")],
    ],
    [
      "thinking between decides",
      [text("<tool_c"), thinking, text("all>"), end("end_turn")],
      [text("<tool_c"), thinking, text("all>"), end("end_turn")],
    ],
    ["a stream without an end", [text("<tool_call>")], [text("<tool_call>")]],
  ])("%s", async (_name, events, expected) => {
    const { output } = await rescue(events);
    expect(output).toEqual(expected);
  });

  it("tells the form of each call", async () => {
    const hermes = `<tool_call>\n${bare}\n</tool_call>\n`;
    expect((await rescue([text(hermes + leaked), end("end_turn")])).kinds).toEqual([
      "hermes_json",
      "qwen3_xml",
    ]);
    expect((await rescue([text(bare), end("end_turn")])).kinds).toEqual(["bare_json"]);
  });

  it("touches nothing without tools", async () => {
    const events = [text("<tool_"), text(`call>${leaked}`), end("end_turn")];
    const { output, kinds } = await rescue(events, []);
    expect(output).toEqual(events);
    expect(kinds).toEqual([]);
  });

  it("lets prose through before the next piece comes", async () => {
    const source = streamOf([text("One "), text("two"), end("end_turn")]);
    const stage = rescueToolCalls(source, tools, () => {})[Symbol.asyncIterator]();
    expect(await stage.next()).toEqual({ done: false, value: text("One ") });
    await stage.return?.();
    expect(await source.next()).toEqual({ done: true, value: undefined });
  });

  it("passes a failure on", async () => {
    async function* failing(): AsyncGenerator<GenerationEvent> {
      yield text("<tool_call>");
      throw new Error("lost");
    }
    await expect(Array.fromAsync(rescueToolCalls(failing(), tools, () => {}))).rejects.toThrow("lost");
  });
});
