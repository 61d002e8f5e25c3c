import type { CanonicalMessage } from "#anthropic/canonical-messages.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, ImageBlock, ToolResultBlock } from "#anthropic/messages.js";
import type { ChatMessage, ChatPart, ChatToolCall } from "./openai-wire.js";

/** The system prompt and the conversation as chat messages: tool results become messages of their own. */
export function toChatMessages({ system, messages }: CanonicalRequest): ChatMessage[] {
  const converted = messages.flatMap((message) =>
    message.role === "assistant" ? [toAssistantMessage(message)] : toUserMessages(message),
  );
  if (system) converted.unshift({ role: "system", content: joinTexts(system.map(({ text }) => text)) });
  return converted;
}

function toAssistantMessage({ content }: CanonicalMessage): ChatMessage {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: ChatToolCall[] = [];
  for (const block of content)
    if (block.type === "text") texts.push(block.text);
    else if (block.type === "thinking") thoughts.push(block.thinking);
    else if (block.type === "tool_use")
      calls.push({
        id: block.id,
        type: "function",
        function: { name: block.name, arguments: JSON.stringify(block.input) },
      });
  return {
    role: "assistant",
    content: joinTexts(texts),
    ...(thoughts.length > 0 ? { reasoning_content: joinTexts(thoughts) } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** Results first, as templates want them right behind the call. A result is text only: its images follow. */
function toUserMessages({ content }: CanonicalMessage): ChatMessage[] {
  const results = content
    .filter((block) => block.type === "tool_result")
    .map((block) => ({ block, parts: toParts(block.content as ContentBlock[]) }));
  const messages: ChatMessage[] = results.map(({ block, parts }) => toToolMessage(block, parts));
  const rest = [
    ...results.flatMap(({ parts }) => parts.filter(({ type }) => type === "image_url")),
    ...toParts(content.filter(({ type }) => type !== "tool_result")),
  ];
  if (rest.length > 0 || messages.length === 0) messages.push({ role: "user", content: toContent(rest) });
  return messages;
}

function toToolMessage({ tool_use_id, is_error }: ToolResultBlock, parts: ChatPart[]): ChatMessage {
  const text = joinTexts(textsOf(parts));
  return { role: "tool", content: is_error ? `Error: ${text}` : text, tool_call_id: tool_use_id };
}

/** Many templates take a text only, so parts are sent only where there is an image among them. */
function toContent(parts: ChatPart[]): string | ChatPart[] {
  return parts.some(({ type }) => type === "image_url") ? parts : joinTexts(textsOf(parts));
}

function toParts(blocks: ContentBlock[]): ChatPart[] {
  return blocks.flatMap((block): ChatPart[] => {
    if (block.type === "text") return [toTextPart(block.text)];
    if (block.type === "image") return [{ type: "image_url", image_url: { url: toDataUrl(block) } }];
    return [];
  });
}

function toDataUrl({ source }: ImageBlock): string {
  if (source.type !== "base64") throw new Error("an image that was not fetched came to the backend");
  return `data:${source.media_type};base64,${source.data}`;
}

const toTextPart = (text: string): ChatPart => ({ type: "text", text });

const textsOf = (parts: ChatPart[]): string[] =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : []));

const joinTexts = (texts: string[]) => texts.join("\n");
