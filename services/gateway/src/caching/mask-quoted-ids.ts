import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock } from "#anthropic/messages.js";

// Some clients write ids into the conversation as text, others in each run: smolagents those of calls
// (`Calling tools: [{'id': 'toolu_01…', …`), Claude Code its session's behind a picture
// (`[Image: source: /tmp/claude-0/-work/<session>/images/1.png]`).

export interface MaskedQuotes {
  /** What the key is made of. */
  request: CanonicalRequest;
  /** The ids that were masked: an answer that has one in it is of use to this asker only. */
  quotedIds: readonly string[];
}

type Mask = (id: string) => string;

const toolUseId = /toolu_01[\dA-Za-z]{22}(?![\w-])/g;
const imageSource = /^\[Image: source: [^\n]+\]$/;
const sessionFolder = /(?<=\/)[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?=\/)/g;

/** Numbers such ids where these clients write them. In files, results and prompts they belong to the question. */
export function maskQuotedIds(request: CanonicalRequest): MaskedQuotes {
  const places = new Map<string, number>();
  const mask: Mask = (id) => {
    const place = places.get(id) ?? places.size + 1;
    places.set(id, place);
    return `\0${place}`;
  };
  const messages = request.messages.map((message) => ({
    ...message,
    content: message.content.map(message.role === "assistant" ? maskCalls(mask) : maskSession(mask)),
  }));
  return places.size === 0
    ? { request, quotedIds: [] }
    : { request: { ...request, messages }, quotedIds: [...places.keys()] };
}

const maskCalls = (mask: Mask) => (block: ContentBlock) =>
  block.type === "text" && block.text.includes("toolu_01")
    ? { ...block, text: block.text.replaceAll(toolUseId, mask) }
    : block;

const maskSession = (mask: Mask) => (block: ContentBlock) =>
  block.type === "text" && imageSource.test(block.text)
    ? { ...block, text: block.text.replaceAll(sessionFolder, mask) }
    : block;
