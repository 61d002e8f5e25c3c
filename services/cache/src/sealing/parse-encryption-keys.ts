const keyBytes = 32;
const fault = "must be 32-byte keys in base64 or hex, separated by commas";

/**
 * The first key seals, all of them open. Empty is none: nothing is encrypted.
 * @throws Error that says what it may be, never the text
 */
export function parseEncryptionKeys(text: string): Buffer[] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => parseKey(part.trim()));
}

function parseKey(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  const key = /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : undefined;
  if (key?.length !== keyBytes) throw new Error(fault);
  return key;
}
