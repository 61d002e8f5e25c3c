import type { CanonicalRequest } from "#anthropic/canonical-request.js";

/** What Claude Code's requests have in common for weeks: system prompt and tools. Nobody's messages are in it. */
export type PromptPrefix = Pick<CanonicalRequest, "system" | "tools" | "thinking">;

export function toPromptPrefix({ system, tools, thinking }: CanonicalRequest): PromptPrefix {
  return { ...(system && { system }), ...(tools && { tools }), ...(thinking && { thinking }) };
}

/** So many bytes of tools more in each request: a second or two of evaluation on slow hardware. */
const stepBytes = 16_384;

/**
 * Requests that bring a prefix into the model's memory, each a longer piece of it than the one before: an evaluation
 * cannot be cancelled, so a real request waits for one piece at most. Templates write the system prompt first and
 * the tools in their order.
 */
export function toPrefixRequests({ tools = [], ...prefix }: PromptPrefix, model: string): CanonicalRequest[] {
  const ends: number[] = [];
  let bytes = 0;
  tools.forEach((tool, index) => {
    bytes += JSON.stringify(tool).length;
    if (bytes < stepBytes && index < tools.length - 1) return;
    ends.push(index + 1);
    bytes = 0;
  });
  return (ends.length > 0 ? ends : [0]).map((end) => ({
    ...prefix,
    ...(end > 0 ? { tools: tools.slice(0, end) } : {}),
    model,
    max_tokens: 1,
    messages: [{ role: "user", content: [{ type: "text", text: "." }] }],
  }));
}
