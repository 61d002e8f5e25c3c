import type { CanonicalMessage } from "#anthropic/canonical-messages.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import type { ContentBlock, ImageBlock, ToolResultBlock } from "#anthropic/messages.js";
import type { OllamaMessage, OllamaToolCall } from "./ollama-wire.js";

/** The system prompt and the conversation as Ollama's messages: tool results become messages of their own. */
export function toOllamaMessages({ system, messages }: CanonicalRequest): OllamaMessage[] {
  const toolNames = new Map<string, string>();
  const converted = messages.flatMap((message) =>
    message.role === "assistant"
      ? [toAssistantMessage(message, toolNames)]
      : toUserMessages(message, toolNames),
  );
  if (system) converted.unshift({ role: "system", content: joinTexts(system.map(({ text }) => text)) });
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
  const images: OllamaMessage[] = [];
  const messages = results.map((result) => toToolMessage(result, toolNames.get(result.tool_use_id), images));
  const turns = others.some(isShown) || results.length === 0 ? toTurns(others) : [];
  return [...messages, ...images, ...turns];
}

/**
 * Not every renderer shows the images of a tool's message, so they follow the results as messages of the user's;
 * in their place stands which one it is.
 */
function toToolMessage(
  result: ToolResultBlock,
  toolName: string | undefined,
  images: OllamaMessage[],
): OllamaMessage {
  const texts: string[] = [];
  for (const block of result.content as ContentBlock[])
    if (block.type === "text") texts.push(block.text);
    else if (block.type === "image") {
      const content = `[Image ${images.length + 1} of the tool results]`;
      texts.push(content);
      images.push({ role: "user", content, images: [toImage(block)] });
    }
  const content = joinTexts(texts);
  return {
    role: "tool",
    content: result.is_error ? `Error: ${content}` : content,
    ...(toolName === undefined ? {} : { tool_name: toolName }),
    tool_call_id: result.tool_use_id,
  };
}

/**
 * Ollama shows a message's images before its text. Where they stand between texts, each text before an image
 * becomes a message of its own, so that the order is kept; images behind the last text only where others stand
 * before it.
 */
function toTurns(blocks: ContentBlock[]): OllamaMessage[] {
  const shown = blocks.filter(isShown);
  const lastText = shown.findLastIndex(({ type }) => type === "text");
  const turns: Turn[] = [{ texts: [], images: [], beginsWithImage: false }];
  for (const [index, block] of shown.entries()) {
    let last = turns.at(-1);
    if (block.type === "image" && last && last.texts.length > 0 && (index < lastText || last.beginsWithImage))
      turns.push((last = { texts: [], images: [], beginsWithImage: false }));
    if (last?.texts.length === 0) last.beginsWithImage ||= block.type === "image";
    if (block.type === "text") last?.texts.push(block.text);
    else if (block.type === "image") last?.images.push(toImage(block));
  }
  return turns.map(({ texts, images }) => ({
    role: "user",
    content: joinTexts(texts),
    ...(images.length > 0 ? { images } : {}),
  }));
}

interface Turn {
  texts: string[];
  images: string[];
  beginsWithImage: boolean;
}

const isShown = ({ type }: ContentBlock): boolean => type === "text" || type === "image";

function toImage({ source }: ImageBlock): string {
  if (source.type === "base64") return source.data;
  throw new ApiError("api_error", `An image of source type '${source.type}' reached the model`);
}

const joinTexts = (texts: string[]) => texts.join("\n");
