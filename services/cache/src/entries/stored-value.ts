/** What Keyv hands a tier and wants back: the entry's JSON text and when it ends, in ms since the epoch. */
export interface StoredValue {
  value: string;
  expires: number;
}

/** Anything else is `undefined`: a miss. */
export function parseStoredValue(stored: unknown): StoredValue | undefined {
  const { value, expires } = (stored ?? {}) as Partial<StoredValue>;
  return typeof value === "string" && typeof expires === "number" ? { value, expires } : undefined;
}
