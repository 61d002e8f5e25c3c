import type { ChatPrompt } from "../../tokens/prompt-source.js";

export interface ContinuedPrompt {
  prompt: string;
  /** False: `/api/chat` would render another one, and this one has to be sent raw. */
  isOfChat: boolean;
}

/**
 * How a conversation is put to the model. One that ends with the begin of the assistant's answer is gone on with
 * behind it: most renderers do so by themselves, a template may close the message instead, and the model would
 * answer anew.
 */
export async function toContinuedPrompt(
  conversation: ChatPrompt,
  render: (conversation: ChatPrompt) => Promise<string>,
): Promise<ContinuedPrompt> {
  const { messages } = conversation;
  const rendered = await render(conversation);
  const begun = messages.at(-1);
  const before = messages.slice(0, -1);
  const isBegun = begun?.role === "assistant" && !begun.tool_calls && begun.content !== "";
  if (!isBegun || before.length === 0 || rendered.endsWith(begun.content))
    return { prompt: rendered, isOfChat: true };
  return { prompt: (await render({ ...conversation, messages: before })) + begun.content, isOfChat: false };
}
