import type { Message } from "#anthropic/messages.js";

export const storedEntryVersion = 1;

/** A finished answer as the cache service keeps it. */
export interface StoredEntry {
  version: typeof storedEntryVersion;
  /** Milliseconds since the epoch. */
  storedAt: number;
  /** The name of the model that answered. */
  servedModel: string;
  /** How long the model worked for it, in seconds: what a hit saves. */
  gpuSeconds: number;
  message: Message;
}

/** Reads a stored value. Anything that is not a whole entry of this version is `undefined`: a miss. */
export function parseStoredEntry(value: unknown): StoredEntry | undefined {
  const entry = value as Partial<StoredEntry> | null;
  if (entry?.version !== storedEntryVersion || typeof entry.storedAt !== "number") return undefined;
  const message = entry.message as Partial<Message> | null | undefined;
  const isMessage =
    message?.type === "message" &&
    Array.isArray(message.content) &&
    message.content.length > 0 &&
    typeof message.usage?.output_tokens === "number";
  return isMessage ? (entry as StoredEntry) : undefined;
}
