import type { CanonicalRequest } from "#anthropic/canonical-request.js";

// Some programs write calls into the conversation as text, with their ids, which are others in each replay:
// smolagents' `Calling tools: [{'id': 'toolu_01…', …`.

export interface MaskedQuotes {
  /** What the key is made of. */
  request: CanonicalRequest;
  /** The ids that were masked: an answer that has one in it is of use to this asker only. */
  quotedIds: readonly string[];
}

const toolUseId = /toolu_01[\dA-Za-z]{22}(?![\w-])/g;

/** Numbers the ids of calls in what the assistant has said. In files and results they belong to the question. */
export function maskQuotedIds(request: CanonicalRequest): MaskedQuotes {
  const places = new Map<string, number>();
  const mask = (id: string): string => {
    const place = places.get(id) ?? places.size + 1;
    places.set(id, place);
    return `toolu_\0${place}`;
  };
  const messages = request.messages.map((message) => {
    if (message.role !== "assistant") return message;
    const content = message.content.map((block) =>
      block.type === "text" && block.text.includes("toolu_01")
        ? { ...block, text: block.text.replaceAll(toolUseId, mask) }
        : block,
    );
    return { ...message, content };
  });
  return places.size === 0
    ? { request, quotedIds: [] }
    : { request: { ...request, messages }, quotedIds: [...places.keys()] };
}
