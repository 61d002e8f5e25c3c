import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock } from "#anthropic/messages.js";

// Some clients write ids into the conversation as text, others in each run: smolagents those of calls
// (`Calling tools: [{'id': 'toolu_01…', …`); Claude Code its session's in the path of the transcript behind a
// compaction and of a picture (`[Image: source: /tmp/claude-0/-home-dev-app/<session>/images/1.png]`), and the request's
// that was refused for a picture (`[Image removed: … "request_id":"req_01…). …]`).

export interface MaskedQuotes {
  /** What the key is made of. */
  request: CanonicalRequest;
  /** The ids that were masked: an answer that has one in it is of use to this asker only. */
  quotedIds: readonly string[];
}

type Mask = (id: string) => string;
type Rewrite = (text: string) => string;

const toolUseId = /toolu_01[\dA-Za-z]{22}(?![\w-])/g;
const uuid = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.source;
const sessionId = new RegExp(`^${uuid}$`);
const imageSource = /^\[Image: source: [^\n]+\]$/;
/** Of this session, or of the one that it goes on with. */
const sessionFolder = new RegExp(`(?<=/)${uuid}(?=/)`, "g");
const imageRemoved = "[Image removed: ";
const refusedRequest = /(?<="request_id":")req_01[\dA-Za-z]{22}(?![\w-])/g;

/**
 * Numbers such ids where these clients write them. In files, results and prompts they belong to the question.
 * @param session the asker's own, from the header
 */
export function maskQuotedIds(request: CanonicalRequest, session: string | string[] = ""): MaskedQuotes {
  const places = new Map<string, number>();
  const mask: Mask = (id) => {
    const place = places.get(id) ?? places.size + 1;
    places.set(id, place);
    return `\0${place}`;
  };
  const inUser = maskUsers(
    mask,
    typeof session === "string" && sessionId.test(session) ? session : undefined,
  );
  const inAssistant = rewriteTexts(maskCalls(mask));
  const messages = request.messages.map((message) => ({
    ...message,
    content: message.content.map(message.role === "assistant" ? inAssistant : inUser),
  }));
  return places.size === 0
    ? { request, quotedIds: [] }
    : { request: { ...request, messages }, quotedIds: [...places.keys()] };
}

const maskCalls =
  (mask: Mask): Rewrite =>
  (text) =>
    text.includes("toolu_01") ? text.replaceAll(toolUseId, mask) : text;

function maskUsers(mask: Mask, session: string | undefined): (block: ContentBlock) => ContentBlock {
  const maskRefusal: Rewrite = (text) =>
    text.startsWith(imageRemoved) ? text.replaceAll(refusedRequest, mask) : text;
  const maskText: Rewrite = (text) => {
    if (text.startsWith("["))
      return maskRefusal(imageSource.test(text) ? text.replaceAll(sessionFolder, mask) : text);
    return session !== undefined && text.includes(session) ? text.replaceAll(session, mask) : text;
  };
  const inResult = rewriteTexts(maskRefusal);
  const inText = rewriteTexts(maskText);
  return (block) =>
    block.type === "tool_result" && typeof block.content === "object"
      ? { ...block, content: block.content.map(inResult) }
      : inText(block);
}

const rewriteTexts = (rewrite: Rewrite) => (block: ContentBlock) => {
  if (block.type !== "text") return block;
  const text = rewrite(block.text);
  return text === block.text ? block : { ...block, text };
};
