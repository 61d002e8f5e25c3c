import type { CanonicalMessage, CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { ContentBlock, DocumentBlock, ImageBlock, ToolResultBlock } from "#anthropic/messages.js";
import type { OllamaMessage, OllamaToolCall } from "./ollama-wire.js";

/** The system prompt and the conversation as Ollama's messages: tool results become messages of their own. */
export function toOllamaMessages({ system, messages }: CanonicalRequest): OllamaMessage[] {
  const toolNames = new Map<string, string>();
  const converted: OllamaMessage[] = [];
  if (system) converted.push({ role: "system", content: joinTexts(system.map(({ text }) => text)) });
  for (const message of messages)
    if (message.role === "assistant") converted.push(toAssistantMessage(message, toolNames));
    else converted.push(...toUserMessages(message, toolNames));
  return converted;
}

function toAssistantMessage({ content }: CanonicalMessage, toolNames: Map<string, string>): OllamaMessage {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: OllamaToolCall[] = [];
  for (const block of content)
    if (block.type === "text") texts.push(block.text);
    else if (block.type === "thinking") thoughts.push(block.thinking);
    else if (block.type === "tool_use") {
      toolNames.set(block.id, block.name);
      calls.push({
        id: block.id,
        function: { index: calls.length, name: block.name, arguments: block.input },
      });
    }
  return {
    role: "assistant",
    content: joinTexts(texts),
    ...(thoughts.length > 0 ? { thinking: joinTexts(thoughts) } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** Results first, as templates want them right behind the call; what stands beside them follows. */
function toUserMessages({ content }: CanonicalMessage, toolNames: Map<string, string>): OllamaMessage[] {
  const results = content.filter((block) => block.type === "tool_result");
  const others = content.filter((block) => block.type !== "tool_result");
  const messages = results.map((result) => toToolMessage(result, toolNames.get(result.tool_use_id)));
  const rest = toContent(others);
  if (rest.content !== "" || rest.images || results.length === 0) messages.push({ role: "user", ...rest });
  return messages;
}

function toToolMessage(result: ToolResultBlock, toolName: string | undefined): OllamaMessage {
  const { content, images } = toContent(result.content as ContentBlock[]);
  return {
    role: "tool",
    content: result.is_error ? `Error: ${content}` : content,
    ...(images ? { images } : {}),
    ...(toolName === undefined ? {} : { tool_name: toolName }),
    tool_call_id: result.tool_use_id,
  };
}

interface OllamaContent {
  content: string;
  images?: string[];
}

function toContent(blocks: ContentBlock[]): OllamaContent {
  const texts: string[] = [];
  const images: string[] = [];
  for (const block of blocks)
    if (block.type === "text") texts.push(block.text);
    else if (block.type === "image") images.push(toImage(block));
    else if (block.type === "document") {
      const document = toDocument(block);
      texts.push(document.content);
      images.push(...(document.images ?? []));
    }
  return { content: joinTexts(texts), ...(images.length > 0 ? { images } : {}) };
}

function toImage({ source }: ImageBlock): string {
  if (source.type === "base64") return source.data;
  throw new ApiError(
    "invalid_request_error",
    `Images of source type '${source.type}' are not supported; send base64`,
  );
}

function toDocument({ source, title, context }: DocumentBlock): OllamaContent {
  const heads = [title, context].filter((text): text is string => typeof text === "string" && text !== "");
  if (source.type === "text") return { content: joinTexts([...heads, source.data]) };
  if (source.type !== "content")
    throw new ApiError(
      "invalid_request_error",
      `Documents of source type '${source.type}' are not supported; send text`,
    );
  if (typeof source.content === "string") return { content: joinTexts([...heads, source.content]) };
  const { content, images } = toContent(source.content);
  return { content: joinTexts([...heads, content]), ...(images ? { images } : {}) };
}

const joinTexts = (texts: string[]) => texts.join("\n");
