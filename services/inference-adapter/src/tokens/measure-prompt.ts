import type { ChatPrompt } from "./prompt-source.js";
import type { PromptShape } from "./template-costs.js";

/** What is measured of a prompt when its rendering is not known: contents, and what the template writes itself. */
export interface MeasuredTexts {
  tools: string;
  calls: string;
  thinking: string;
  contents: string[];
}

export function toMeasuredTexts({ messages, tools }: ChatPrompt): MeasuredTexts {
  const calls = messages.flatMap(({ tool_calls = [] }) => tool_calls);
  return {
    tools: tools.map((tool) => toGoJson(tool)).join("\n"),
    calls: calls.map((call) => toGoJson(call.function.arguments)).join("\n"),
    thinking: messages.map(({ thinking = "" }) => thinking).join("\n"),
    contents: messages.map(({ content }) => content),
  };
}

/** The token counts of tools, calls and thinking → what the template's cost depends on. */
export function toPromptShape(
  { messages, tools }: ChatPrompt,
  toolsKey: string,
  texts: MeasuredTexts,
  [toolTokens, callTokens, thinkingTokens]: [number, number, number],
): PromptShape {
  const ofRole = (role: string) => messages.filter((message) => message.role === role).length;
  const calls = messages.reduce((sum, { tool_calls = [] }) => sum + tool_calls.length, 0);
  const roles = ["system", "user", "assistant", "tool"].map(ofRole);
  const hasTools = Number(tools.length > 0);
  const escaped = `${texts.tools}${texts.calls}`.match(/\\u00(3c|3e|26)/g)?.length ?? 0;
  return {
    toolsKey,
    counts: [1, ...roles, hasTools, tools.length, toolTokens, calls, callTokens, escaped, thinkingTokens],
  };
}

/** As most templates have it: Go escapes these characters in JSON. */
const toGoJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[<>&]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`);
