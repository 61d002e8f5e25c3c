import type { ChatMessage, ChatPrompt } from "./openai-wire.js";

/** A prompt without its images, which no tokenizer counts, and how many there were. */
export function toTextPrompt(prompt: ChatPrompt): { prompt: ChatPrompt; images: number } {
  let images = 0;
  const messages = prompt.messages.map((message): ChatMessage => {
    if (message.role !== "user" || typeof message.content === "string") return message;
    const texts = message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
    images += message.content.length - texts.length;
    return { ...message, content: texts.join("\n") };
  });
  return { prompt: images === 0 ? prompt : { ...prompt, messages }, images };
}
