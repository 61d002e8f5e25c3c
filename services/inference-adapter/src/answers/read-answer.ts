import type { Tool } from "#anthropic/messages.js";
import type { GenerationEvent } from "../backends/inference-backend.js";
import { coerceInput } from "../tool-rescue/coerce-to-schema.js";
import { createToolFinder } from "../tool-rescue/find-tool.js";
import { isJsonObject, mendJson, parseStrictly } from "../tool-rescue/mend-json.js";
import { toJsonCall } from "../tool-rescue/to-json-call.js";
import { checkAgainstSchema } from "./check-against-schema.js";

export interface Call {
  name: string;
  input: Record<string, unknown>;
}

/** What a generation said, thoughts left out. */
export interface Answer {
  text: string;
  calls: { name: string; json: string }[];
}

/** A part of an answer as it should be, or what is wrong with it in words for the model. */
export type Reading<Result> = { result: Result } | { fault: string };

export function collectAnswer(events: Iterable<GenerationEvent>): Answer {
  const answer: Answer = { text: "", calls: [] };
  for (const event of events)
    if (event.type === "text") answer.text += event.text;
    else if (event.type === "tool_use_start") answer.calls.push({ name: event.name, json: "" });
    else if (event.type === "tool_use_input") {
      const last = answer.calls.at(-1);
      if (last) last.json += event.partialJson;
    }
  return answer;
}

/** The one call that was demanded: made as a call, or written as JSON. Its values match the tool's schema. */
export function readCall({ text, calls }: Answer, tools: Tool[]): Reading<Call> {
  const [first] = calls;
  const found = first ? fromCall(first, tools) : fromText(text, tools);
  if (!found) return { fault: `that is no call of ${tools.map(({ name }) => name).join(" or ")}` };
  const { tool, input } = found;
  const coerced = coerceInput(input, tool.input_schema);
  const fault = tool.input_schema && checkAgainstSchema(coerced, tool.input_schema);
  return fault
    ? { fault: `the arguments do not match: ${fault}` }
    : { result: { name: tool.name, input: coerced } };
}

interface FoundCall {
  tool: Tool;
  input: Record<string, unknown>;
}

function fromCall({ name, json }: Answer["calls"][number], tools: Tool[]): FoundCall | undefined {
  const tool = createToolFinder(tools).meant(name);
  const input = mendJson(json || "{}");
  return tool && isJsonObject(input) ? { tool, input } : undefined;
}

/** Also the arguments alone, where only one tool can be meant. */
function fromText(text: string, tools: Tool[]): FoundCall | undefined {
  const json = withoutFence(text);
  const call = toJsonCall(json, createToolFinder(tools), { isBare: false });
  if (call) return call;
  const [tool, ...others] = tools;
  const input = mendJson(json);
  return tool && others.length === 0 && isJsonObject(input) && !("name" in input && "arguments" in input)
    ? { tool, input }
    : undefined;
}

/** The JSON text that was demanded, as the model wrote it but for a Markdown fence and white space around it. */
export function readJson(text: string, schema: Record<string, unknown>): Reading<string> {
  const json = withoutFence(text);
  const value = parseStrictly(json);
  if (value === undefined) return { fault: "that is no JSON" };
  const fault = checkAgainstSchema(value, schema);
  return fault ? { fault: `the JSON does not match the schema: ${fault}` } : { result: json };
}

/** Without a pattern for the whole: models write blanks by the thousand. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  const [opening] = /^```[a-z]*/i.exec(trimmed) ?? [];
  if (opening === undefined || !trimmed.slice(opening.length).endsWith("```")) return trimmed;
  const fenced = trimmed.slice(opening.length, -3);
  const inside = fenced.trimStart();
  const blanks = fenced.slice(0, fenced.length - inside.length);
  return blanks.includes("\n") ? inside.trimEnd() : trimmed;
}
