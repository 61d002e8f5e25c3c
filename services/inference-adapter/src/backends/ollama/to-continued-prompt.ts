import type { OllamaChatRequest } from "./ollama-wire.js";

type Conversation = Pick<OllamaChatRequest, "messages" | "tools" | "think">;

/**
 * A conversation that ends with the begin of the assistant's answer → the prompt that has to be sent raw, or
 * undefined where `/api/chat` itself goes on behind that begin. Most renderers do, a template may close the
 * message instead: the model would then answer anew.
 */
export async function toContinuedPrompt(
  { messages, tools, think }: Conversation,
  render: (conversation: Conversation) => Promise<string>,
): Promise<string | undefined> {
  const begun = messages.at(-1);
  const before = messages.slice(0, -1);
  if (begun?.role !== "assistant" || begun.tool_calls || begun.content === "" || before.length === 0)
    return undefined;
  const others = { ...(tools ? { tools } : {}), think };
  if ((await render({ messages, ...others })).endsWith(begun.content)) return undefined;
  return (await render({ messages: before, ...others })) + begun.content;
}
