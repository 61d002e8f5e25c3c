export interface ApiKey {
  name: string;
  sha256: Buffer;
}

/** `API_KEYS`: `name:sha256-of-the-key,…` in hex. @throws Error that names no key */
export function parseApiKeys(text: string): ApiKey[] {
  return text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "")
    .map((key) => {
      const [, name, hash] = /^([\w.-]{1,64}):([0-9a-f]{64})$/i.exec(key) ?? [];
      if (name === undefined || hash === undefined)
        throw new Error("must be a list of name:sha256-of-the-key (64 hex digits each)");
      return { name, sha256: Buffer.from(hash, "hex") };
    });
}
