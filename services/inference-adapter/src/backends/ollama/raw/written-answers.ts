import { LRUCache } from "lru-cache";
import { hashCanonicalJson } from "#anthropic/canonical-hash.js";
import type { CanonicalMessage } from "#anthropic/canonical-messages.js";
import type { OllamaMessage } from "../ollama-wire.js";

/** What an answer consists of, whichever ids its calls were given. */
export type WrittenBlock = { text: string } | { name: string; input: unknown };

const mostCharacters = 16_000_000;

/**
 * What the model wrote, character by character, for answers with calls. Templates write calls a little otherwise
 * than models do (blank lines, the order of members), and the KV cache is good only up to the first difference:
 * where an answer comes back as it was given, the prompt repeats what was written.
 */
export class WrittenAnswers {
  private readonly texts = new LRUCache<string, string>({
    maxSize: mostCharacters,
    sizeCalculation: ({ length }) => length + 1,
  });

  remember(digest: string, blocks: WrittenBlock[], written: string): void {
    // In one piece: what was put together token by token keeps each of its tokens, several times its size.
    this.texts.set(toKey(digest, blocks), JSON.parse(JSON.stringify(written)) as string);
  }

  /** The messages of a conversation, its known answers as they were written. */
  put(digest: string, converted: OllamaMessage[], messages: CanonicalMessage[]): OllamaMessage[] {
    const answers = messages.filter(({ role }) => role === "assistant")[Symbol.iterator]();
    return converted.map((message) => {
      if (message.role !== "assistant") return message;
      const written = this.find(digest, answers.next().value);
      return written === undefined ? message : { role: "assistant", content: written };
    });
  }

  private find(digest: string, answer: CanonicalMessage | undefined): string | undefined {
    const blocks = answer && toBlocks(answer);
    return blocks && this.texts.get(toKey(digest, blocks));
  }
}

/** Undefined where it holds anything but text and calls. */
function toBlocks({ content }: CanonicalMessage): WrittenBlock[] | undefined {
  const blocks: WrittenBlock[] = [];
  for (const block of content)
    if (block.type === "text") blocks.push({ text: block.text });
    else if (block.type === "tool_use") blocks.push({ name: block.name, input: block.input });
    else return undefined;
  return blocks.some((block) => "name" in block) ? blocks : undefined;
}

const toKey = (digest: string, blocks: WrittenBlock[]): string => hashCanonicalJson([digest, blocks]);
