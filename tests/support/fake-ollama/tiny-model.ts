// The default behaviour: recites what the scripted tiny models of the recordings do.
import type { FakeToolCall, Script, Step } from "#fake-ollama/script.js";
import type { Schema, Wire } from "#fake-ollama/wire.js";

/** JSON as the model was trained to write it: a space after each comma and colon. */
const spacedJson = (value: unknown): string =>
  JSON.stringify(value, null, 1)
    .replace(/,\n\s*/gu, ", ")
    .replace(/\n\s*/gu, "");

export const callText = (name: string, parameters: object): string =>
  `<tool_call>\n${spacedJson({ name, arguments: parameters })}\n</tool_call>`;

/** What the real test models (tools/tiny-model) recite, as the model writes it. */
const recitals: Record<string, string> = {
  "@@write": callText("Write", { file_path: "hello.txt", content: "hello from a tiny model\n" }),
  "@@read": callText("Read", { file_path: "hello.txt" }),
  "@@bash": `Let me look.${callText("Bash", { command: "echo tiny-was-here", description: "Print a line" })}`,
  "@@weather": callText("get_weather", { city: "Paris", days: 3, metric: true }),
  "@@two": `${callText("get_weather", { city: "Oslo" })}\n${callText("get_weather", { city: "Rome" })}`,
  "@@unknown": callText("no_such_tool", { a: 1 }),
  "@@badjson": '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Lima"',
  "@@cutthink": "<think>thinking that never closes",
  "@@utf8": "Voilà: žluťoučký 日本語 🙂 fin.",
  "@@stop": "alpha beta STOPHERE gamma delta.",
  "@@empty": "",
  "@@json": '{"answer": "yes", "score": 7}',
  "@@loop": "tick tock ping pong zig zag ",
  "@@tw": `<think>Write it.</think>${callText("Write", { file_path: "think.txt", content: "thought\n" })}`,
  "@@thinktool": `<think>A tool is needed here.</think>${callText("get_weather", { city: "Quito" })}`,
};
const greeting = "Hello from tiny: this sentence was emitted by a real Ollama server.";
const finished = "Done. The tool result arrived and I am finished now.";
const considered =
  "<think>I should consider what was asked, then answer briefly.</think>Forty-two is my considered answer.";

export function renderPrompt(wire: Wire): string {
  if (wire.prompt !== undefined) return wire.prompt;
  const messages = (wire.messages ?? []).map(
    ({ role, content, thinking, tool_calls }) =>
      `<|${role}|>${thinking ?? ""}${content ?? ""}${(tool_calls ?? []).map((call) => callText(call.function.name, call.function.arguments)).join("")}\n`,
  );
  const tools = wire.tools?.length ? `<|tools|>${JSON.stringify(wire.tools)}\n` : "";
  return `${tools}${messages.join("")}${wire.messages?.at(-1)?.role === "tool" ? "<|final|>" : "<|chat|>"}`;
}

/** A value that the schema allows, as the sampling grammar would force one. */
function sampleOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const alternative = (schema.anyOf ?? schema.oneOf)?.[0];
  if (alternative) return sampleOf(alternative);
  const [type = "object"] = [schema.type].flat();
  switch (type) {
    case "string":
      return "yes";
    case "number":
    case "integer":
      return 7;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return Array.from({ length: schema.minItems ?? 1 }, () => sampleOf(schema.items ?? {}));
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sampleOf(value)]),
      );
  }
}

export function recitalFor(wire: Wire, thinks: boolean): string {
  const prompt = renderPrompt(wire);
  if (typeof wire.format === "object") return spacedJson(sampleOf(wire.format));
  if (wire.format === "json") return recitals["@@json"] ?? "";
  if (prompt.endsWith("<|final|>")) return finished;
  const directive = (prompt.match(/@@[a-z0-9]+/gu) ?? []).findLast((name) => name in recitals);
  if (directive) return recitals[directive] ?? "";
  return thinks ? considered : greeting;
}

/** What Ollama's parser makes of the model's text: calls only with `tools`, and broken or unknown ones vanish. */
export function toScript(text: string, wire: Wire, thinks: boolean): Script {
  const steps: Step[] = [];
  const thought = thinks ? /^<think>(.*?)(?:<\/think>|$)/su.exec(text) : null;
  if (thought) steps.push({ thinking: thought[1] ?? "" });
  const rest = text.slice(thought?.[0].length ?? 0);
  if (!wire.tools?.length) return [...steps, { text: rest, forever: rest === recitals["@@loop"] }];
  const names = wire.tools.map((tool) => tool.function.name);
  for (const part of rest.split(/(?=<tool_call>)/u)) {
    const call = /^<tool_call>(.*)<\/tool_call>/su.exec(part)?.[1];
    const toolCall = call === undefined ? undefined : (JSON.parse(call) as FakeToolCall);
    if (toolCall && names.includes(toolCall.name)) steps.push({ toolCall });
    else if (part.startsWith("<tool_call>")) steps.push({ swallowed: 7 });
    else steps.push({ text: part, forever: part === recitals["@@loop"] });
  }
  return steps;
}
