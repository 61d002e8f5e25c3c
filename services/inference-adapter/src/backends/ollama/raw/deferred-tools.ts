import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { Tool } from "#anthropic/messages.js";

const nameAlone = /^[A-Za-z][\w.-]{2,127}$/;
const longestReminder = 100_000;

/**
 * Tools that the request only names: Claude Code's tool search lists what can be searched for, one name a line,
 * in a system reminder, and runs a call to one of them all the same. Nothing is known of their inputs.
 */
export function deferredTools(request: CanonicalRequest): Tool[] {
  const tools = clientTools(request);
  const known = new Set(tools.map(({ name }) => name));
  if (!known.has("ToolSearch")) return [];
  const names = new Set<string>();
  for (const { role, content } of request.messages)
    for (const block of role === "user" ? content : [])
      if (
        block.type === "text" &&
        block.text.startsWith("<system-reminder>") &&
        block.text.length < longestReminder
      )
        for (const line of block.text.split("\n"))
          if (nameAlone.test(line) && !known.has(line)) names.add(line);
  return [...names].map((name) => ({ name, input_schema: { type: "object" } }));
}
