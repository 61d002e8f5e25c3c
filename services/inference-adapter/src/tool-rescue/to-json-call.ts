import type { Tool } from "#anthropic/messages.js";
import { hasRequired } from "./coerce-to-schema.js";
import type { ToolFinder } from "./find-tool.js";
import { isJsonObject, mendJson } from "./mend-json.js";

export interface JsonCall {
  tool: Tool;
  input: Record<string, unknown>;
}

export interface JsonCallOptions {
  /** Without a tag around it only what can hardly be anything else is a call. */
  isBare: boolean;
  mayLackClosers?: boolean;
}

/**
 * `{"name":…,"arguments":{…}}` → the call; also `parameters`, arguments as a JSON string, and OpenAI's
 * `{"type":"function","function":{…}}`. Undefined where it is none of a known tool.
 */
export function toJsonCall(
  text: string,
  finder: ToolFinder,
  { isBare, mayLackClosers }: JsonCallOptions,
): JsonCall | undefined {
  const value = mendJson(text, { mayLackClosers });
  if (!isJsonObject(value)) return undefined;
  const { name, input } = namesAndInput(value);
  if (typeof name !== "string") return undefined;
  const tool = isBare ? finder.exact(name) : finder.meant(name.trim());
  if (!tool) return undefined;
  const parsed = parseInput(input, mayLackClosers);
  if (!parsed) return undefined;
  if (mayLackClosers && !hasRequired(parsed, tool.input_schema)) return undefined;
  return isBare && !isSurely(value, parsed, tool) ? undefined : { tool, input: parsed };
}

function namesAndInput(value: Record<string, unknown>): { name: unknown; input: unknown } {
  const call = isJsonObject(value.function) ? value.function : value;
  const name = call.name ?? (typeof value.function === "string" ? value.function : undefined);
  return { name, input: call.arguments ?? call.parameters ?? undefined };
}

function parseInput(input: unknown, mayLackClosers?: boolean): Record<string, unknown> | undefined {
  if (input === undefined) return {};
  const value = typeof input === "string" ? mendJson(input.trim() || "{}", { mayLackClosers }) : input;
  return isJsonObject(value) ? value : undefined;
}

const callMembers = new Set(["name", "arguments", "parameters", "type", "function", "id"]);

/** Nothing but a call's members, arguments that the tool knows, and all that it requires. */
function isSurely(value: Record<string, unknown>, input: Record<string, unknown>, tool: Tool): boolean {
  const call = isJsonObject(value.function) ? value.function : value;
  if (call.arguments === undefined && call.parameters === undefined) return false;
  if (![...Object.keys(value), ...Object.keys(call)].every((name) => callMembers.has(name))) return false;
  const properties = isJsonObject(tool.input_schema?.properties) ? tool.input_schema.properties : {};
  if (!Object.keys(input).every((name) => Object.hasOwn(properties, name))) return false;
  return hasRequired(input, tool.input_schema);
}

/** By then an object that may be a bare call has named it. */
export const longestHead = 300;
const firstMembers = ["name", "function", "type", "arguments", "parameters"];

/** Whether an object that begins so may be a bare call: undefined while that is open. */
export function beginsBareCall(text: string, finder: ToolFinder): boolean | undefined {
  const begins = judgeHead(text.slice(0, longestHead), finder);
  return begins === undefined && text.length >= longestHead ? false : begins;
}

function judgeHead(head: string, finder: ToolFinder): boolean | undefined {
  const [, member, rest] = /^\{\s*["']?([a-z_]*)["']?\s*(?::\s*(.*))?$/is.exec(head) ?? [];
  if (member === undefined) return false;
  if (rest === undefined) return firstMembers.some((known) => known.startsWith(member)) ? undefined : false;
  if (!firstMembers.includes(member)) return false;
  if (rest === "") return undefined;
  if (member === "arguments" || member === "parameters") return /^["'{]/.test(rest);
  if (member === "function" && rest.startsWith("{")) return true;
  const [, value, quote] = /^["']([^"']*)(["'])?/.exec(rest) ?? [];
  if (value === undefined) return false;
  if (member === "type")
    return quote ? value === "function" : "function".startsWith(value) ? undefined : false;
  return quote ? finder.exact(value) !== undefined : finder.mayBegin(value) ? undefined : false;
}
