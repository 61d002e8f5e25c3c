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
  if (entry?.version !== storedEntryVersion) return undefined;
  if (typeof entry.storedAt !== "number" || typeof entry.servedModel !== "string") return undefined;
  const message = entry.message as Partial<Message> | null | undefined;
  const isMessage =
    message?.type === "message" &&
    Array.isArray(message.content) &&
    message.content.length > 0 &&
    message.content.every(isBlock) &&
    typeof message.usage?.output_tokens === "number";
  return isMessage ? (entry as StoredEntry) : undefined;
}

/** Of a type that we know it has what is replayed; any other is replayed as it is. */
function isBlock(value: unknown): boolean {
  const block = value as Partial<Record<string, unknown>> | null;
  switch (block?.["type"]) {
    case "text":
      return typeof block["text"] === "string";
    case "thinking":
      return typeof block["thinking"] === "string" && typeof block["signature"] === "string";
    case "tool_use":
      return isObject(block["input"]);
    default:
      return typeof block?.["type"] === "string";
  }
}

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
