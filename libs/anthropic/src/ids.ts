import { randomBytes } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function mint(prefix: string): string {
  let id = prefix;
  for (const byte of randomBytes(22)) id += alphabet[byte % alphabet.length];
  return id;
}

export const mintMessageId = (): string => mint("msg_01");
export const mintToolUseId = (): string => mint("toolu_01");
export const mintRequestId = (): string => mint("req_01");
