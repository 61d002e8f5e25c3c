import type { PromptTool } from "./prompt-source.js";
import type { PromptGlue } from "./to-prompt-outline.js";
import { unguessable } from "./unguessable.js";

const standInName = `${unguessable}_stand_in`;

/** Takes the place of a list of tools in renderings. */
export const standInTool: PromptTool = {
  type: "function",
  function: { name: standInName, description: "", parameters: { type: "object", properties: {} } },
};

/** What a template writes for the stand-in, and what it writes for a list of tools in its place. */
export interface ToolsText {
  standIn: string;
  tools: string;
}

/** Two renderings that differ in nothing but the tools → the text in which they differ. */
export function toToolsText(withStandIn: string, full: string): ToolsText {
  const first = withStandIn.indexOf(standInName);
  const last = withStandIn.lastIndexOf(standInName) + standInName.length;
  const mostBefore = Math.min(first, full.length);
  let start = 0;
  while (start < mostBefore && withStandIn[start] === full[start]) start++;
  const mostAfter = Math.min(withStandIn.length - last, full.length - start);
  let end = 0;
  while (end < mostAfter && withStandIn.at(-1 - end) === full.at(-1 - end)) end++;
  return {
    standIn: withStandIn.slice(start, withStandIn.length - end),
    tools: full.slice(start, full.length - end),
  };
}

/** Undefined where the stand-in is not in exactly one place. */
export function putTools(glue: PromptGlue, { standIn, tools }: ToolsText): PromptGlue | undefined {
  let places = 0;
  const whole = glue.map((part) => {
    if (typeof part === "number" || !part.includes(standInName)) return part;
    const around = part.split(standIn);
    places += around.length === 2 ? 1 : Infinity;
    return around.join(tools);
  });
  return places === 1 ? whole : undefined;
}
